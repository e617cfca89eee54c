package sla

import (
	"math"
	"slices"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

// t0 is some Monday in March 2026.
const t0 = plantroom.Instant(1_772_409_600e9)

func after(d time.Duration) plantroom.Instant { return t0.Add(d) }

// running returns a clock of 30 minutes that started at t0.
func running() *plantroom.Clock {
	c := &plantroom.Clock{Kind: plantroom.Attend, State: plantroom.ClockWaiting, From: plantroom.FromRaised, Window: plantroom.Duration(30 * time.Minute)}
	Start(c, t0, nil)
	return c
}

func wantState(t *testing.T, c *plantroom.Clock, want plantroom.ClockState) {
	t.Helper()
	if c.State != want {
		t.Fatalf("clock is %s, want %s: %+v", c.State, want, *c)
	}
}

func wantMarks(t *testing.T, got []Mark, percents ...int) {
	t.Helper()
	var have []int
	for _, m := range got {
		have = append(have, m.Percent)
	}
	if !slices.Equal(have, percents) {
		t.Fatalf("got marks %v, want %v", have, percents)
	}
}

func TestMarksTakeEffectInOrder(t *testing.T) {
	c := running()
	wantMarks(t, Advance(c, after(15*time.Minute-1)))
	wantMarks(t, Advance(c, after(15*time.Minute)), 50)
	wantMarks(t, Advance(c, after(15*time.Minute)))
	wantMarks(t, Advance(c, after(24*time.Minute)), 80)
	wantMarks(t, Advance(c, after(30*time.Minute)))
	wantState(t, c, plantroom.ClockRunning)
	wantMarks(t, Advance(c, after(30*time.Minute)+1), 100)
	wantState(t, c, plantroom.ClockBreached)
	wantMarks(t, Advance(c, after(1000*time.Hour)))
	if c.Breached != after(30*time.Minute) {
		t.Errorf("breached at %s, want the due time", c.Breached)
	}
}

func TestDueIsWhenTheNextMarkTakesEffect(t *testing.T) {
	c := running()
	for _, want := range []plantroom.Instant{after(15 * time.Minute), after(24 * time.Minute), after(30*time.Minute) + 1, 0} {
		if got := Due(c); got != want {
			t.Fatalf("Due = %s, want %s", got, want)
		}
		Advance(c, Due(c))
	}
}

func TestAfterALongStopAllMissedMarksComeWithTheirLateness(t *testing.T) {
	c := running()
	now := after(8 * time.Hour)
	got := Advance(c, now)
	want := []Mark{
		{plantroom.Attend, 50, after(15 * time.Minute), now.Sub(after(15 * time.Minute))},
		{plantroom.Attend, 80, after(24 * time.Minute), now.Sub(after(24 * time.Minute))},
		{plantroom.Attend, 100, after(30 * time.Minute), now.Sub(after(30 * time.Minute))},
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

func TestTimeThatGoesBackwardsUndoesNothing(t *testing.T) {
	c := running()
	Advance(c, after(31*time.Minute))
	was := *c
	for _, now := range []plantroom.Instant{after(-30 * 24 * time.Hour), t0, after(20 * time.Minute), after(40 * time.Minute)} {
		wantMarks(t, Advance(c, now))
	}
	if *c != was {
		t.Fatalf("clock changed from %+v to %+v", was, *c)
	}
}

func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		at      time.Duration
		state   plantroom.ClockState
		overdue bool
	}{
		"before it started":          {-time.Minute, plantroom.ClockMet, false},
		"early":                      {time.Minute, plantroom.ClockMet, false},
		"at exactly its due time":    {30 * time.Minute, plantroom.ClockMet, false},
		"one nanosecond too late":    {30*time.Minute + 1, plantroom.ClockBreached, true},
		"late, before anyone looked": {time.Hour, plantroom.ClockBreached, true},
	} {
		t.Run(name, func(t *testing.T) {
			clock := running()
			Stop(clock, after(c.at))
			wantState(t, clock, c.state)
			if clock.Stopped != after(c.at) || clock.Open() || !clock.Breached.IsZero() != c.overdue {
				t.Fatalf("stopped wrongly: %+v", *clock)
			}
			if c.overdue { // nobody has been told of the breach yet
				if Due(clock) != after(30*time.Minute)+1 {
					t.Fatalf("Due = %s", Due(clock))
				}
				wantMarks(t, Advance(clock, after(2*time.Hour)), 100)
			}
			wantMarks(t, Advance(clock, after(1000*time.Hour)))
		})
	}
}

func TestStoppingAtTheDueTimeIsMetInEitherOrder(t *testing.T) {
	due := after(30 * time.Minute)
	a, b := running(), running()
	Advance(a, due)
	Stop(a, due)
	Stop(b, due)
	Advance(b, due)
	wantState(t, a, plantroom.ClockMet)
	wantState(t, b, plantroom.ClockMet)
}

func TestABreachedClockStaysBreachedWhenStopped(t *testing.T) {
	c := running()
	Advance(c, after(31*time.Minute))
	if !c.Open() {
		t.Fatal("a breached clock has to count on")
	}
	Stop(c, after(29*time.Minute)) // news of the past
	wantState(t, c, plantroom.ClockBreached)
	if c.Stopped != after(29*time.Minute) || c.Open() {
		t.Fatalf("not stopped: %+v", *c)
	}
	Stop(c, after(5*time.Minute))
	if c.Stopped != after(29*time.Minute) {
		t.Error("a second Stop counted")
	}
}

func TestAProofFromWithinTheWindowCorrectsABreach(t *testing.T) {
	c := running()
	Advance(c, after(31*time.Minute))
	if !Prove(c, after(30*time.Minute)) {
		t.Error("the correction is not reported")
	}
	wantState(t, c, plantroom.ClockMet)
	if c.Stopped != after(30*time.Minute) || !c.Breached.IsZero() || c.Open() {
		t.Fatalf("%+v", *c)
	}
	wantMarks(t, Advance(c, after(time.Hour))) // nothing comes twice
	if Prove(c, after(time.Minute)) || c.Stopped != after(30*time.Minute) {
		t.Error("a second proof counted")
	}
}

func TestAProofFromAfterTheWindowLeavesTheBreach(t *testing.T) {
	c := running()
	Advance(c, after(31*time.Minute))
	if Prove(c, after(30*time.Minute)+1) {
		t.Error("a correction is reported")
	}
	wantState(t, c, plantroom.ClockBreached)
	if c.Stopped != after(30*time.Minute)+1 || c.Breached != after(30*time.Minute) {
		t.Fatalf("%+v", *c)
	}
}

func TestAProofIsAStopWhereNoBreachWasFound(t *testing.T) {
	for _, at := range []time.Duration{time.Minute, 30 * time.Minute, time.Hour} {
		stopped, proved := running(), running()
		Stop(stopped, after(at))
		if Prove(proved, after(at)) || *proved != *stopped {
			t.Errorf("at %v: %+v, want %+v", at, *proved, *stopped)
		}
	}
}

func TestMoot(t *testing.T) {
	for name, c := range map[string]struct {
		looked, over time.Duration // when somebody looked, and when the promise was overtaken
		state        plantroom.ClockState
		corrected    bool
	}{
		"in time":                        {time.Minute, 2 * time.Minute, plantroom.ClockVoid, false},
		"late, and nobody has looked":    {time.Minute, time.Hour, plantroom.ClockBreached, false},
		"late, and found so":             {31 * time.Minute, time.Hour, plantroom.ClockBreached, false},
		"found late, but overtaken then": {31 * time.Minute, 29 * time.Minute, plantroom.ClockVoid, true},
	} {
		t.Run(name, func(t *testing.T) {
			clock := running()
			Advance(clock, after(c.looked))
			if got := Moot(clock, after(c.over)); got != c.corrected {
				t.Errorf("corrected: %v", got)
			}
			wantState(t, clock, c.state)
			if late := c.state == plantroom.ClockBreached; clock.Breached.IsZero() == late || clock.Open() {
				t.Errorf("%+v", *clock)
			}
		})
	}
	met := running()
	Stop(met, after(time.Minute))
	if Moot(met, after(time.Hour)) {
		t.Error("a clock that has ended was corrected")
	}
	wantState(t, met, plantroom.ClockMet)
}

func TestAWaitingClockHasNoMarks(t *testing.T) {
	c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Minute)}
	wantMarks(t, Advance(c, after(time.Hour)))
	if Due(c) != 0 {
		t.Errorf("Due = %s", Due(c))
	}
	Stop(c, t0)
	wantState(t, c, plantroom.ClockMet)
}

func TestStartCountsOnce(t *testing.T) {
	c := running()
	Start(c, after(time.Hour), nil)
	if c.Started != t0 || c.Due != after(30*time.Minute) {
		t.Fatalf("started again: %+v", *c)
	}
}

func TestVoid(t *testing.T) {
	c := running()
	Advance(c, after(31*time.Minute))
	Void(c)
	wantState(t, c, plantroom.ClockVoid)
	if c.Breached.IsZero() {
		t.Error("the breach before is forgotten")
	}
	wantMarks(t, Advance(c, after(time.Hour)))
	met := running()
	Stop(met, t0)
	Void(met)
	wantState(t, met, plantroom.ClockMet)
}

func TestResumeTakesAStopBack(t *testing.T) {
	t.Run("and marks do not fire again", func(t *testing.T) {
		c := running()
		Advance(c, after(16*time.Minute))
		Stop(c, after(17*time.Minute))
		Resume(c)
		wantState(t, c, plantroom.ClockRunning)
		wantMarks(t, Advance(c, after(31*time.Minute)), 80, 100)
	})
	t.Run("of a breached clock", func(t *testing.T) {
		c := running()
		Advance(c, after(31*time.Minute))
		Stop(c, after(32*time.Minute))
		Resume(c)
		if c.State != plantroom.ClockBreached || !c.Open() {
			t.Fatalf("%+v", *c)
		}
		wantMarks(t, Advance(c, after(time.Hour)))
	})
	t.Run("of one that had not begun", func(t *testing.T) {
		c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(time.Minute)}
		Stop(c, t0)
		Resume(c)
		wantState(t, c, plantroom.ClockWaiting)
	})
	t.Run("of one that was never stopped", func(t *testing.T) {
		c := running()
		was := *c
		Resume(c)
		if *c != was {
			t.Fatalf("%+v", *c)
		}
	})
}

func TestTheLongestWindowDoesNotOverflow(t *testing.T) {
	c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: math.MaxInt64 / 2}
	Start(c, 1, nil)
	if got, want := Due(c), plantroom.Instant(1+math.MaxInt64/4); got != want {
		t.Fatalf("half of it is used at %d, want %d", got, want)
	}
}

// oracle is a clock as one would describe it: a log of what has happened,
// asked nanosecond by nanosecond.
type oracle struct {
	window           int64
	started, stopped int64 // -1: has not
	void, known      bool  // known: the breach has been found
	fired            map[int]bool
}

func (o *oracle) advance(now int64) (marks []Mark) {
	for _, p := range []int{50, 80, 100} {
		if o.fired[p] || o.started < 0 || o.void {
			continue
		}
		if o.stopped >= 0 && (p != 100 || o.stopped <= o.started+o.window && !o.known) {
			continue
		}
		at := o.started
		for used := int64(0); (used+1)*100 <= o.window*int64(p); used++ {
			at++
		}
		if now < at || p == 100 && now == at {
			continue
		}
		o.fired[p] = true
		o.known = o.known || p == 100
		marks = append(marks, Mark{Percent: p, At: plantroom.Instant(at), Late: time.Duration(now - at)})
	}
	return marks
}

func (o *oracle) stop(at int64) {
	if o.void || o.stopped >= 0 {
		return
	}
	o.stopped = at
	o.known = o.known || o.started >= 0 && at > o.started+o.window
}

// prove: what was found is forgotten where it was only not known yet.
func (o *oracle) prove(at int64) {
	if o.void || o.stopped >= 0 {
		return
	}
	if at <= o.started+o.window {
		o.known = false
	}
	o.stop(at)
}

// moot: an end, or nothing at all.
func (o *oracle) moot(at int64) {
	switch {
	case o.void || o.stopped >= 0:
	case o.started >= 0 && at > o.started+o.window:
		o.stop(at)
	default:
		o.void, o.known = true, false
	}
}

func (o *oracle) state() plantroom.ClockState {
	switch {
	case o.void:
		return plantroom.ClockVoid
	case o.known:
		return plantroom.ClockBreached
	case o.stopped >= 0:
		return plantroom.ClockMet
	case o.started >= 0:
		return plantroom.ClockRunning
	}
	return plantroom.ClockWaiting
}

// TestClockAgreesWithItsOracle runs random lives of a clock, with windows so
// short that every edge is hit, and times that jump back and forth.
func TestClockAgreesWithItsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.Int64Range(1, 40).Draw(t, "window")
		c := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(window)}
		o := &oracle{window: window, started: -1, stopped: -1, fired: map[int]bool{}}
		at := rapid.Int64Range(1, 120)
		t.Repeat(map[string]func(*rapid.T){
			"start": func(t *rapid.T) {
				x := at.Draw(t, "at")
				if o.state() == plantroom.ClockWaiting {
					o.started = x
				}
				Start(c, plantroom.Instant(x), nil)
			},
			"stop": func(t *rapid.T) {
				x := at.Draw(t, "at")
				o.stop(x)
				Stop(c, plantroom.Instant(x))
			},
			"prove": func(t *rapid.T) {
				x := at.Draw(t, "at")
				o.prove(x)
				Prove(c, plantroom.Instant(x))
			},
			"moot": func(t *rapid.T) {
				x := at.Draw(t, "at")
				o.moot(x)
				Moot(c, plantroom.Instant(x))
			},
			"void": func(t *rapid.T) {
				o.void = o.void || o.stopped < 0
				Void(c)
			},
			"advance": func(t *rapid.T) {
				now := at.Draw(t, "now")
				want := o.advance(now)
				if got := Advance(c, plantroom.Instant(now)); !slices.Equal(got, want) {
					t.Fatalf("Advance(%d) = %v, want %v", now, got, want)
				}
				if got := Advance(c, plantroom.Instant(now)); len(got) != 0 {
					t.Fatalf("Advance(%d) again = %v", now, got)
				}
			},
			"": func(t *rapid.T) {
				if c.State != o.state() {
					t.Fatalf("clock is %s, want %s: %+v", c.State, o.state(), *c)
				}
				checkDue(t, *c)
			},
		})
	})
}

// checkDue checks that Due is the earliest instant at which Advance acts.
func checkDue(t *rapid.T, c plantroom.Clock) {
	due := Due(&c)
	before, at := c, c
	if due == 0 {
		if got := Advance(&at, 1<<40); len(got) != 0 {
			t.Fatalf("nothing is due, but %v comes", got)
		}
		return
	}
	if got := Advance(&before, due-1); len(got) != 0 {
		t.Fatalf("due at %d, but %v comes before", due, got)
	}
	if got := Advance(&at, due); len(got) == 0 {
		t.Fatalf("due at %d, but nothing comes", due)
	}
}

// TestHowOftenOneLooksChangesNothingButLateness compares looking at many
// instants, in any order, with looking once at the latest.
func TestHowOftenOneLooksChangesNothingButLateness(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		looks := rapid.SliceOfN(rapid.Int64Range(0, 100), 1, 20).Draw(t, "looks")
		often := &plantroom.Clock{State: plantroom.ClockWaiting, Window: plantroom.Duration(rapid.Int64Range(1, 60).Draw(t, "window"))}
		Start(often, 1, nil)
		once := *often
		var many []Mark
		for _, now := range looks {
			many = append(many, Advance(often, plantroom.Instant(now))...)
		}
		single := Advance(&once, plantroom.Instant(slices.Max(looks)))
		if often.Noticed.IsZero() != once.Noticed.IsZero() || often.Noticed > once.Noticed {
			t.Fatalf("noticed at %s and at %s", often.Noticed, once.Noticed)
		}
		often.Noticed = once.Noticed
		if *often != once {
			t.Fatalf("often: %+v\nonce:  %+v", *often, once)
		}
		sameMark := func(a, b Mark) bool { return a.Percent == b.Percent && a.At == b.At && a.Late >= 0 && a.Late <= b.Late }
		if !slices.EqualFunc(many, single, sameMark) {
			t.Fatalf("often: %v\nonce:  %v", many, single)
		}
	})
}
