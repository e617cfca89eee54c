package dispatch_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// oneMan leaves quicklift one technician, and lifts enough.
func oneMan(e *plantroom.Estate) {
	e.Contractors[0].Roster[0].People = []plantroom.PersonID{"li"}
	for _, id := range []plantroom.AssetID{"b1-l3", "b1-l4"} {
		e.Assets = append(e.Assets, plantroom.Asset{ID: id, Domain: "lifts", Kind: "passenger", Building: "b1"})
	}
}

func TestWhenABusyTechnicianIsFreeFollowsFromTheJob(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*house)
		after  time.Duration // from the job's raising to the question
		free   time.Duration // from the question
		says   string
	}{
		"called, and not yet there":    {nil, time.Minute, 3*time.Minute + dispatch.JobLength, "the first free about 10:49, after wo-000001"},
		"on the way, with a time":      {func(h *house) { h.must(plantroom.DoAcknowledge, quick, eta(20*time.Minute)) }, 10 * time.Minute, 55 * time.Minute, "the first free about 11:05"},
		"at work for a while":          {func(h *house) { h.must(plantroom.DoAcknowledge, quick); h.must(plantroom.DoArrive, quick) }, 30 * time.Minute, 15 * time.Minute, "the first free about 10:45"},
		"at work longer than it lasts": {func(h *house) { h.must(plantroom.DoAcknowledge, quick); h.must(plantroom.DoArrive, quick) }, 2 * time.Hour, dispatch.JobRest, "the first free about 12:10"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, oneMan)
			h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
			if c.before != nil {
				c.before(h)
			}
			h.pass(c.after)
			got := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault").Choice[0]
			if got.FreeAt != h.now.Add(c.free) || got.Earliest != got.FreeAt.Add(3*time.Minute) || !strings.Contains(got.Reason, c.says) {
				t.Errorf("free at %s, there by %s: %s", got.FreeAt, got.Earliest, got.Reason)
			}
		})
	}
}

func eta(in time.Duration) func(*dispatch.Command) {
	return func(c *dispatch.Command) { c.ETA = start.Add(in) }
}

func TestAQueueOfJobsIsDoneOneAfterTheOther(t *testing.T) {
	h := newHouse(t, oneMan, func(e *plantroom.Estate) { e.Contracts = e.Contracts[:1] }) // quicklift alone
	for _, lift := range []plantroom.AssetID{"b1-l1", "b1-l2", "b1-l3"} {
		h.open("lift.fault", lift, plantroom.Medium, "door_close_fault")
	}
	got := h.open("lift.fault", "b1-l4", plantroom.Medium, "door_close_fault").Choice[0]
	if got.FreeAt != start.Add(3*(3*time.Minute+dispatch.JobLength)) || got.CanMeet {
		t.Errorf("free at %s: %s", got.FreeAt, got.Reason)
	}
	h.call("window.cannot_meet", lin)
}

func TestWhoComesOnDutyBeforeTheJobEndsIsCountedOn(t *testing.T) {
	h := newHouse(t, oneMan, func(e *plantroom.Estate) {
		e.Contractors[0].Roster = append(e.Contractors[0].Roster, plantroom.Shift{Start: 10*hour + 10*minute, End: 18 * hour, People: []plantroom.PersonID{"wu"}})
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	got := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault").Choice[0]
	if got.FreeAt != start.Add(10*time.Minute) || !got.CanMeet || !strings.Contains(got.Reason, "the next comes on duty at 10:10") {
		t.Errorf("free at %s: %s", got.FreeAt, got.Reason)
	}
}

func TestATechnicianWhoGoesHomeBeforeTheJobEndsIsNotCountedOn(t *testing.T) {
	h := newHouse(t, oneMan, func(e *plantroom.Estate) {
		e.Contractors[0].Roster = []plantroom.Shift{{Start: 8 * hour, End: 10*hour + 30*minute, People: []plantroom.PersonID{"li"}}}
	})
	h.open("lift.fault", "b1-l1", plantroom.Medium, "door_close_fault")
	got := h.open("lift.fault", "b1-l2", plantroom.Medium, "door_close_fault").Choice[0]
	if got.FreeAt != start.Add(22*time.Hour) {
		t.Errorf("free at %s: %s; want eight the next morning", got.FreeAt, got.Reason)
	}
}
