package app

import (
	"strings"

	"plantroom/gateway/reflex"
)

// ReflexHealth is how outputs and reflexes are.
type ReflexHealth struct {
	reflex.Status
	Deaf []string `json:"deaf,omitempty"` // sources that the reflexes do not hear
}

// reflexHealth is nil where nothing is moved. The caller holds mu.
func (a *App) reflexHealth() *ReflexHealth {
	r := a.heard.Load()
	if r == nil {
		return nil
	}
	h := &ReflexHealth{Status: r.Status()}
	for _, p := range a.parts {
		if p.ear == nil {
			continue
		}
		if st := p.ear.State(); !st.Connected {
			h.Deaf = append(h.Deaf, p.key+": "+st.LastError)
		}
	}
	return h
}

// judge names what a person has to know.
func (h *ReflexHealth) judge(problem func(text string)) {
	if h == nil {
		return
	}
	if h.Problem != "" {
		problem(h.Problem)
	}
	for _, d := range h.Deaf {
		problem("the reflexes do not hear " + d)
	}
	for _, o := range h.Outputs {
		if o.Stuck {
			problem("output " + o.Output + " is stuck: " + o.Why)
		}
	}
	for _, x := range h.Reflexes {
		if len(x.Unsure) > 0 {
			problem("reflex " + x.Reflex + " has not heard of " + strings.Join(x.Unsure, ", "))
		}
	}
}
