package reflex

import (
	"time"

	"plantroom"
)

// SelfTest says when valves are exercised: one after the other, each once a
// month, in the window of a night.
type SelfTest struct {
	From string `json:"from"` // local time: 02:00
	To   string `json:"to"`   // later on the same day
	Zone string `json:"zone"` // as in Asia/Shanghai
}

// Test is a self-test that runs.
type Test struct {
	Output  string            `json:"output"`
	Phase   string            `json:"phase"`
	Version uint64            `json:"version"` // that has to be kept before anything moves
	Begun   plantroom.Instant `json:"begun"`
	Failed  bool              `json:"failed,omitempty"` // it did not get there, and is on its way back
}

// The phases of a test.
const (
	phasePlanned = "planned" // waits until its state is kept
	phaseMoving  = "moving"  // to where a reflex would move it
	phaseBack    = "back"    // to where it rests
)

// The outcomes of a test, and the reasons for them.
const (
	passed  = "passed"
	failed  = "failed"
	skipped = "skipped"

	whyNothing   = "none"
	whyLeak      = "leak"      // a reflex is at work
	whyOverride  = "override"  // a person has an output
	whyInterlock = "interlock" // holds, or is not known
	whyRestart   = "restart"   // the gateway ended in between
	whyState     = "state"     // could not be kept
	whyNotThere  = "not_there" // the valve did not get where a reflex would move it
	whyNotBack   = "not_back"  // the valve did not get back
)

// keepWithin is how long a planned test waits for its state to be kept.
const keepWithin = 30 * time.Second

const day, clockForm = "2006-01-02", "15:04"

func (t *SelfTest) problems(path string, ps *problems) {
	from, err1 := time.Parse(clockForm, t.From)
	to, err2 := time.Parse(clockForm, t.To)
	switch {
	case err1 != nil:
		ps.add(path+"/from", "write it like 02:00", "%.20q is no time of day", t.From)
	case err2 != nil:
		ps.add(path+"/to", "write it like 04:00", "%.20q is no time of day", t.To)
	case to.Sub(from) < 10*time.Minute:
		ps.add(path+"/to", "end at least 10 minutes after the begin, before midnight", "there is no window from %s to %s", t.From, t.To)
	}
	if _, err := time.LoadLocation(t.Zone); err != nil || t.Zone == "" || t.Zone == "Local" {
		ps.add(path+"/zone", "write it like Asia/Shanghai", "there is no time zone %.40q", t.Zone)
	}
}

// window returns the local date, and whether it is the time for tests. The
// clock on the wall counts: an hour that a change of clocks leaves out has no
// window, and of one that comes twice both count.
func (t *SelfTest) window(now plantroom.Instant, zone *time.Location) (date time.Time, within bool) {
	local := now.Time().In(zone)
	at := local.Format(clockForm)
	return local, t.From <= at && at < t.To
}

// test goes on with the self-test.
func (c *Core) test(now plantroom.Instant) {
	if c.p.SelfTest == nil {
		if c.s.Test != nil {
			c.result(skipped, whyNothing, now)
		}
		return
	}
	if c.s.Test != nil {
		c.progress(now)
		return
	}
	date, within := c.p.SelfTest.window(now, c.zone)
	today := date.Format(day)
	for i := range c.p.Outputs {
		o := &c.p.Outputs[i]
		st := c.s.Outputs[o.Name]
		switch {
		case !o.tested() || st.Due > today:
		case within:
			if st.Skip = c.busy(o, now); st.Skip == "" {
				c.version++
				c.s.Test = &Test{Output: o.Name, Phase: phasePlanned, Version: c.version, Begun: now}
				return
			}
		case st.Skip != "": // the window has passed
			c.outcome(o, skipped, st.Skip, now)
		}
	}
}

// busy says why this is no time to exercise a valve; "": it is.
func (c *Core) busy(o *Output, now plantroom.Instant) string {
	for i := range c.p.Reflexes {
		r := &c.p.Reflexes[i]
		if c.s.Reflexes[r.Name].Active {
			return whyLeak
		}
		if c.p.moves(r.Name, o) && c.held(r, o, now) {
			return whyInterlock
		}
	}
	for _, st := range c.s.Outputs {
		if len(st.Acts) > 0 {
			return whyLeak
		}
		if st.Override != nil || st.Contact {
			return whyOverride
		}
	}
	return ""
}

// Saved says that the state of a version is kept, so that a planned test may
// begin.
func (c *Core) Saved(version uint64, now plantroom.Instant) []Drive {
	if t := c.s.Test; t != nil && t.Phase == phasePlanned && t.Version <= version {
		t.Phase = phaseMoving
		t.Begun = now
		return c.Tick(now)
	}
	return nil
}

// progress goes on with the test that runs.
func (c *Core) progress(now plantroom.Instant) {
	t := c.s.Test
	o := c.p.output(t.Output)
	st := c.s.Outputs[o.Name]
	if why := c.busy(o, now); why != "" {
		c.result(skipped, why, now)
		return
	}
	limit := 2 * (o.travel() + margin + time.Minute) // whatever happens, it ends
	switch {
	case t.Phase == phasePlanned:
		if now.Sub(t.Begun) > keepWithin {
			c.result(skipped, whyState, now)
		}
	case t.Phase == phaseMoving && st.Want == o.act() && st.Is == o.act():
		t.Phase, t.Begun = phaseBack, now
	case t.Phase == phaseMoving && (st.Want == o.act() && st.Stuck || now.Sub(t.Begun) > limit):
		t.Phase, t.Begun, t.Failed = phaseBack, now, true
		st.Faulty = true
	case t.Phase == phaseBack && st.Want == o.rest() && st.Is == o.rest():
		if t.Failed {
			c.result(failed, whyNotThere, now)
		} else {
			c.result(passed, whyNothing, now)
		}
	case t.Phase == phaseBack && (st.Want == o.rest() && st.Stuck || now.Sub(t.Begun) > limit):
		c.result(failed, whyNotBack, now)
	}
}

// interrupted ends a test during which the gateway has ended. The valve was
// driven for nothing's sake, so it goes back, even where it was never driven
// before.
func (c *Core) interrupted(now plantroom.Instant) {
	if c.s.Test == nil {
		return
	}
	o := c.p.output(c.s.Test.Output)
	if st := c.s.Outputs[o.Name]; st.Want == "" {
		st.Want = o.rest()
	}
	c.result(skipped, whyRestart, now)
}

// result ends the test that runs.
func (c *Core) result(what, why string, now plantroom.Instant) {
	o := c.p.output(c.s.Test.Output)
	c.s.Test = nil
	c.outcome(o, what, why, now)
}

// outcome makes readings of how a test ended, and plans the next: in a month,
// or in the next window where this one did not take place.
func (c *Core) outcome(o *Output, what, why string, now plantroom.Instant) {
	st := c.s.Outputs[o.Name]
	st.Result, st.Reason, st.Tested, st.Skip = what, why, now, ""
	if c.p.SelfTest != nil {
		date, _ := c.p.SelfTest.window(now, c.zone)
		if what == skipped {
			st.Due = date.AddDate(0, 0, 1).Format(day)
		} else {
			st.Due = nextMonth(date).Format(day)
		}
	}
	c.say(o, sigSelfTest, plantroom.String(what), now)
	c.say(o, sigSelfTestWhy, plantroom.String(why), now)
}

// nextMonth is the same day of the next month, or its last.
func nextMonth(t time.Time) time.Time {
	y, m, d := t.Date()
	last := time.Date(y, m+2, 0, 12, 0, 0, 0, time.UTC).Day()
	return time.Date(y, m+1, min(d, last), 12, 0, 0, 0, time.UTC)
}
