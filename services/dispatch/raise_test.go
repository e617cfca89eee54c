package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/roster"
)

func TestTheContractorThatCanKeepTheWindowIsChosenOverTheCheaperOne(t *testing.T) {
	h := newHouse(t)
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if o.State != plantroom.Dispatched || o.Contractor != "quicklift" || o.Contract != "quicklift-2026" {
		t.Fatalf("%s with %s", o.State, o.Contractor)
	}
	quick, grand := o.Choice[0], o.Choice[1]
	if !quick.Chosen || !quick.CanMeet || quick.Earliest != start.Add(roster.OnSiteWalk) || quick.Free != 2 || quick.Committed != 30*minute {
		t.Errorf("quicklift: %+v", quick)
	}
	if grand.Chosen || grand.CanMeet || grand.Earliest != start.Add(2*time.Hour) || grand.Due != start.Add(15*time.Minute) {
		t.Errorf("grandlift: %+v, want it judged by the strictest window on the table", grand)
	}
	if !strings.Contains(grand.Reason, "1h45m too late") || !strings.Contains(quick.Reason, "cheapest of those in time") {
		t.Errorf("reasons: %q, %q", quick.Reason, grand.Reason)
	}
}

func TestOfTwoThatAreInTimeTheCheaperIsChosen(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[1].Travel = 10 * minute })
	if o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault"); o.Contractor != "grandlift" {
		t.Errorf("given to %s: %+v", o.Contractor, o.Choice)
	}
}

func TestWhereNobodyCanBeInTimeTheEarliestGoesAndTheManagerHearsAtOnce(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contractors[0].Roster[0].Days = []time.Weekday{time.Sunday} })
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if o.Contractor != "grandlift" || o.Choice[1].CanMeet {
		t.Fatalf("given to %s: %+v", o.Contractor, o.Choice)
	}
	if !strings.Contains(o.Choice[0].Reason, "nobody on duty before Sun 8 Mar 00:00") {
		t.Errorf("quicklift: %s", o.Choice[0].Reason)
	}
	c := h.call("window.cannot_meet", "person:lin")
	if !strings.Contains(c.Subject, "earliest possible 12:00, due 10:15") {
		t.Errorf("the manager reads %q", c.Subject)
	}
}

func TestBusyTechniciansAreNotCountedOn(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contractors[0].Roster[0].People = []plantroom.PersonID{"li"} })
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	o := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault")
	quick := o.Choice[0]
	if quick.Free != 0 || quick.OnDuty != 1 || quick.FreeAt != start.Add(roster.OnSiteWalk+dispatch.JobLength) || quick.Earliest != quick.FreeAt.Add(roster.OnSiteWalk) || quick.CanMeet {
		t.Errorf("%+v", quick)
	}
	if !strings.Contains(quick.Reason, "all 1 on duty busy, the first free about 10:48, after wo-000001, is on the estate: there by 10:51, 36m too late") {
		t.Errorf("reason %q", quick.Reason)
	}
}

func TestATechnicianWhoHasRestoredIsFreeAgain(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, "contractor:quicklift")
	h.must(plantroom.DoFix, "contractor:quicklift")
	if o := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault"); o.Choice[0].Free != 2 {
		t.Errorf("%d free, want both", o.Choice[0].Free)
	}
}

func TestARaisedOrderIsDispatchedInOneTransactionWithItsRowsAndItsCall(t *testing.T) {
	h := newHouse(t)
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if got, want := h.rows(), []string{"order.raise", "order.dispatch"}; !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
	c := h.call("order.dispatched", "contractor:quicklift")
	if c.Channel != "webhook" || len(c.Fallback) != 1 || c.Fallback[0].Channel != "mqtt" {
		t.Errorf("first %s, then %v; want the channels in the contractor's order", c.Channel, c.Fallback)
	}
	e := h.body(c)
	if e.SpecVersion != "1.0" || e.ID != string(c.ID) || e.Type != "plantroom.order.dispatched" || e.Subject != string(o.ID) || e.Source != "urn:plantroom:story" {
		t.Errorf("not the CloudEvent it should be: %+v", e)
	}
	if e.Data.JobLink != "https://plantroom.example.net/job/wo-000001~quicklift~1" {
		t.Errorf("job link %q", e.Data.JobLink)
	}
	if e.Data.Order.Cause != "door_close_fault" || e.Data.Asset.Building.En != "Block 1" || !e.Data.Window.Chosen || len(e.Data.Clocks) != 3 || len(e.Data.Playbook) != 1 {
		t.Errorf("data %+v", e.Data)
	}
	if !strings.Contains(c.Subject, "Lift 1") || !strings.Contains(c.Subject, "attend by 10:15, restore by 10:30") {
		t.Errorf("subject %q", c.Subject)
	}
	h.wholeLedger()
}

func TestTheClocksRunFromTheirOwnStarts(t *testing.T) {
	h := newHouse(t)
	h.in = plantroom.Incident{ID: "inc-late", Rule: "lift.fault", Asset: "b1-l1", Domain: "lifts", Building: "b1",
		Episode: start.Add(-10 * time.Minute), State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Opened: start}
	h.event(plantroom.IncidentOpened)
	for kind, due := range map[plantroom.ClockKind]plantroom.Instant{
		plantroom.Acknowledge: start.Add(5 * time.Minute),
		plantroom.Attend:      start.Add(15 * time.Minute),
		plantroom.Restore:     start.Add(20 * time.Minute), // from the onset, in source time
	} {
		if got := h.clock(kind).Due; got != due {
			t.Errorf("%s is due at %s, want %s", kind, got, due)
		}
	}
}

func TestWithoutAContractTheOrderStaysRaisedAndTheManagerHears(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts = nil })
	o := h.open("lift.entrapment", "b1-l1", plantroom.Life, "entrapment")
	if o.State != plantroom.Raised || o.Contractor != "" || len(o.Choice) != 0 {
		t.Fatalf("%s with %q", o.State, o.Contractor)
	}
	h.call("order.uncovered", "person:lin")
	if c := h.clock(plantroom.Attend); c.Window != 30*minute || !strings.HasPrefix(c.Basis, "profile cn-urban") {
		t.Errorf("attend %+v: the law's window holds without a contract", c)
	}
	h.pass(31 * time.Minute)
	h.call("clock.breached", "person:lin")
}

func TestASilentGatewayIsAMatterForWhoeverLooksAfterDevices(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0].Domains = append(e.Contracts[0].Domains, "devices") })
	h.in = plantroom.Incident{ID: "inc-gw", Rule: "gateway.silent", Asset: "gw-b1", Domain: "devices", Building: "b1",
		Episode: start, State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "monitor_offline", Opened: start}
	h.event(plantroom.IncidentOpened)
	if o := h.order(); o.Contractor != "quicklift" || len(o.Clocks) != 3 {
		t.Errorf("with %q, %d clocks", o.Contractor, len(o.Clocks))
	}
}

func TestTheSameEventTwiceIsOneOrder(t *testing.T) {
	h := newHouse(t)
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	before := h.everything()
	h.event(plantroom.IncidentOpened)
	if h.everything() != before {
		t.Error("the second telling of the same event changed something")
	}
}

func TestARepeatWithinTheReopeningTimeContinuesTheSameOrder(t *testing.T) {
	h := newHouse(t)
	first := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoAcknowledge, "contractor:quicklift", func(c *dispatch.Command) { c.By = "Li" })
	h.pass(20 * time.Minute)
	h.cleared()
	h.proved(h.now)
	h.pass(3 * time.Hour)
	h.wantState(plantroom.Closed)

	old := h.in.ID
	again := h.open("lift.fault", "b1-l1", plantroom.High, "drive_motor_fault")
	if again.ID != first.ID || again.Reopens != 1 || again.State != plantroom.Dispatched || !slices.Equal(again.Earlier, []plantroom.IncidentID{old}) {
		t.Fatalf("%s, reopened %d times, %s, earlier %q", again.ID, again.Reopens, again.State, again.Earlier)
	}
	if again.Raised != first.Raised || again.Link != 2 || again.By != "" || again.Severity != plantroom.High || !again.Acknowledged.IsZero() {
		t.Errorf("%+v", again)
	}
	if c := again.Clock(plantroom.Attend); c.State != plantroom.ClockRunning || c.Started != h.now || !strings.Contains(c.Basis, "afresh after reopen 1") {
		t.Errorf("attend %+v: want it afresh, and saying so", c)
	}
	if n := h.count("order.dispatched to contractor:quicklift"); n != 2 {
		t.Errorf("dispatched %d times, want once for each round", n)
	}
	if !slices.Contains(h.rows(), "order.reopen") {
		t.Errorf("rows %q", h.rows())
	}
}

func TestARepairThatDidNotLastStaysWithWhoMadeIt(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contractors[0].Roster[0].People = []plantroom.PersonID{"li"}
		e.Contracts[1].Travel, e.Contracts[1].Price.CallOut = 10*minute, 100000
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.cleared()
	h.proved(h.now)
	if o := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault"); o.Contractor != "quicklift" {
		t.Fatalf("the other lift's order is with %s", o.Contractor)
	}
	h.pass(time.Minute)
	o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	if o.Contractor != "quicklift" || !o.Choice[0].Chosen || o.Choice[0].CanMeet || o.Choice[1].Chosen || !o.Choice[1].CanMeet {
		t.Errorf("with %s: %+v; want it with quicklift, although only grandlift could be in time", o.Contractor, o.Choice)
	}
	h.call("window.cannot_meet", "person:lin")
}

func TestARepeatAfterTheReopeningTimeIsANewOrder(t *testing.T) {
	h := newHouse(t)
	first := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	h.cleared()
	h.proved(h.now)
	h.pass(4*time.Hour + time.Second)
	if o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault"); o.ID == first.ID || o.Reopens != 0 {
		t.Errorf("got %s again", o.ID)
	}
}

func TestAnEstateInWhichNobodyCouldBeCalledIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*plantroom.Estate){
		"no manager":              func(e *plantroom.Estate) { e.People[0].Role = "engineer" },
		"manager has no address":  func(e *plantroom.Estate) { e.People[0].Channels = nil },
		"contractor unknown":      func(e *plantroom.Estate) { e.Contracts[0].Contractor = "gone" },
		"contractor no address":   func(e *plantroom.Estate) { e.Contractors[0].Channels = nil },
		"ladder unknown":          func(e *plantroom.Estate) { e.Contracts[0].Ladder = "gone" },
		"ladder calls a stranger": func(e *plantroom.Estate) { e.Ladders[0].Levels[1].People[0] = "gone" },
		"ladder calls the deaf":   func(e *plantroom.Estate) { e.Ladders[0].Levels[1].People[0] = "wu" },
		"ladder calls no firm":    func(e *plantroom.Estate) { e.Ladders[0].Levels[0].OnDuty = "gone" },
		"ladder out of order":     func(e *plantroom.Estate) { e.Ladders[0].Levels[0].After = hour },
		"zone unknown":            func(e *plantroom.Estate) { e.Zone = "Asia/Atlantis" },
		"profile unknown":         func(e *plantroom.Estate) { e.Profile = "atlantis" },
	} {
		e := estate()
		spoil(&e)
		if _, err := dispatch.New(dispatch.Options{Estate: e}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
