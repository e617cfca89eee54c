package report

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/store"
)

// An order that went straight is read without its rows. That must not change what
// comes out, so both ways are compared on orders of many kinds.
func TestAnOrderThatWentStraightSaysTheSameAsItsRows(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	mqtt := []plantroom.Address{{Channel: "mqtt", To: "x"}}
	e := plantroom.Estate{Zone: "Asia/Shanghai", Profile: "cn-urban",
		People:      []plantroom.Person{{ID: "lin", Role: "manager", Channels: mqtt}},
		Contractors: []plantroom.Contractor{{ID: "firm", Technicians: []plantroom.PersonID{"li"}, Channels: mqtt}},
		Contracts: []plantroom.Contract{{ID: "c", Contractor: "firm", Domains: []plantroom.DomainName{"lifts"}, OnSite: true, Windows: []plantroom.Window{
			{Clock: plantroom.Attend, Length: plantroom.Duration(15 * time.Minute)}, {Clock: plantroom.Restore, Length: plantroom.Duration(time.Hour)},
			{Clock: plantroom.Restore, Severity: plantroom.High, Length: plantroom.Duration(20 * time.Minute)}},
			Pauses: []plantroom.PauseTerm{{Code: "no_access"}}}}}
	desk, err := dispatch.New(dispatch.Options{Estate: e})
	if err != nil {
		t.Fatal(err)
	}
	now := plantroom.At(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
	from := now
	update := func(f func(plantroom.Tx) error) {
		t.Helper()
		if err := s.Update(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}
	for kind := range 32 {
		in := plantroom.Incident{Rule: "lift.fault", Asset: plantroom.AssetID(rune('a' + kind)), Domain: "lifts", Episode: now.Add(-time.Second), Opened: now,
			State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Needed: 1}
		in.ID = plantroom.NewIncidentID(in.Rule, in.Asset, in.Episode)
		says := func(change plantroom.IncidentChange) {
			update(func(tx plantroom.Tx) error {
				return desk.Incident(tx, now, plantroom.IncidentEvent{Change: change, Incident: in})
			})
		}
		wait := func(d time.Duration) {
			now = now.Add(d)
			update(func(tx plantroom.Tx) error { _, err := desk.Tick(tx, now, 100); return err })
		}
		press := func(do plantroom.OrderAction) {
			update(func(tx plantroom.Tx) error {
				o, err := tx.OrderOf(in.ID)
				if err != nil {
					return err
				}
				_, err = desk.Command(tx, now, dispatch.Command{Order: o.ID, Do: do, Actor: "contractor:firm", Code: "no_access", Reason: "x"})
				return err
			})
		}
		says(plantroom.IncidentOpened)
		wait(2 * time.Minute)
		if kind&1 != 0 {
			press(plantroom.DoAcknowledge)
			press(plantroom.DoUnacknowledge)
			press(plantroom.DoAcknowledge)
			if kind&2 != 0 {
				wait(20 * time.Minute)
				press(plantroom.DoArrive)
			}
			if kind&4 != 0 {
				press(plantroom.DoPause)
				wait(time.Hour)
				press(plantroom.DoContinue)
			}
		}
		if kind&8 != 0 {
			in.Severity = plantroom.High
			says(plantroom.IncidentWorsened)
		}
		if kind&16 != 0 {
			in.Released = now
			says(plantroom.IncidentReleased)
		}
		proved := now.Add(10 * time.Minute)
		wait(90 * time.Minute)
		in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, 1, proved, now
		says(plantroom.IncidentProved)
		wait(time.Hour)
	}
	h, err := NewHouse(e, nil)
	if err != nil {
		t.Fatal(err)
	}
	var short, long Past
	update(func(tx plantroom.Tx) error {
		if short, err = h.Past(tx, from, now, now); err != nil {
			return err
		}
		records, err := Read(tx, from, now)
		if err != nil {
			return err
		}
		long = Past{From: from, To: now}
		for i := range records {
			if err := long.add(h, &records[i], now); err != nil {
				return err
			}
		}
		long.sort()
		return nil
	})
	if len(short.Cases) != 32 || !reflect.DeepEqual(short, long) {
		for i := range short.Cases {
			if i < len(long.Cases) && !reflect.DeepEqual(short.Cases[i], long.Cases[i]) {
				t.Errorf("case %d without its rows\n%+v\nwith them\n%+v", i, short.Cases[i], long.Cases[i])
			}
		}
		t.Errorf("%d cases and %d cases", len(short.Cases), len(long.Cases))
	}
}
