package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// asleep gives Lin, the manager, quiet hours from nine to noon, an hour in which
// every test begins, below a severity.
func asleep(below plantroom.Severity) func(*plantroom.Estate) {
	return func(e *plantroom.Estate) {
		e.People[0].Quiet = plantroom.Quiet{Hours: []plantroom.Hours{{Start: 9 * hour, End: 12 * hour}}, Below: below}
	}
}

var noon = plantroom.At(time.Date(2026, 3, 2, 12, 0, 0, 0, time.FixedZone("CST", 8*3600)))

func TestInQuietHoursACallWaitsAndTheLedgerSaysSo(t *testing.T) {
	h := newHouse(t, asleep(plantroom.High))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(35 * time.Minute) // restore is breached
	c := h.call("clock.breached", "person:lin")
	if c.NextTry != noon || c.State != plantroom.CallPending {
		t.Errorf("the call to Lin goes out at %v, want %v", c.NextTry, noon)
	}
	if !strings.HasSuffix(c.Subject, "restore was due 10:30 (of 10:30, held in quiet hours)") {
		t.Errorf("the call does not say of when it is: %s", c.Subject)
	}
	if c := h.call("order.dispatched", "contractor:quicklift"); c.NextTry != c.Created {
		t.Error("the firm has no quiet hours, and its call waits")
	}
	if !slices.Contains(h.rows(), "call.held") {
		t.Errorf("the ledger does not say that a call waits: %q", h.rows())
	}
	h.wholeLedger()
}

func TestFromTheirSeverityOnQuietHoursHoldNothing(t *testing.T) {
	for severity, below := range map[plantroom.Severity]plantroom.Severity{plantroom.High: plantroom.High, plantroom.Medium: plantroom.Medium} {
		h := newHouse(t, asleep(below))
		h.open("lift.fault", "b1-l1", severity, "door_close_fault")
		h.pass(35 * time.Minute)
		if c := h.call("clock.breached", "person:lin"); c.NextTry != c.Created {
			t.Errorf("%s, quiet below %s: the call waits until %v", severity, below, c.NextTry)
		}
	}
}

// Whatever the file says, and for every severity that it could say.
func TestNoHourIsQuietWhereALifeDependsOnIt(t *testing.T) {
	for _, below := range []plantroom.Severity{plantroom.NoSeverity, plantroom.Low, plantroom.High, plantroom.Life, plantroom.Life + 1} {
		h := newHouse(t, asleep(below), func(e *plantroom.Estate) {
			for i := range e.People {
				e.People[i].Quiet = e.People[0].Quiet
			}
		})
		h.open("lift.entrapment", "b1-l1", plantroom.Life, "trapped")
		h.pass(45 * time.Minute)
		h.view(func(tx plantroom.Tx) error {
			list, err := tx.CallsOf(h.order().ID)
			for _, c := range list {
				if c.NextTry != c.Created {
					t.Errorf("below %s: %s to %s waits until %v", below, c.Kind, c.Who, c.NextTry)
				}
			}
			if len(list) < 4 {
				t.Errorf("only %d calls went out", len(list))
			}
			return err
		})
	}
}

func TestTheRepeatsOfANightAreOneCallInTheMorning(t *testing.T) {
	h := newHouse(t, asleep(plantroom.High), func(e *plantroom.Estate) {
		e.Ladders[0].Levels = []plantroom.Level{{After: minute, People: []plantroom.PersonID{"lin"}, Repeat: minute}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(30 * time.Minute)
	if n := h.count("ladder.call to person:lin"); n != 1 {
		t.Errorf("%d calls wait for the morning, want 1", n)
	}
	h.sleep(noon.Sub(h.now) + time.Minute)
	h.tick()
	if n := h.count("ladder.call to person:lin"); n != 2 {
		t.Errorf("after the quiet hours the ladder has called %d times in all, want 2", n)
	}
}

func TestWhoeverIsOnDutyHasNoQuietHours(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.People[2].Quiet = plantroom.Quiet{Hours: []plantroom.Hours{{Start: 9 * hour, End: 12 * hour}}, Below: plantroom.Life}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(4 * time.Minute)
	if c := h.call("ladder.call", "person:li"); c.NextTry != c.Created {
		t.Errorf("Li is on duty, and the call waits until %v", c.NextTry)
	}
}

func TestTheSeverityChoosesTheChannelsAndNeverNone(t *testing.T) {
	reach := func(e *plantroom.Estate) {
		e.Contractors[0].Channels = []plantroom.Address{{Channel: "voice", To: "+1", Severity: plantroom.Life}, {Channel: "sms", To: "+1", Severity: plantroom.High}, {Channel: "email", To: "a@b"}}
	}
	for severity, want := range map[plantroom.Severity]string{plantroom.Low: "email", plantroom.Medium: "email", plantroom.High: "sms email", plantroom.Life: "voice sms email"} {
		h := newHouse(t, reach)
		h.open("lift.fault", "b1-l1", severity, "door_close_fault")
		c := h.call("order.dispatched", "contractor:quicklift")
		got := []string{c.Channel}
		for _, a := range c.Fallback {
			got = append(got, a.Channel)
			if a.Severity != plantroom.NoSeverity {
				t.Errorf("%+v keeps its severity, which a call has no use for", a)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s goes to %s, want %s", severity, s, want)
		}
	}
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contractors[0].Channels = []plantroom.Address{{Channel: "voice", To: "+1", Severity: plantroom.Life}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Low, "door_close_fault")
	if c := h.call("order.dispatched", "contractor:quicklift"); c.Channel != "voice" {
		t.Errorf("a firm with one channel is not called: %+v", c)
	}
}

func TestACallThatWaitsGoesOutWhenALifeComesToDependOnTheOrder(t *testing.T) {
	night := func(e *plantroom.Estate) {
		e.People[1].Quiet = plantroom.Quiet{Hours: []plantroom.Hours{{Start: 9 * hour, End: 12 * hour}}, Below: plantroom.High} // zhao, on the ladder and no manager
	}
	for name, grave := range map[string]func(*house, plantroom.WorkOrder){
		"it grows graver": func(h *house, _ plantroom.WorkOrder) {
			h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity = plantroom.Life })
		},
		"a grave one is merged into it": func(h *house, o plantroom.WorkOrder) {
			trapped := h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
			if _, err := h.on(trapped.ID, plantroom.DoMerge, lin, with(o.ID, "one door, one fault")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, night)
			o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
			in := h.in
			h.pass(9 * time.Minute) // nobody has accepted it, and zhao is called once
			if c := h.call("ladder.call", "person:zhao"); c.NextTry != noon {
				t.Fatalf("the call goes out at %s", c.NextTry)
			}
			grave(h, o)
			h.in = in
			if c := h.call("ladder.call", "person:zhao"); c.NextTry != h.now {
				t.Errorf("people are trapped, nobody has accepted, and zhao is called at %s", c.NextTry)
			}
		})
	}
}

func TestTwoWindowsThatEndInOneNightAreTwoCalls(t *testing.T) {
	h := newHouse(t, asleep(plantroom.High))
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.pass(6 * time.Minute) // quicklift has not answered in time
	h.must(plantroom.DoTransfer, lin, give("grandlift", "nobody answers"))
	h.pass(16 * time.Minute) // nor has grandlift
	if n := h.count("clock.breached to person:lin"); n != 2 {
		t.Errorf("in the morning Lin hears of %d windows to acknowledge that were missed, want 2: %q", n, h.calls())
	}
}
