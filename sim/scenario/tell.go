package scenario

import (
	"encoding/json"
	"fmt"
	"strings"

	"plantroom"
	"plantroom/services/dispatch"
)

// tell adds a line to the story.
func (p *play) tell(who, subject, text string) {
	if p.opt.Tell == nil {
		return
	}
	p.opt.Tell(Line{At: p.now, Since: plantroom.Duration(p.now.Sub(p.start)), Local: p.now.Time().In(p.zone).Format("15:04:05"),
		Who: who, Subject: subject, Text: text})
}

// tellLedger tells what has been added to the ledger.
func (p *play) tellLedger(tx plantroom.Tx) error {
	for {
		rows, err := tx.Ledger(p.told, 1000)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, r := range rows {
			p.told = r.Seq
			if r.Kind == "call.sent" || r.Kind == dispatch.TermsKind { // told when the phone rings, and nothing that happens
				continue
			}
			p.tell(r.Actor, r.Subject, Sentence(r))
		}
	}
}

// Sentence says a ledger row in a line.
func Sentence(r plantroom.LedgerRow) string {
	var b struct {
		Cause, Severity, Detail, Clean, Contractor, Clock, By, Note, Reason string
		Percent, Level                                                      int
		LateBy                                                              plantroom.Duration `json:"late_by"`
		Called                                                              []string
	}
	_ = json.Unmarshal(r.Body, &b) // a body of another shape has nothing to add
	out := []string{r.Kind}
	add := func(format string, v string) {
		if v != "" {
			out = append(out, fmt.Sprintf(format, v))
		}
	}
	add("%s", b.Cause)
	add("(%s)", b.Severity)
	add("→ %s", b.Contractor)
	add("%s", b.Clock)
	if b.Percent > 0 {
		add("%s", fmt.Sprintf("%d %%", b.Percent))
	}
	if b.Level > 0 {
		add("level %s", fmt.Sprint(b.Level))
	}
	add("clean %s", b.Clean)
	add("by %s", b.By)
	add("“%s”", b.Note)
	if b.Reason != b.Note {
		add("because %s", b.Reason)
	}
	add("calling %s", strings.Join(b.Called, ", "))
	if b.LateBy > 0 {
		add("late by %s", b.LateBy.String())
	}
	return strings.Join(out, " ")
}
