package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

const zhao = "person:zhao"

// reason asks for a pause.
func reason(code, proof string) func(*dispatch.Command) {
	return func(c *dispatch.Command) { c.Code, c.Proof, c.Reason = code, proof, "the plant room is locked" }
}

// accepted is an order that quicklift has accepted after two minutes.
func accepted(t testing.TB, change ...func(*plantroom.Estate)) *house {
	h := opened(t, change...)
	h.pass(2 * time.Minute)
	h.must(plantroom.DoAcknowledge, quick)
	return h
}

func TestAPauseOfOnesOwnLeavesTheRestOfTheWindow(t *testing.T) {
	h := accepted(t)
	h.pass(8 * time.Minute) // 20 of 30 are left to restore
	h.must(plantroom.DoPause, quick, reason("weather", ""))
	h.wantClock(plantroom.Restore, plantroom.ClockPaused)
	h.wantClock(plantroom.Attend, plantroom.ClockRunning) // the contract names restore alone
	h.pass(3 * time.Hour)
	h.wantClock(plantroom.Restore, plantroom.ClockPaused)
	h.must(plantroom.DoContinue, quick)
	h.wantClock(plantroom.Restore, plantroom.ClockRunning)
	if c := h.clock(plantroom.Restore); c.Due != h.now.Add(20*time.Minute) || c.Marked != 0 {
		t.Errorf("%+v", c)
	}
	if o := h.order(); o.Pause() != nil || len(o.Pauses) != 1 || o.Pauses[0].Ended != h.now || o.Pauses[0].EndedBy != quick {
		t.Errorf("%+v", o.Pauses)
	}
	h.wholeLedger()
}

func TestAPauseWaitsForASecondPersonAndEndsByItself(t *testing.T) {
	h := accepted(t)
	h.must(plantroom.DoPause, quick, reason("no_access", "photo 7"))
	h.wantClock(plantroom.Restore, plantroom.ClockRunning)
	h.call("order.pause_asked", lin)
	h.pass(3 * time.Minute)
	h.must(plantroom.DoAgreePause, zhao)
	h.wantClock(plantroom.Restore, plantroom.ClockPaused) // from now: what ran until then has run
	h.wantClock(plantroom.Attend, plantroom.ClockPaused)
	h.call("order.paused", quick)
	agreed := h.now
	h.sleep(2 * time.Hour) // the server is down when the hour is over
	h.tick()
	h.wantClock(plantroom.Restore, plantroom.ClockBreached)
	if c := h.clock(plantroom.Restore); c.Due != agreed.Add(time.Hour+25*time.Minute) {
		t.Errorf("due %s: the clocks have to run from the end of the pause, not from when it was noticed", c.Due)
	}
	h.call("order.continued", quick)
	h.wholeLedger()
}

func TestAPauseThatIsRefusedNeverBegan(t *testing.T) {
	h := accepted(t)
	before := h.order().Clocks
	h.must(plantroom.DoPause, quick, reason("no_access", "photo 7"))
	h.must(plantroom.DoRefusePause, lin, func(c *dispatch.Command) { c.Reason = "the key hangs at the gate" })
	for i, c := range h.order().Clocks {
		if c != before[i] {
			t.Errorf("%+v became %+v", before[i], c)
		}
	}
	if p := h.order().Pauses[0]; !p.Begun.IsZero() || p.EndedBy != lin {
		t.Errorf("%+v", p)
	}
	h.call("order.pause_refused", quick)
}

func TestWhoMayNotPause(t *testing.T) {
	with := func(f func(*house)) func(*house) { return f }
	for name, c := range map[string]struct {
		before func(*house)
		do     plantroom.OrderAction
		actor  string
		edit   func(*dispatch.Command)
		code   plantroom.Code
		says   string
	}{
		"a reason that the contract does not know": {nil, plantroom.DoPause, quick, reason("whim", "photo 7"), plantroom.CodeInvalid, `permits no pause for "whim": its reasons are no_access, weather`},
		"without the proof":                        {nil, plantroom.DoPause, quick, reason("no_access", " "), plantroom.CodeInvalid, "wants proof for a pause for no_access: name the photo"},
		"without saying why":                       {nil, plantroom.DoPause, quick, func(c *dispatch.Command) { c.Code = "weather" }, plantroom.CodeInvalid, "say why"},
		"another firm":                             {nil, plantroom.DoPause, grand, reason("weather", ""), plantroom.CodeForbidden, "is not with grandlift"},
		"while somebody else asks": {with(func(h *house) { h.must(plantroom.DoPause, zhao, reason("no_access", "photo 7")) }),
			plantroom.DoPause, quick, reason("weather", ""), plantroom.CodeConflict, "person:zhao has asked for a pause (no_access)"},
		"agreeing to one's own": {with(func(h *house) { h.must(plantroom.DoPause, zhao, reason("no_access", "photo 7")) }),
			plantroom.DoAgreePause, zhao, nil, plantroom.CodeForbidden, "a second person has to decide"},
		"the firm agreeing": {with(func(h *house) { h.must(plantroom.DoPause, zhao, reason("no_access", "photo 7")) }),
			plantroom.DoAgreePause, quick, nil, plantroom.CodeForbidden, "a manager or an engineer of the estate"},
		"a technician agreeing": {with(func(h *house) { h.must(plantroom.DoPause, quick, reason("no_access", "photo 7")) }),
			plantroom.DoAgreePause, "person:li", nil, plantroom.CodeForbidden, "a manager or an engineer of the estate"},
		"agreeing to nothing":    {nil, plantroom.DoAgreePause, lin, nil, plantroom.CodeTransition, "no pause waits for a second person"},
		"continuing what runs":   {nil, plantroom.DoContinue, quick, nil, plantroom.CodeTransition, "does not pause"},
		"what is late by itself": {with(func(h *house) { h.pass(40 * time.Minute) }), plantroom.DoPause, quick, reason("weather", ""), plantroom.CodeForbidden, "restore is breached"},
		"with a life at stake": {with(func(h *house) {
			h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity = plantroom.Life })
		}), plantroom.DoPause, quick, reason("weather", ""), plantroom.CodeForbidden, "a life is at stake"},
	} {
		t.Run(name, func(t *testing.T) {
			h := accepted(t)
			if c.before != nil {
				c.before(h)
			}
			before := h.everything()
			edit := c.edit
			if edit == nil {
				edit = func(*dispatch.Command) {}
			}
			_, err := h.do(c.do, c.actor, edit)
			h.wantCode(err, c.code)
			if !strings.Contains(plantroom.MessageOf(err), c.says) {
				t.Errorf("says %q, want %q", plantroom.MessageOf(err), c.says)
			}
			if h.everything() != before {
				t.Error("refused, and something changed")
			}
		})
	}
}

func TestPressingTwiceIsPressingOnce(t *testing.T) {
	h := accepted(t)
	for _, press := range []struct {
		do    plantroom.OrderAction
		actor string
	}{{plantroom.DoPause, quick}, {plantroom.DoAgreePause, zhao}, {plantroom.DoContinue, zhao}} {
		h.must(press.do, press.actor, reason("no_access", "photo 7"))
		before := h.everything()
		h.must(press.do, press.actor, reason("no_access", "photo 7"))
		if h.everything() != before {
			t.Errorf("the second %s changed something", press.do)
		}
	}
}

func TestWhatEndsAPause(t *testing.T) {
	for name, end := range map[string]func(*house){
		"the acceptance is taken back": func(h *house) { h.must(plantroom.DoUnacknowledge, quick) },
		"it is said to be fixed":       func(h *house) { h.must(plantroom.DoFix, quick) },
		"it is declined":               func(h *house) { h.must(plantroom.DoDecline, quick) },
		"it grows graver": func(h *house) {
			h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity = plantroom.High })
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := accepted(t)
			h.must(plantroom.DoPause, quick, reason("weather", ""))
			h.pass(time.Hour)
			end(h)
			o := h.order()
			for _, c := range o.Clocks {
				if c.State == plantroom.ClockPaused {
					t.Errorf("still pauses: %+v", c)
				}
			}
			if o.Pause() != nil {
				t.Errorf("%+v", o.Pauses)
			}
			h.wholeLedger()
		})
	}
}

func TestARepairThatIsProvedInAPauseKeptTheWindow(t *testing.T) {
	h := accepted(t)
	h.must(plantroom.DoPause, quick, reason("weather", ""))
	h.pass(5 * time.Hour)
	h.cleared()
	h.proved(h.now)
	h.wantClock(plantroom.Restore, plantroom.ClockMet)
	h.wantState(plantroom.Verified)
	if o := h.order(); o.Pause() != nil {
		t.Error("it pauses for ever")
	}
}

func TestAWindowOnACalendarEndsInOfficeHours(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Calendars = []plantroom.Calendar{{ID: "office", Hours: []plantroom.Hours{{Start: 9 * hour, End: 17 * hour,
			Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}}}}}
		for i := range e.Contracts {
			for j := range e.Contracts[i].Windows {
				if w := &e.Contracts[i].Windows[j]; w.Clock == plantroom.Restore {
					w.Calendar, w.Length = "office", 10*hour
				}
			}
		}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault") // Monday, 10:00
	if c := h.clock(plantroom.Restore); c.Due != start.Add(26*time.Hour) || c.Calendar != "office" {
		t.Errorf("due %s, want Tuesday at noon: %+v", c.Due, c)
	}
}

func TestACalendarThatContractsNameHasToExist(t *testing.T) {
	e := estate()
	e.Contracts[0].Windows[0].Calendar = "office"
	_, err := dispatch.New(dispatch.Options{Estate: e, Domains: []plantroom.Domain{lifts()}})
	if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "contract quicklift-2026 names the unknown calendar office") {
		t.Errorf("got %v", err)
	}
}

func TestAClockThatWasKeptInAPauseRunsAgainWhenThatIsTakenBack(t *testing.T) {
	for name, ended := range map[string]bool{"in the pause": false, "after the pause": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(e *plantroom.Estate) {
				e.Contracts[0].Pauses[0].Second = false
				e.Contracts = e.Contracts[:1] // nobody else can take it
			})
			h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
			h.pass(2 * time.Minute)
			h.must(plantroom.DoAcknowledge, quick)
			h.must(plantroom.DoPause, quick, reason("no_access", "photo 7")) // 13 of 15 minutes are left to come
			h.pass(time.Minute)
			h.must(plantroom.DoArrive, quick)
			h.pass(time.Minute)
			over := h.now
			if ended {
				h.must(plantroom.DoContinue, quick)
				h.pass(time.Minute)
			}
			h.must(plantroom.DoDecline, quick)
			if c := h.clock(plantroom.Attend); c.State != plantroom.ClockRunning || c.Due != over.Add(13*time.Minute) {
				t.Errorf("%s, due %s, want %s", c.State, c.Due, over.Add(13*time.Minute))
			}
			h.pass(time.Hour)
			h.wantClock(plantroom.Attend, plantroom.ClockBreached)
			h.wholeLedger()
		})
	}
}

func TestATransferThereAndBackLeavesWhatAPauseHasPutOff(t *testing.T) {
	for name, left := range map[string]time.Duration{"before any mark": 28 * time.Minute, "after the half": 10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			h := accepted(t)
			h.pass(28*time.Minute - left)
			h.must(plantroom.DoPause, quick, reason("weather", ""))
			h.pass(time.Hour)
			h.must(plantroom.DoContinue, quick)
			due := h.now.Add(left)
			h.must(plantroom.DoTransfer, lin, give("grandlift", "the drive is under warranty"))
			h.must(plantroom.DoTransfer, lin, give("quicklift", "it is not"))
			if c := h.clock(plantroom.Restore); c.State != plantroom.ClockRunning || c.Due != due {
				t.Errorf("restore is %s, due %s, want %s: the pause was within the contract", c.State, c.Due, due)
			}
			h.wholeLedger()
		})
	}
}

func TestAPauseThatHasJustEndedByItselfIsNotEndedAgain(t *testing.T) {
	h := accepted(t)
	h.must(plantroom.DoPause, quick, reason("no_access", "photo 7"))
	h.must(plantroom.DoAgreePause, zhao)
	over := h.now.Add(time.Hour)
	h.sleep(time.Hour) // nobody has looked yet
	_, err := h.do(plantroom.DoContinue, quick)
	h.wantCode(err, plantroom.CodeTransition)
	h.tick()
	if p := h.order().Pauses[0]; p.Ended != over || p.EndedBy != "system" {
		t.Errorf("%+v", p)
	}
	h.wholeLedger()
}
