package reflex

import (
	"encoding/json"
	"slices"
	"time"

	"plantroom"
)

// State is what a Core knows, all of it. It is kept as JSON.
type State struct {
	Version  int                     `json:"version"` // of the format
	Senses   map[string]*Sense       `json:"senses,omitempty"`
	Reflexes map[string]*ReflexState `json:"reflexes,omitempty"`
	Outputs  map[string]*OutputState `json:"outputs,omitempty"`
	Test     *Test                   `json:"test,omitempty"`
	Outbox   []Entry                 `json:"outbox,omitempty"` // readings that are not known to be on disk
	Next     uint64                  `json:"next,omitempty"`   // number of the next entry
	Lost     uint64                  `json:"lost,omitempty"`   // readings that found no room in the outbox
}

const stateVersion = 1

// ReflexState is what is known of a reflex.
type ReflexState struct {
	Active bool              `json:"active,omitempty"` // one of its conditions is met
	Over   plantroom.Instant `json:"over,omitzero"`    // since when none has been
}

// OutputState is what is known of an output.
type OutputState struct {
	Want   Position          `json:"want,omitempty"` // where it was driven last; "": it never was
	By     string            `json:"by,omitempty"`   // why: one of the driven_by signal's states
	Is     Position          `json:"is,omitempty"`   // where it is; "": on its way, or not known
	Stuck  bool              `json:"stuck,omitempty"`
	Why    string            `json:"why,omitempty"`    // it is stuck, for people
	Faulty bool              `json:"faulty,omitempty"` // the last time that it was to do its duty it did not get there
	Sent   plantroom.Instant `json:"sent,omitzero"`    // when Want was wanted
	Driven plantroom.Instant `json:"driven,omitzero"`  // when the line had it; zero: not yet
	Fails  int               `json:"fails,omitempty"`  // attempts that failed since Sent
	Told   plantroom.Instant `json:"told,omitzero"`    // when it was last said where it is

	Acts     map[string]*Act `json:"acts,omitempty"` // by reflex
	Override *Override       `json:"override,omitempty"`
	Contact  bool            `json:"contact,omitempty"` // a switch on site has taken the output

	Due    string            `json:"due,omitempty"`    // local date of the next self-test; "": the next window
	Skip   string            `json:"skip,omitempty"`   // why it could not be exercised in this window
	Result string            `json:"result,omitempty"` // of the last self-test
	Reason string            `json:"reason,omitempty"` // for it
	Tested plantroom.Instant `json:"tested,omitzero"`  // when that ended
}

// Act is what a reflex wants of an output.
type Act struct {
	Since plantroom.Instant `json:"since"`
	Until plantroom.Instant `json:"until,omitzero"` // zero: see settle
	Held  bool              `json:"held,omitempty"` // by an interlock: it has not moved anything
}

// Override is a person's order.
type Override struct {
	To    Position          `json:"to"`
	UID   uint32            `json:"uid"`
	Since plantroom.Instant `json:"since"`
	Until plantroom.Instant `json:"until,omitzero"` // zero: until a person ends it
}

// Entry is a reading that has to get to the services.
type Entry struct {
	N       uint64            `json:"n"`
	Reading plantroom.Reading `json:"reading"`
}

// maxOutbox bounds the readings that wait for a disk.
const maxOutbox = 2000

// Encode writes the state.
func (s *State) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode reads what Encode has written. CodeInvalid: that it is not.
func Decode(b []byte) (State, error) {
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return State{}, plantroom.Errorf(plantroom.CodeInvalid, "the reflexes' state is damaged: %w", err)
	}
	if s.Version != stateVersion {
		return State{}, plantroom.Errorf(plantroom.CodeInvalid, "the reflexes' state has the format %d, and %d is known", s.Version, stateVersion)
	}
	return s, nil
}

// fit makes the state that of a plan: what the plan does not know is forgotten,
// and nothing that the plan knows is missing.
func (s *State) fit(p *Plan) {
	s.Version = stateVersion
	senses, reflexes, outputs := map[string]*Sense{}, map[string]*ReflexState{}, map[string]*OutputState{}
	p.conditions(func(c *Condition, _ bool) { senses[c.memory()] = or(s.Senses[c.memory()]) })
	for _, r := range p.Reflexes {
		reflexes[r.Name] = or(s.Reflexes[r.Name])
	}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		st := or(s.Outputs[o.Name])
		if st.Want != "" && !st.Want.Fits(o.Kind) || o.never(st.Want) && st.Want != "" { // the name is another thing now
			*st = OutputState{}
		}
		if st.Override != nil && (!st.Override.To.Fits(o.Kind) || o.never(st.Override.To)) {
			st.Override = nil
		}
		if st.Acts == nil {
			st.Acts = map[string]*Act{}
		}
		for name, a := range st.Acts {
			if a == nil || !p.moves(name, o) {
				delete(st.Acts, name)
			}
		}
		outputs[o.Name] = st
	}
	s.Senses, s.Reflexes, s.Outputs = senses, reflexes, outputs
	if s.Test != nil && (outputs[s.Test.Output] == nil || !p.output(s.Test.Output).tested()) {
		s.Test = nil
	}
	if n := len(s.Outbox) - maxOutbox; n > 0 {
		s.Outbox = slices.Clone(s.Outbox[n:])
	}
	for _, e := range s.Outbox {
		s.Next = max(s.Next, e.N+1)
	}
}

func or[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

// moves reports whether a reflex of the plan moves an output.
func (p *Plan) moves(reflex string, o *Output) bool {
	if o.never(o.act()) {
		return false
	}
	for _, r := range p.Reflexes {
		if r.Name == reflex {
			return slices.ContainsFunc(r.Do, func(a Action) bool { return a.Output == o.Name })
		}
	}
	return false
}

func (p *Plan) output(name string) *Output {
	for i := range p.Outputs {
		if p.Outputs[i].Name == name {
			return &p.Outputs[i]
		}
	}
	return nil
}

// shift moves everything that is timed, after the clock was set.
func (s *State) shift(d time.Duration) {
	move := func(list ...*plantroom.Instant) {
		for _, i := range list {
			if *i != 0 {
				*i = i.Add(d)
			}
		}
	}
	for _, x := range s.Senses {
		move(&x.Since, &x.Heard)
		x.At = 0
	}
	for _, r := range s.Reflexes {
		move(&r.Over)
	}
	for _, o := range s.Outputs {
		move(&o.Sent, &o.Driven, &o.Told)
		for _, a := range o.Acts {
			move(&a.Since, &a.Until)
		}
		if o.Override != nil {
			move(&o.Override.Since, &o.Override.Until)
		}
	}
	if s.Test != nil {
		move(&s.Test.Begun)
	}
}
