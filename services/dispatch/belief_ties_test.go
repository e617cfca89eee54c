package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// Whose word it is that comes late: of an order that carries another one on there
// are several sensors, and of a part it is that of the whole.

// twoGateways puts each lift behind a gateway of its own.
func twoGateways(e *plantroom.Estate) {
	e.Gateways = []plantroom.Gateway{{ID: "gw-1"}, {ID: "gw-2"}}
	e.Devices = []plantroom.Device{{ID: "box-1", Asset: "b1-l1", Gateway: "gw-1"}, {ID: "box-2", Asset: "b1-l2", Gateway: "gw-2"}}
}

// provedOf is a proof of an incident with a source time, heard now.
func (h *house) provedOf(in plantroom.Incident, at plantroom.Instant) {
	h.t.Helper()
	in = h.ended(in)
	in.Proved = at
	h.heard(plantroom.IncidentProved, in)
}

// bothLifts are two orders of one cause, of which that on lift 1 carries the other
// one on; their window to restore ends at half past ten.
func bothLifts(t *testing.T) (h *house, one, two plantroom.Incident) {
	h = newHouse(t, twoGateways)
	first := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	one = h.in
	second := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault")
	two = h.in
	if _, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one supply")); err != nil {
		t.Fatal(err)
	}
	return h, one, two
}

func TestTheLastWordAboutAMergedOrderNeedsAnExcuseOfItsOwn(t *testing.T) {
	for says, c := range map[string]struct {
		away plantroom.AssetID // when the window ended
		met  bool
	}{
		"its gateway was away":                   {"gw-2", true},
		"the gateway of the other lift was away": {"gw-1", false},
		"both were there":                        {"gw-3", false},
	} {
		t.Run(says, func(t *testing.T) {
			h, one, two := bothLifts(t)
			h.pass(15 * time.Minute)
			h.provedOf(one, h.now) // in time
			h.pass(5 * time.Minute)
			h.away(c.away, 25*time.Minute)
			h.provedOf(two, start.Add(28*time.Minute))
			o := h.read("wo-000001")
			k := o.Clock(plantroom.Restore)
			if o.State != plantroom.Verified || (k.State == plantroom.ClockMet) != c.met {
				t.Fatalf("%s, %+v", o.State, *k)
			}
			if want := map[bool]plantroom.Instant{true: start.Add(28 * time.Minute), false: h.now}[c.met]; k.Stopped != want {
				t.Errorf("stopped at %s, want %s", k.Stopped, want)
			}
			h.wholeLedger()
		})
	}
}

func TestEachWordAboutAMergedOrderNeedsAnExcuse(t *testing.T) {
	h, one, two := bothLifts(t)
	h.pass(20 * time.Minute)
	h.away("gw-2", 25*time.Minute)
	h.provedOf(one, start.Add(27*time.Minute)) // heard at 10:45, and its gateway was there all the time
	first := h.now
	h.pass(time.Minute)
	h.provedOf(two, start.Add(28*time.Minute)) // excused
	o := h.read("wo-000001")
	if k := o.Clock(plantroom.Restore); k.State != plantroom.ClockBreached || k.Stopped != first {
		t.Errorf("%+v: want it missed, until the word was heard that nothing excuses", *k)
	}
	if !slices.ContainsFunc(h.ledgerOf("wo-000001"), func(r plantroom.LedgerRow) bool {
		return r.Kind == "clock.disbelieved" && strings.Contains(string(r.Body), `"clock":"restore"`) && strings.Contains(string(r.Body), `"late_by":"18m"`)
	}) {
		t.Error("the ledger does not say that the first word was not believed")
	}
}

func TestAWordThatCameInTimeNeedsNoExcuse(t *testing.T) {
	h, one, two := bothLifts(t)
	h.pass(20 * time.Minute)
	h.provedOf(one, start.Add(2*time.Minute)) // late, and before the window ended
	h.away("gw-2", 25*time.Minute)
	h.provedOf(two, start.Add(28*time.Minute))
	o := h.read("wo-000001")
	if k := o.Clock(plantroom.Restore); k.State != plantroom.ClockMet || k.Stopped != start.Add(28*time.Minute) {
		t.Errorf("%+v", *k)
	}
}

func TestALateWordAboutTheWholeCountsForItsPartWithTheSameExcuse(t *testing.T) {
	for says, c := range map[string]struct {
		away plantroom.AssetID
		met  bool
	}{
		"the gateway of the whole was away":       {"gw-1", true},
		"the gateway of the part's lift was away": {"gw-2", false}, // it brings no news of the whole
		"neither": {"gw-3", false},
	} {
		t.Run(says, func(t *testing.T) {
			h, whole, piece := parted(t, twoGateways)
			h.pass(10 * time.Minute)
			for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
				if _, err := h.on(piece.ID, do, grand); err != nil {
					t.Fatal(err)
				}
			}
			h.away(c.away, 30*time.Minute)
			h.proved(start.Add(29 * time.Minute))
			for _, id := range []plantroom.OrderID{whole.ID, piece.ID} {
				o := h.read(id)
				if k := o.Clock(plantroom.Restore); o.State != plantroom.Verified || (k.State == plantroom.ClockMet) != c.met {
					t.Errorf("%s is %s, %+v", id, o.State, *k)
				}
			}
			h.wholeLedger()
		})
	}
}

func TestAPartThatIsDoneAfterItsWindowStaysMissedWhateverTheSensorSays(t *testing.T) {
	h, whole, piece := parted(t, twoGateways)
	h.pass(10 * time.Minute)
	h.away("gw-1", 30*time.Minute)
	h.proved(start.Add(29 * time.Minute)) // believed, for the whole
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		if _, err := h.on(piece.ID, do, grand); err != nil {
			t.Fatal(err)
		}
	}
	if o := h.read(whole.ID); o.Clock(plantroom.Restore).State != plantroom.ClockMet {
		t.Errorf("the whole: %+v", *o.Clock(plantroom.Restore))
	}
	o := h.read(piece.ID)
	if k := o.Clock(plantroom.Restore); o.State != plantroom.Verified || k.State != plantroom.ClockBreached || k.Stopped != h.now {
		t.Errorf("the part is %s: %+v", o.State, *k)
	}
	for _, r := range h.ledgerOf(piece.ID) {
		if strings.HasPrefix(r.Kind, "clock.corrected") {
			t.Errorf("row %d corrects it", r.Seq)
		}
	}
}

func (h *house) ledgerOf(id plantroom.OrderID) (rows []plantroom.LedgerRow) {
	h.view(func(tx plantroom.Tx) (err error) { rows, err = tx.LedgerOf(string(id)); return err })
	return rows
}

func TestTheReleaseOfAMergedOrderNeedsTheExcuseOfTheSensorThatSaysSo(t *testing.T) {
	for says, c := range map[string]struct {
		away plantroom.AssetID
		met  bool
	}{"its gateway was away": {"gw-2", true}, "another one was": {"gw-1", false}} {
		t.Run(says, func(t *testing.T) {
			h := newHouse(t, twoGateways)
			first := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
			second := h.open("lift.entrapment", "b1-l2", plantroom.Life, "entrapment") // to be released by 10:20
			people := h.in
			if _, err := h.on(second.ID, plantroom.DoMerge, lin, with(first.ID, "one supply")); err != nil {
				t.Fatal(err)
			}
			h.pass(10 * time.Minute)
			h.away(c.away, 25*time.Minute)
			people.Released = start.Add(18 * time.Minute)
			h.heard(plantroom.IncidentReleased, people)
			o := h.read(first.ID)
			if k := o.Clock(plantroom.Release); (k.State == plantroom.ClockMet) != c.met {
				t.Errorf("%+v", *k)
			}
		})
	}
}
