package reflex

import (
	"fmt"
	"time"

	"plantroom"
)

// The numbers of the core.
const (
	// Heartbeat is the longest time in which an output says nothing of itself.
	Heartbeat = 5 * time.Minute
	// margin is what a confirming switch may take beyond the travel: its own
	// debounce, and the period in which its device is asked.
	margin = 5 * time.Second
	// stuckAfter is how many attempts to drive an output may fail before it is
	// said to be stuck. It is driven on.
	stuckAfter = 3
)

// Drive is something to be done: the line of an output is to be driven so that
// it gets to a position.
type Drive struct {
	Output string
	To     Position
	Why    string // for people
}

// Core decides. It is used by one goroutine at a time.
type Core struct {
	p       Plan
	s       State
	version uint64 // grows with each change that has to be kept
	drives  []Drive
	resync  map[string]bool // outputs whose line is to be driven again, wherever that is to
	zone    *time.Location  // of the self-test
}

// New makes a Core of a plan and of what an earlier one knew. It fails with
// CodeInvalid for a plan that has problems. What it wants done at once is
// returned by the first Tick.
func New(p Plan, s State, now plantroom.Instant) (*Core, error) {
	if ps := p.Problems(); len(ps) > 0 {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "put the reflexes to work", Message: ps[0].Path + ": " + ps[0].Problem, Hint: ps[0].Remedy}
	}
	s.fit(&p)
	c := &Core{p: p, s: s, version: 1, resync: map[string]bool{}}
	if p.SelfTest != nil {
		c.zone, _ = time.LoadLocation(p.SelfTest.Zone) // Problems would have found it
	}
	for _, r := range c.s.Reflexes {
		if !r.Active && r.Over == 0 {
			r.Over = now
		}
	}
	c.interrupted(now)
	for name, st := range c.s.Outputs { // nobody knows what has happened to their lines in between
		c.resync[name] = st.Want != ""
	}
	return c, nil
}

// State returns what has to be kept. It shares nothing with the core.
func (c *Core) State() (State, error) {
	b, err := c.s.Encode()
	if err != nil {
		return State{}, err
	}
	return Decode(b)
}

// Encoded returns the same as bytes, and its version for Saved.
func (c *Core) Encoded() ([]byte, uint64, error) {
	b, err := c.s.Encode()
	return b, c.version, err
}

// Version grows with each change that has to be kept.
func (c *Core) Version() uint64 { return c.version }

// Observe takes a reading that was heard now. Readings of qualities other than
// Good and EstimatedTime, and those that are older than MaxAge, count for
// nothing; used says whether it counted.
func (c *Core) Observe(r plantroom.Reading, now plantroom.Instant) (drives []Drive, used bool) {
	if r.Quality != plantroom.Good && r.Quality != plantroom.EstimatedTime || now.Sub(r.At) > MaxAge {
		return nil, false
	}
	c.p.conditions(func(x *Condition, _ bool) {
		if x.Device != r.Device || x.Signal != r.Signal {
			return
		}
		if holds, known := x.judge(r.Value); known {
			s := c.s.Senses[x.memory()]
			changed := !s.Known || s.Holds != holds
			s.put(holds, r.At, now)
			if changed {
				c.version++
			}
			used = true
		}
	})
	if !used {
		return nil, false
	}
	return c.Tick(now), true
}

// Tick judges the passing of time. It is to be called once a second at least.
func (c *Core) Tick(now plantroom.Instant) []Drive {
	c.expire(now)
	for i := range c.p.Reflexes {
		c.reflex(&c.p.Reflexes[i], now)
	}
	c.test(now)
	for i := range c.p.Outputs {
		o := &c.p.Outputs[i]
		c.contact(o, now)
		c.release(o, now)
		c.move(o, now)
		c.watch(o, now)
	}
	out := c.drives
	c.drives = nil
	return out
}

// Shift tells the core that its clock was set by d.
func (c *Core) Shift(d time.Duration) { c.s.shift(d) }

// move drives an output to where it ought to be, if that is elsewhere.
func (c *Core) move(o *Output, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	to, by, why := c.wish(o)
	again := c.resync[o.Name]
	if to == "" || o.never(to) || to == st.Want && by == st.By && !again {
		return
	}
	delete(c.resync, o.Name)
	if by != st.By {
		c.say(o, sigDrivenBy, plantroom.String(by), now)
		st.By = by
	}
	c.version++
	if to == st.Want {
		if again {
			st.Sent, st.Driven, st.Fails = now, 0, 0
			c.drive(o, to, why)
		}
		return
	}
	st.Want, st.Is, st.Stuck, st.Why = to, "", false, ""
	st.Sent, st.Driven, st.Fails = now, 0, 0
	c.tell(o, now)
	c.drive(o, to, why)
}

// drive is the only place from which an output is driven.
func (c *Core) drive(o *Output, to Position, why string) {
	if o.never(to) {
		return
	}
	c.drives = append(c.drives, Drive{o.Name, to, why})
}

// wish is where an output ought to be, and why. A valve that was never driven
// is left where it is until there is a reason.
func (c *Core) wish(o *Output) (to Position, by, why string) {
	st := c.s.Outputs[o.Name]
	switch {
	case st.Contact:
		return o.Override.To, byContact, "a switch on site: " + o.Override.Condition.String()
	case st.Override != nil:
		return st.Override.To, byPerson, fmt.Sprintf("the order of user %d", st.Override.UID)
	}
	for i := range c.p.Reflexes {
		if a := st.Acts[c.p.Reflexes[i].Name]; a != nil && !a.Held {
			return o.act(), byReflex, "the reflex " + c.p.Reflexes[i].Name
		}
	}
	if t := c.s.Test; t != nil && t.Output == o.Name && t.Phase == phaseMoving {
		return o.act(), byTest, "the self-test"
	}
	if st.Want == "" && o.Kind == Valve {
		return "", "", ""
	}
	return o.rest(), byNobody, "nothing holds it elsewhere"
}

// Driven takes what became of a drive: nil once the line is where it was
// driven. Of a drive that is not wanted any more it takes no notice.
func (c *Core) Driven(output string, to Position, err error, now plantroom.Instant) []Drive {
	o := c.p.output(output)
	if o == nil || c.s.Outputs[output].Want != to {
		return nil
	}
	st := c.s.Outputs[output]
	switch {
	case err == nil:
		st.Fails = 0
		if st.Driven == 0 {
			st.Driven = now
		}
	default:
		st.Driven = 0
		if st.Fails++; st.Fails >= stuckAfter {
			c.stick(o, "it cannot be driven: "+plantroom.MessageOf(err), now)
		}
	}
	return c.Tick(now)
}

// watch follows an output on its way, and afterwards.
func (c *Core) watch(o *Output, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	proof := o.confirm(st.Want)
	switch {
	case st.Want == "":
	case proof == nil:
		if st.Driven != 0 && now.Sub(st.Driven) >= o.travel() {
			c.arrive(o, now)
		}
	case c.s.Senses[proof.memory()].met(proof, now):
		if st.Driven != 0 {
			c.arrive(o, now)
		}
	case st.Is != "" && c.s.Senses[proof.memory()].Known:
		c.stick(o, "it has left its place: not "+proof.String(), now)
	case st.Driven != 0 && now.Sub(st.Driven) >= o.travel()+margin:
		c.stick(o, "it did not get there: not "+proof.String(), now)
	}
	if now.Sub(st.Told) >= Heartbeat {
		v := c.version
		c.tell(o, now)
		c.version = v // a heartbeat is not worth a write
	}
}

func (c *Core) arrive(o *Output, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	if st.Is == st.Want && !st.Stuck {
		return
	}
	st.Is, st.Stuck, st.Why = st.Want, false, ""
	if st.Want == o.act() {
		st.Faulty = false
	}
	c.tell(o, now)
}

func (c *Core) stick(o *Output, why string, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	if st.Stuck {
		return
	}
	st.Is, st.Stuck, st.Why = "", true, why
	st.Faulty = st.Faulty || st.Want == o.act()
	c.tell(o, now)
}

// tell makes a reading of where an output is.
func (c *Core) tell(o *Output, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	st.Told = now
	signal, value := sigOutput, "unknown"
	if o.Kind == Valve {
		signal = sigValve
	}
	switch {
	case st.Stuck || st.Faulty:
		value = "stuck"
	case st.Is != "":
		value = string(st.Is)
	case st.Want != "" && o.Kind == Valve:
		value = "moving"
	case st.Want != "":
		value = "switching"
	}
	c.say(o, signal, plantroom.String(value), now)
}

// say puts a reading into the outbox.
func (c *Core) say(o *Output, signal string, v plantroom.Value, now plantroom.Instant) {
	if len(c.s.Outbox) >= maxOutbox {
		c.s.Outbox = append(c.s.Outbox[:0], c.s.Outbox[1:]...)
		c.s.Lost++
	}
	c.s.Next = max(c.s.Next, 1)
	c.s.Outbox = append(c.s.Outbox, Entry{c.s.Next, plantroom.Reading{Device: o.Device, Signal: signal, Value: v, At: now}})
	c.s.Next++
	c.version++
}

// Unsent returns the oldest readings that are not known to be on disk.
func (c *Core) Unsent(most int) []Entry {
	n := min(len(c.s.Outbox), most)
	return append([]Entry(nil), c.s.Outbox[:n]...)
}

// Recorded says that the readings up to a number are on disk.
func (c *Core) Recorded(n uint64) {
	i := 0
	for i < len(c.s.Outbox) && c.s.Outbox[i].N <= n {
		i++
	}
	if i > 0 {
		c.s.Outbox = append([]Entry(nil), c.s.Outbox[i:]...) // kept with the next change: until then they may be said twice
	}
}
