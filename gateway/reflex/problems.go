package reflex

import (
	"fmt"
	"strings"
	"time"

	"plantroom"
)

// Bounds of a plan.
const (
	MaxOutputs    = 64
	MaxReflexes   = 128
	MaxConditions = 32 // of one reflex
	MaxFor        = 24 * time.Hour
)

// Problem is one thing that is wrong with a plan.
type Problem struct {
	Path    string // as in /reflexes/0/do/1/to
	Problem string
	Remedy  string
}

// problems collects them.
type problems []Problem

func (ps *problems) add(path, remedy, format string, args ...any) {
	*ps = append(*ps, Problem{path, fmt.Sprintf(format, args...), remedy})
}

// Problems lists what is wrong with a plan: nothing of a plan that has some is
// put to work.
func (p *Plan) Problems() []Problem {
	var ps problems
	if len(p.Outputs) > MaxOutputs {
		ps.add("/outputs", fmt.Sprintf("list at most %d", MaxOutputs), "there are %d outputs", len(p.Outputs))
	}
	if len(p.Reflexes) > MaxReflexes {
		ps.add("/reflexes", fmt.Sprintf("list at most %d", MaxReflexes), "there are %d reflexes", len(p.Reflexes))
	}
	outputs, devices := map[string]*Output{}, map[plantroom.DeviceID]bool{}
	for i := range p.Outputs {
		o, path := &p.Outputs[i], fmt.Sprintf("/outputs/%d", i)
		if outputs[o.Name] != nil {
			ps.add(path+"/name", "give it another name", "an output %q exists already", o.Name)
		}
		if devices[o.Device] {
			ps.add(path+"/device", "give each output a device of its own", "device %q is another output already", o.Device)
		}
		outputs[o.Name], devices[o.Device] = o, true
		o.problems(path, &ps)
	}
	names := map[string]bool{}
	for i := range p.Reflexes {
		r, path := &p.Reflexes[i], fmt.Sprintf("/reflexes/%d", i)
		if names[r.Name] {
			ps.add(path+"/name", "give it another name", "a reflex %q exists already", r.Name)
		}
		names[r.Name] = true
		r.problems(path, outputs, &ps)
	}
	if p.SelfTest != nil {
		p.SelfTest.problems("/self_test", &ps)
	}
	return ps
}

func (o *Output) problems(path string, ps *problems) {
	if err := plantroom.ValidID(string(o.Device)); err != nil {
		ps.add(path+"/device", "name a device of letters a to z, digits and -._", "%v", err)
	}
	if o.Rest != "" && !o.Rest.Fits(o.Kind) {
		ps.add(path+"/rest", o.Kind.positions(), "a %s is never %s", o.Kind, o.Rest)
	}
	if o.AtStop != "" && o.AtStop != Keep && !o.AtStop.Fits(o.Kind) {
		ps.add(path+"/at_stop", o.Kind.positions()+", or keep", "a %s is never %s", o.Kind, o.AtStop)
	} else if o.AtStop != Keep && o.never(o.AtStop) {
		ps.add(path+"/at_stop", "use open or keep", "a valve of a fire main is never closed")
	}
	if o.Main != "" && o.Kind != Valve {
		ps.add(path+"/main", "remove main", "a %s feeds no main", o.Kind)
	} else if o.Main == FireMain && o.rest() != Open {
		ps.add(path+"/rest", "use open", "a valve of a fire main is never closed")
	}
	if o.Main == FireMain && o.SelfTest != nil && *o.SelfTest {
		ps.add(path+"/self_test", "remove self_test", "the self-test would close a valve of a fire main")
	}
	if o.SelfTest != nil && *o.SelfTest && o.Kind != Valve {
		ps.add(path+"/self_test", "remove self_test", "only valves are exercised, not a %s", o.Kind)
	}
	if t := time.Duration(o.Travel); t > 10*time.Minute {
		ps.add(path+"/travel", "give the longest time that a move takes, at most 10m", "%s is no time for a move", o.Travel)
	}
	if c := o.Confirm; c != nil {
		for name, x := range map[string]*Condition{"closed": c.Closed, "open": c.Open} {
			if x != nil {
				x.problems(path+"/confirm/"+name, false, ps)
			}
		}
	}
	if c := o.Override; c != nil {
		c.problems(path+"/override", false, ps)
		switch {
		case !c.To.Fits(o.Kind):
			ps.add(path+"/override/to", o.Kind.positions(), "a %s is never %s", o.Kind, c.To)
		case o.never(c.To):
			ps.add(path+"/override/to", "use open", "a valve of a fire main is never closed")
		}
	}
}

// positions says which there are.
func (k Kind) positions() string {
	if k == Valve {
		return "use open or closed"
	}
	return "use on or off"
}

func (r *Reflex) problems(path string, outputs map[string]*Output, ps *problems) {
	if len(r.When) == 0 || len(r.Do) == 0 {
		ps.add(path, "say when, and what to do then", "this reflex has nothing to do")
	}
	if n := len(r.When) + len(r.Unless); n > MaxConditions {
		ps.add(path, fmt.Sprintf("list at most %d", MaxConditions), "this reflex has %d conditions", n)
	}
	for i := range r.When {
		r.When[i].problems(fmt.Sprintf("%s/when/%d", path, i), false, ps)
	}
	for i := range r.Unless {
		r.Unless[i].problems(fmt.Sprintf("%s/unless/%d", path, i), true, ps)
	}
	if r.Reopen != nil && r.Reopen.After <= 0 {
		ps.add(path+"/reopen/after", "say how long all has to be well before, as in 30m", "a valve would open while it may still leak")
	}
	seen := map[string]bool{}
	for i, a := range r.Do {
		at := fmt.Sprintf("%s/do/%d", path, i)
		if seen[a.Output] {
			ps.add(at+"/output", "name each output once", "this reflex moves %q twice", a.Output)
		}
		seen[a.Output] = true
		o := outputs[a.Output]
		if o == nil {
			ps.add(at+"/output", "name one of "+names(outputs), "there is no output %q", a.Output)
			continue
		}
		a.problems(at, o, ps)
	}
}

func (a *Action) problems(path string, o *Output, ps *problems) {
	switch {
	case !a.To.Fits(o.Kind):
		ps.add(path+"/to", o.Kind.positions(), "a %s is never %s", o.Kind, a.To)
	case o.never(a.To):
		ps.add(path+"/output", "name the valve of a branch that feeds no fire protection", "%s feeds a fire main, which is never closed", o.Name)
	case o.Main == FireMain:
		ps.add(path+"/output", "remove it: a fire main stands open", "%s feeds a fire main, which no reflex moves", o.Name)
	case a.To != o.act():
		ps.add(path+"/to", fmt.Sprintf("use %s, or give the output the rest %s", o.act(), o.act()), "%s is %s while nothing happens", o.Name, a.To)
	}
	switch d := time.Duration(a.For); {
	case d == 0:
	case o.Kind != Buzzer:
		ps.add(path+"/for", "use reopen of the reflex, or leave it to a person", "a %s that moves back after a time would do so while the water runs", o.Kind)
	case d < time.Second || d > MaxFor:
		ps.add(path+"/for", "use 1s to 24h", "%s is too short or too long", a.For)
	}
}

func names(outputs map[string]*Output) string {
	var list []string
	for n := range outputs {
		list = append(list, n)
	}
	if len(list) == 0 {
		return "those below outputs"
	}
	return strings.Join(sorted(list), ", ")
}
