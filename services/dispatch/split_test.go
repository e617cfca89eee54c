package dispatch_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// part is what of a job becomes an order of its own.
func part(scope string, asset plantroom.AssetID, to plantroom.ContractorID) func(*dispatch.Command) {
	return func(c *dispatch.Command) { c.Scope, c.Asset, c.To = scope, asset, to }
}

// parted is an order that quicklift is at work on, with a part for grandlift.
func parted(t testing.TB, change ...func(*plantroom.Estate)) (h *house, whole, piece plantroom.WorkOrder) {
	h = accepted(t, change...)
	h.pass(3 * time.Minute)
	h.must(plantroom.DoArrive, quick)
	whole = h.must(plantroom.DoSplit, lin, part("the drive, under warranty", "b1-l2", "grandlift"), by("Lin"))
	return h, whole, h.read(whole.Parts[0])
}

func TestAPartHasItsOwnContractorAndTheDueTimesOfTheWhole(t *testing.T) {
	h, whole, piece := parted(t)
	if whole.State != plantroom.Attended || whole.Contractor != "quicklift" {
		t.Errorf("the whole is %s with %s", whole.State, whole.Contractor)
	}
	if piece.PartOf != whole.ID || piece.Asset != "b1-l2" || piece.Contractor != "grandlift" || piece.State != plantroom.Dispatched || piece.Incident != whole.Incident {
		t.Errorf("%+v", piece)
	}
	if a, b := whole.Clock(plantroom.Restore), piece.Clock(plantroom.Restore); a.Due != start.Add(30*time.Minute) || b.Due != a.Due || b.Of != whole.ID || b.Contract != a.Contract {
		t.Errorf("restore of the whole %+v, of the part %+v", a, b)
	}
	if len(piece.Tasks) == 0 || len(piece.Tasks) != len(whole.Tasks) {
		t.Errorf("the part has the steps %+v, the whole %+v", piece.Tasks, whole.Tasks)
	}
	if c := piece.Clock(plantroom.Attend); !c.Open() || c.Due != h.now.Add(2*time.Hour) {
		t.Errorf("attend %+v: the whole had kept it, so the part's runs from the split", c)
	}
	var calls []plantroom.Call
	h.view(func(tx plantroom.Tx) (err error) { calls, err = tx.CallsOf(piece.ID); return err })
	if !slices.ContainsFunc(calls, func(c plantroom.Call) bool {
		return c.Kind == "order.dispatched" && c.Who == grand && strings.Contains(c.Subject, "Lift 2, the drive, under warranty")
	}) {
		t.Errorf("%+v", calls)
	}
	if found := h.order(); found.ID != whole.ID {
		t.Errorf("the incident's order is %s", found.ID)
	}
	h.wholeLedger()
}

func TestAPartIsOverWhenItIsSaidToBeDoneAndTheSensorHasProvedTheWhole(t *testing.T) {
	for name, sensorFirst := range map[string]bool{"the sensor first": true, "the contractor first": false} {
		t.Run(name, func(t *testing.T) {
			h, whole, piece := parted(t)
			fix := func() {
				for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
					if _, err := h.on(piece.ID, do, grand); err != nil {
						t.Fatal(err)
					}
				}
			}
			if !sensorFirst {
				fix()
			}
			h.pass(4 * time.Minute)
			if o := h.read(piece.ID); o.Contradicted != 0 {
				t.Fatal("the sensor of the whole contradicts a part")
			}
			h.cleared()
			h.proved(h.now)
			proved := h.now
			h.wantState(plantroom.Verified)
			if o := h.read(piece.ID); (o.State == plantroom.Verified) == sensorFirst {
				t.Fatalf("the part is %s", o.State)
			}
			h.pass(time.Minute)
			if sensorFirst {
				fix()
				proved = h.now
			}
			o := h.read(piece.ID)
			if c := o.Clock(plantroom.Restore); o.State != plantroom.Verified || c.State != plantroom.ClockMet || c.Stopped != proved {
				t.Errorf("the part is %s, restore %+v", o.State, c)
			}
			h.pass(time.Hour)
			if a, b := h.read(whole.ID), h.read(piece.ID); a.State != plantroom.Closed || b.State != plantroom.Closed {
				t.Errorf("%s and %s", a.State, b.State)
			}
			h.wholeLedger()
		})
	}
}

func TestAClaimOnTheWholeWaitsForItsParts(t *testing.T) {
	h, whole, piece := parted(t)
	h.must(plantroom.DoFix, quick)
	h.pass(10 * time.Minute)
	h.wantState(plantroom.Restored) // the sensor may see the fault for the part that is not done
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		if _, err := h.on(piece.ID, do, grand); err != nil {
			t.Fatal(err)
		}
	}
	h.pass(3 * time.Minute) // everybody says that it is done, and the sensor sees it
	if a, b := h.read(whole.ID), h.read(piece.ID); a.State != plantroom.Attended || b.State != plantroom.Attended || a.Contradicted+b.Contradicted != 2 {
		t.Errorf("%s and %s", a.State, b.State)
	}
}

func TestWhatGrowsWorseGrowsWorseForThePartsToo(t *testing.T) {
	h, _, piece := parted(t)
	h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Severity = plantroom.Life })
	if o := h.read(piece.ID); o.Severity != plantroom.Life {
		t.Errorf("the part is %s", o.Severity)
	}
}

func TestSplittingIsDoneOnceAndNamesWhoWasFirst(t *testing.T) {
	h, whole, _ := parted(t)
	before := h.everything()
	h.must(plantroom.DoSplit, lin, part("the drive, under warranty", "b1-l2", "grandlift"))
	if h.everything() != before {
		t.Error("a second press changed something")
	}
	_, err := h.do(plantroom.DoSplit, zhao, part("the drive, under warranty", "b1-l2", ""))
	h.wantCode(err, plantroom.CodeConflict)
	if says := plantroom.MessageOf(err); !strings.Contains(says, "split off by Lin (person:lin)") {
		t.Errorf("zhao reads %q", says)
	}
	for i := range 7 {
		h.must(plantroom.DoSplit, lin, part("part "+string(rune('a'+i)), "", ""))
	}
	_, err = h.do(plantroom.DoSplit, lin, part("one too many", "", ""))
	h.wantCode(err, plantroom.CodeTooLarge)
	_, err = h.on(whole.Parts[0], plantroom.DoSplit, lin, part("a part of a part", "", ""))
	h.wantCode(err, plantroom.CodeForbidden)
}

func TestAPartGoesBackIntoItsWholeAndIntoNothingElse(t *testing.T) {
	h, whole, piece := parted(t)
	other := h.open("lift.fault", "b1-l2", plantroom.Medium, "drive_overtemp")
	_, err := h.on(piece.ID, plantroom.DoMerge, lin, with(other.ID, "the same drive"))
	h.wantCode(err, plantroom.CodeForbidden)
	_, err = h.on(whole.ID, plantroom.DoMerge, lin, with(other.ID, "the same drive"))
	h.wantCode(err, plantroom.CodeForbidden)
	if _, err := h.on(piece.ID, plantroom.DoMerge, lin, with(whole.ID, "no warranty after all")); err != nil {
		t.Fatal(err)
	}
	o := h.read(whole.ID)
	if c := o.Clock(plantroom.Restore); len(o.Also) != 0 || c.Due != start.Add(30*time.Minute) || c.Of != "" {
		t.Errorf("%v, %+v", o.Also, c)
	}
}

func TestARepeatGoesOnWithTheWholeAndNotWithItsPart(t *testing.T) {
	h, whole, _ := parted(t)
	same := h.must(plantroom.DoSplit, lin, part("the door", "", "quicklift"))
	door := same.Parts[1]
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoFix} {
		if _, err := h.on(door, do, quick); err != nil {
			t.Fatal(err)
		}
	}
	h.cleared()
	h.proved(h.now)
	h.pass(30 * time.Minute)
	if o := h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault"); o.ID != whole.ID || o.Reopens != 1 {
		t.Errorf("it went on with %s", o.ID)
	}
}

func TestAWholeAndItsPartThatAreDueTogetherAreBothDone(t *testing.T) {
	h, whole, piece := parted(t)
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		if _, err := h.on(piece.ID, do, grand); err != nil {
			t.Fatal(err)
		}
	}
	h.must(plantroom.DoFix, quick)
	h.sleep(time.Hour) // both claims fall, and windows of both have ended
	h.tick()
	for _, o := range []plantroom.WorkOrder{h.read(whole.ID), h.read(piece.ID)} {
		if c := o.Clock(plantroom.Restore); o.State != plantroom.Attended || c.State != plantroom.ClockBreached {
			t.Errorf("%s is %s, restore %s", o.ID, o.State, c.State)
		}
	}
	h.wholeLedger()
}

func TestTheClaimsOnThePartsFallWithTheWholesWhateverIsDoneFirst(t *testing.T) {
	for name, press := range map[string]func(*house, plantroom.WorkOrder){
		"a step of the playbook": func(h *house, whole plantroom.WorkOrder) {
			err := h.update(func(tx plantroom.Tx) error {
				_, err := h.desk.Task(tx, h.now, dispatch.TaskDone{Order: whole.ID, Task: whole.Tasks[0].ID, Actor: lin, Ref: "photo 3"})
				return err
			})
			if err != nil {
				h.t.Fatal(err)
			}
		},
		"a photo": func(h *house, whole plantroom.WorkOrder) {
			o, err := h.hand(dispatch.Handed{Order: whole.ID, Actor: lin, Files: []plantroom.ProofFile{photo(1)}})
			if kept := h.read(whole.ID); err != nil || o.Version != kept.Version || o.State != kept.State {
				h.t.Errorf("the order is %s at version %d, and whoever handed it in sees %s at %d: %v", kept.State, kept.Version, o.State, o.Version, err)
			}
		},
		"a command": func(h *house, _ plantroom.WorkOrder) { h.must(plantroom.DoDecline, quick) },
		"a relation": func(h *house, whole plantroom.WorkOrder) {
			h.must(plantroom.DoRelate, lin, with(whole.Parts[0], "one job"))
		},
		"another part": func(h *house, _ plantroom.WorkOrder) { h.must(plantroom.DoSplit, lin, part("the door", "", "")) },
		"the sensor": func(h *house, _ plantroom.WorkOrder) {
			h.event(plantroom.IncidentWorsened, func(in *plantroom.Incident) { in.Cause = "drive_overtemp" })
		},
		"nothing, and a tick": func(*house, plantroom.WorkOrder) {},
	} {
		t.Run(name, func(t *testing.T) {
			h, whole, piece := parted(t)
			for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
				if _, err := h.on(piece.ID, do, grand); err != nil {
					t.Fatal(err)
				}
			}
			h.must(plantroom.DoFix, quick)
			h.sleep(dispatch.ContradictAfter)
			press(h, whole)
			h.tick()
			if o := h.read(piece.ID); o.State != plantroom.Attended || o.Contradicted != 1 {
				t.Errorf("the part is %s, contradicted %d times", o.State, o.Contradicted)
			}
			h.wholeLedger()
		})
	}
}
