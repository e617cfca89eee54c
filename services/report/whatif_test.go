package report_test

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/report"

	"pgregory.net/rapid"
)

// whatIf tries contracts on the whole of 2026.
func (h *house) whatIf(ids ...plantroom.ContractID) report.Comparison {
	h.t.Helper()
	from := plantroom.At(time.Date(2026, 1, 1, 0, 0, 0, 0, h.house.Zone))
	to := plantroom.At(time.Date(2027, 1, 1, 0, 0, 0, 0, h.house.Zone))
	var past report.Past
	err := h.store.View(context.Background(), func(tx plantroom.Tx) (err error) {
		past, err = h.house.Past(tx, from, to, h.now)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	offers, err := h.house.Offers(ids)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := h.house.Compare(past, offers, 30*time.Minute)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestTheSameFaultIsRepairedSoonerByWhoIsThere(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[0], e.Contracts[1] = e.Contracts[1], e.Contracts[0] })
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoDecline, quick) // it was the maker's then
	h.repair(grand, time.Minute, 99*time.Minute, 20*time.Minute)
	c := h.whatIf("grand-26", "quick-26")
	was, maker, firm := c.Recorded, c.Results[0], c.Results[1]
	if was.Median != plantroom.Duration(2*time.Hour) || was.WithinGoal != 0 {
		t.Errorf("as it was: %+v", was)
	}
	if maker.Median != plantroom.Duration(2*time.Hour+20*time.Minute) || maker.WithinGoal != 0 || maker.Missed[plantroom.Attend] != 0 || maker.Total != 290_800_00 {
		t.Errorf("the maker, two hours away: %+v", maker)
	}
	if firm.Median != 23*minute || firm.WithinGoal != 1 || firm.Kept[plantroom.Restore] != 1 || firm.Penalties != 0 || firm.Total != 190_000_00+50_00+30_00 {
		t.Errorf("the firm, three minutes away and twenty at work: %+v", firm)
	}
}

func TestOneTechnicianSeesToOneLiftAtATime(t *testing.T) {
	h := newHouse(t)
	for _, lift := range []plantroom.AssetID{"l1", "l2", "l3"} {
		h.open(lift, plantroom.Medium, "door_close_fault")
	}
	at := h.now.Add(10 * time.Minute)
	for _, lift := range []plantroom.AssetID{"l1", "l2", "l3"} { // all three in the same hour, as nobody could
		h.in = plantroom.Incident{ID: plantroom.NewIncidentID("lift.fault", lift, start), Rule: "lift.fault", Asset: lift, Domain: "lifts", Building: "b1",
			Episode: start, State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Opened: start, Needed: 3}
		h.now = start.Add(time.Minute)
		who := quick
		h.update(func(tx plantroom.Tx) error {
			o, err := tx.OrderOf(h.in.ID)
			who = "contractor:" + string(o.Contractor)
			return err
		})
		h.must(plantroom.DoAcknowledge, who)
		h.must(plantroom.DoArrive, who)
		h.now = at.Add(51 * time.Minute)
		h.proved(h.now)
	}
	r := h.whatIf("quick-26").Results[0]
	// Two go at once and work an hour; the third lift waits for one of them: 3 + 60 + 3 + 60.
	if r.Longest != plantroom.Duration(126*time.Minute) || r.Median != 63*minute || r.Missed[plantroom.Restore] != 3 || r.Visits != 3 || r.Hours != 3*hour {
		t.Errorf("%+v", r)
	}
}

func TestNobodyComesBeforeTheRosterSaysSo(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) { e.Contracts[1].Travel = 30 * minute })
	h.now = plantroom.At(time.Date(2026, 3, 7, 12, 0, 0, 0, h.house.Zone)) // a Saturday
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 4*time.Minute, 15*time.Minute)
	r := h.whatIf("grand-26").Results[0]
	want := time.Date(2026, 3, 9, 8, 30, 0, 0, h.house.Zone).Sub(time.Date(2026, 3, 7, 12, 0, 0, 0, h.house.Zone))
	if r.Arrival != plantroom.Duration(want) || r.Missed[plantroom.Attend] != 1 || r.Missed[plantroom.Restore] != 1 || r.Penalties != 10_00 {
		t.Errorf("%+v, want an arrival after %s", r, want)
	}
}

func TestWhatWentByItselfGoesByItselfUnderAnyContract(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(40 * time.Minute)
	h.proved(h.now)
	c := h.whatIf("quick-26", "grand-26")
	firm, maker := c.Results[0], c.Results[1]
	if firm.Longest != 40*minute || maker.Longest != 40*minute {
		t.Errorf("%s and %s, want 40m", firm.Longest, maker.Longest)
	}
	// Somebody on the estate is there before, and has to stay; somebody from afar turns back.
	if firm.Visits != 1 || firm.Kept[plantroom.Attend] != 1 || firm.Kept[plantroom.Acknowledge] != 1 || maker.Visits != 0 || maker.Missed[plantroom.Attend] != 0 || maker.CallOuts != 0 {
		t.Errorf("%+v\n%+v", firm, maker)
	}
}

func TestWhatWasCancelledIsLeftOutAndSaid(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoCancel, lin)
	h.open("l2", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, time.Minute)
	c := h.whatIf("quick-26")
	var b strings.Builder
	if err := c.Text(&b, h.house.Zone); err != nil || c.Unproved != 1 || c.Recorded.Covered != 1 || !strings.Contains(b.String(), "Left out: 1 that were cancelled or are not repaired yet.") {
		t.Errorf("%v\n%s", err, &b)
	}
}

func TestAContractIsTriedOnWhatItCovers(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		other := e.Contracts[0]
		other.ID, other.Domains = "leaks-26", []plantroom.DomainName{"leaks"}
		e.Contracts = append(e.Contracts, other)
	})
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, time.Minute)
	if c := h.whatIf("leaks-26"); c.Recorded.Covered != 0 || c.Results[0].Covered != 0 {
		t.Errorf("%+v", c)
	}
	if c := h.whatIf("leaks-26", "quick-26"); c.Recorded.Covered != 1 || c.Results[0].Uncovered != 1 || c.Results[1].Covered != 1 {
		t.Errorf("%+v", c)
	}
}

func TestAMonthsPenaltiesAreBoundedInAWhatIfToo(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Contracts[1].Travel, e.Contracts[1].Penalties[0].Amount = 9*hour, 700_00
		e.Contracts[1].Cap = plantroom.PenaltyCap{Amount: 1000_00}
	})
	for range 3 { // in March
		h.open("l1", plantroom.Medium, "door_close_fault")
		h.repair(quick, time.Minute, time.Minute, time.Minute)
		h.pass(48 * time.Hour)
	}
	h.pass(40 * 24 * time.Hour)
	h.open("l1", plantroom.Medium, "door_close_fault") // in April
	h.repair(quick, time.Minute, time.Minute, time.Minute)
	if r := h.whatIf("grand-26").Results[0]; r.Missed[plantroom.Attend] != 4 || r.Penalties != 1700_00 {
		t.Errorf("%+v", r)
	}
}

func TestAFaultThatWouldHaveBeenOverBeforeItGrewGraverDidNot(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.pass(2 * time.Hour)
	h.in.Severity = plantroom.Life
	h.event(plantroom.IncidentWorsened)
	h.repair(quick, time.Minute, time.Minute, 10*time.Minute)
	r := h.whatIf("quick-26").Results[0]
	// Nobody answered for two hours, and that stands; whoever is there answers.
	if r.Longest != 13*minute || r.Kept[plantroom.Restore] != 1 || r.Kept[plantroom.Acknowledge] != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAWhatIfSaysWhatItAssumes(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 4*time.Minute, 15*time.Minute)
	var text, page strings.Builder
	c := h.whatIf("quick-26", "grand-26")
	if err := c.Text(&text, h.house.Zone); err != nil {
		t.Fatal(err)
	}
	if err := c.Markdown(&page, h.house.Zone); err != nil {
		t.Fatal(err)
	}
	for _, a := range c.Assumptions {
		if !strings.Contains(text.String(), a) || !strings.Contains(page.String(), a) {
			t.Errorf("%q is not said", a)
		}
	}
	if !slices.ContainsFunc(strings.Split(text.String(), "\n"), func(l string) bool {
		return strings.HasPrefix(l, "over within 30m") && strings.Contains(l, "1 of 1 (100 %)  1 of 1 (100 %)    0 of 1 (0 %)")
	}) {
		t.Error(text.String())
	}
}

// Whatever happened: a window is kept or missed, money adds up, and the same past
// gives the same answer. Nobody is in two places.
func TestAReplayAddsUpAndIsTheSameEachTime(t *testing.T) {
	h := newHouse(t)
	offers, err := h.house.Offers([]plantroom.ContractID{"quick-26", "grand-26"})
	if err != nil {
		t.Fatal(err)
	}
	anew := offers[0]
	anew.Contract.Anew = true
	offers = append(offers, anew)
	rapid.Check(t, func(t *rapid.T) {
		past := drawnPast(t)
		lifts := map[plantroom.AssetID]bool{}
		for _, c := range past.Cases {
			lifts[c.Asset] = true
		}
		for i := range offers {
			r, err := h.house.Replay(&past, &offers[i], 30*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			again, _ := h.house.Replay(&past, &offers[i], 30*time.Minute)
			if !reflect.DeepEqual(r, again) {
				t.Fatalf("%+v\n%+v", r, again)
			}
			if r.Total != r.Fixed+r.CallOuts+r.Work-r.Penalties || r.Covered != len(past.Cases) || r.Visits > r.Covered || r.Penalties < 0 {
				t.Fatalf("%+v", r)
			}
			goesOn := offers[i].Contract.Reopen > 0 && !offers[i].Contract.Anew
			if n := r.Kept[plantroom.Restore] + r.Missed[plantroom.Restore]; n > len(past.Cases) || n < len(lifts) || !goesOn && n != len(past.Cases) {
				t.Fatalf("%d of %d faults have kept or missed their window to restore", n, len(past.Cases))
			}
			if r.Median > r.P95 || r.P95 > r.Longest || r.Longest > r.Downtime {
				t.Fatalf("%+v", r)
			}
			if most := time.Duration(len(offers[i].Contractor.Technicians)) * past.To.Sub(past.From); time.Duration(r.Hours) > most+48*time.Hour*2 {
				t.Fatalf("%s of work by %d people in %s", r.Hours, len(offers[i].Contractor.Technicians), past.To.Sub(past.From))
			}
		}
	})
}

// drawnPast is a month with any faults.
func drawnPast(t *rapid.T) report.Past {
	length := func(name string, most time.Duration) time.Duration {
		return time.Duration(rapid.Int64Range(int64(time.Second), int64(most)).Draw(t, name))
	}
	past := report.Past{From: start, To: start.Add(30 * 24 * time.Hour)}
	at := start
	for n := range rapid.IntRange(1, 30).Draw(t, "faults") {
		at = at.Add(length("gap", 20*time.Hour))
		c := report.Case{Order: "wo-000001", Incident: plantroom.IncidentID(rune('a' + n)), Asset: rapid.SampledFrom([]plantroom.AssetID{"l1", "l2", "l3"}).Draw(t, "lift"),
			Building: "b1", Domain: "lifts", Rule: "lift.fault", Occurred: at, Raised: at.Add(length("late", time.Minute)), Answer: -1}
		c.Severity = []report.Rise{{At: c.Raised, Severity: plantroom.Severity(rapid.IntRange(1, 4).Draw(t, "severity"))}}
		if c.Raised > past.To {
			break
		}
		if rapid.Bool().Draw(t, "answered") {
			c.Answer = plantroom.Duration(length("answer", time.Hour))
		}
		c.Proved = c.Raised.Add(length("it takes", 48*time.Hour))
		if rapid.Bool().Draw(t, "somebody came") {
			c.Arrived = c.Raised.Add(c.Proved.Sub(c.Raised) / 2)
		}
		past.Cases = append(past.Cases, c)
	}
	return past
}

func TestWhoIsAtALiftSeesToItsOtherFaultsToo(t *testing.T) {
	h := newHouse(t)
	for _, rule := range []func(){func() { h.open("l1", plantroom.Medium, "door_close_fault") }, func() { h.trapped("l1") }} {
		rule()
		h.must(plantroom.DoAcknowledge, quick)
		h.must(plantroom.DoArrive, quick)
		h.now = start.Add(time.Hour)
		h.proved(h.now)
		h.now = start.Add(time.Minute)
	}
	r := h.whatIf("quick-26").Results[0]
	if r.Covered != 2 || r.Visits != 1 || r.CallOuts != 50_00 || r.Hours != plantroom.Duration(time.Hour) {
		t.Errorf("%+v", r)
	}
}

func TestWhatNoOfferCoversCountsInNoColumn(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Buildings = append(e.Buildings, plantroom.Building{ID: "b2", Floors: 3})
		e.Contracts[1].Buildings = []plantroom.BuildingID{"b2"}
	})
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, time.Minute, time.Minute)
	h.open("l2", plantroom.Medium, "door_close_fault")
	h.must(plantroom.DoCancel, lin)
	if c := h.whatIf("grand-26"); c.Recorded.Covered != 0 || len(c.Recorded.Kept) != 0 || c.Unproved != 0 {
		t.Errorf("the faults of b1 beside an offer for b2: %+v, %d left out", c.Recorded, c.Unproved)
	}
	if c := h.whatIf("grand-26", "quick-26"); c.Recorded.Covered != 1 || c.Recorded.Kept[plantroom.Restore] != 1 || c.Unproved != 1 {
		t.Errorf("beside an offer for both: %+v, %d left out", c.Recorded, c.Unproved)
	}
}

func TestAnOrderThatCarriedAnotherOneOnLastedUntilBothWereProved(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	first := h.in
	h.open("l2", plantroom.Medium, "door_close_fault")
	second := h.in
	h.must(plantroom.DoMerge, lin, func(c *dispatch.Command) { c.Other = "wo-000001" })
	h.in = first
	h.repair(quick, time.Minute, time.Minute, 8*time.Minute)
	h.pass(50 * time.Minute)
	h.in = second
	h.proved(h.now)
	h.pass(time.Hour) // it is closed, and read without its rows
	if r := h.whatIf("quick-26").Recorded; r.Covered != 1 || r.Longest != hour {
		t.Errorf("%d faults, the longest of %s, want one of 1h", r.Covered, r.Longest)
	}
}

func TestAFaultOfTheLastDayLastsAsLongInEveryColumn(t *testing.T) {
	h := newHouse(t)
	h.open("l1", plantroom.Medium, "door_close_fault")
	h.repair(quick, time.Minute, 2*time.Minute, 3*time.Hour)
	var past report.Past
	to := start.Add(time.Hour) // the comparison ends while the repair goes on
	err := h.store.View(context.Background(), func(tx plantroom.Tx) (err error) {
		past, err = h.house.Past(tx, start, to, h.now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	offers, err := h.house.Offers([]plantroom.ContractID{"quick-26"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.house.Compare(past, offers, 30*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := c.Recorded.Longest, c.Results[0].Longest; was != is || was != plantroom.Duration(3*time.Hour+3*time.Minute) {
		t.Errorf("as it was %s, under the same contract %s", was, is)
	}
}
