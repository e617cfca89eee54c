package storetest

import (
	"testing"

	"plantroom"
)

var incidentCases = []testCase{
	{"an incident comes back whole", incidentWhole},
	{"an unknown incident is not found", incidentUnknown},
	{"one rule has one incident on one asset that is not closed", incidentOneOpen},
	{"a rule, asset and episode make one incident ever", incidentOneEpisode},
	{"a closed incident cannot open beside another one", incidentReopenBeside},
	{"what names an incident never changes", incidentIdentity},
	{"open incidents come oldest first and leave when closed", incidentsOpen},
	{"a filter selects incidents, newest episode first", incidentsFiltered},
}

func incidentWhole(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.entrapment", clock(0))
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(in) })
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Incident, error) { return tx.Incident(in.ID) }), in)
	in.State, in.Released, in.Cleared, in.Clean = plantroom.IncidentClearing, clock(60), clock(61), 2
	in.Proved, in.Closed = clock(70)+1, clock(71)+999_999_999
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateIncident(in) })
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Incident, error) { return tx.Incident(in.ID) }), in)
}

func incidentUnknown(t *testing.T, s plantroom.Store) {
	err := s.View(t.Context(), func(tx plantroom.Tx) error { _, err := tx.Incident("inc-none"); return err })
	wantCode(t, err, plantroom.CodeNotFound)
	refused(t, s, plantroom.CodeNotFound, func(tx plantroom.Tx) error {
		return tx.UpdateIncident(incident("b1-l1", "lift.fault", clock(0)))
	})
}

func incidentOneOpen(t *testing.T, s plantroom.Store) {
	first := incident("b1-l1", "lift.fault", clock(0))
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(first) })
	second := incident("b1-l1", "lift.fault", clock(100))
	for _, state := range []plantroom.IncidentState{plantroom.IncidentOpen, plantroom.IncidentClearing} {
		first.State = state
		update(t, s, func(tx plantroom.Tx) error { return tx.UpdateIncident(first) })
		refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.InsertIncident(second) })
	}
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(incident("b1-l2", "lift.fault", clock(0))) })
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(incident("b1-l1", "lift.entrapment", clock(0))) })
	first.State = plantroom.IncidentClosed
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateIncident(first) })
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(second) })
}

func incidentOneEpisode(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	in.State = plantroom.IncidentClosed
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(in) })
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.InsertIncident(in) })
	in.ID = "inc-under-another-name"
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.InsertIncident(in) })
}

func incidentReopenBeside(t *testing.T, s plantroom.Store) {
	old, now := incident("b1-l1", "lift.fault", clock(0)), incident("b1-l1", "lift.fault", clock(50))
	old.State = plantroom.IncidentClosed
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(old) })
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(now) })
	old.State = plantroom.IncidentOpen
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.UpdateIncident(old) })
}

func incidentIdentity(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(in) })
	for name, change := range map[string]func(*plantroom.Incident){
		"rule":    func(i *plantroom.Incident) { i.Rule = "lift.entrapment" },
		"asset":   func(i *plantroom.Incident) { i.Asset = "b1-l2" },
		"episode": func(i *plantroom.Incident) { i.Episode++ },
		"domain":  func(i *plantroom.Incident) { i.Domain = "leaks" },
	} {
		t.Run(name, func(t *testing.T) {
			other := in
			change(&other)
			refused(t, s, plantroom.CodeInvalid, func(tx plantroom.Tx) error { return tx.UpdateIncident(other) })
		})
	}
}

func episodes(is []plantroom.Incident) []plantroom.Instant {
	return keys(is, func(i plantroom.Incident) plantroom.Instant { return i.Episode })
}

func incidentsOpen(t *testing.T, s plantroom.Store) {
	a, b, c := incident("b1-l1", "lift.fault", clock(30)), incident("b1-l2", "lift.fault", clock(10)), incident("b1-l3", "lift.fault", clock(20))
	b.State = plantroom.IncidentClearing
	for _, in := range []plantroom.Incident{a, b, c} {
		update(t, s, func(tx plantroom.Tx) error { return tx.InsertIncident(in) })
	}
	open := func() []plantroom.Instant {
		return episodes(read(t, s, func(tx plantroom.Tx) ([]plantroom.Incident, error) { return tx.OpenIncidents() }))
	}
	wantEqual(t, open(), []plantroom.Instant{clock(10), clock(20), clock(30)})
	c.State = plantroom.IncidentClosed
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateIncident(c) })
	wantEqual(t, open(), []plantroom.Instant{clock(10), clock(30)})
}

func incidentsFiltered(t *testing.T, s plantroom.Store) {
	update(t, s, func(tx plantroom.Tx) error {
		for i, asset := range []plantroom.AssetID{"b1-l1", "b1-l2", "b1-l1", "b1-l2", "b1-l1"} {
			in := incident(asset, "lift.fault", clock(int64(i)))
			in.State = plantroom.IncidentClosed
			if i == 4 {
				in.Domain = "devices"
			}
			if err := tx.InsertIncident(in); err != nil {
				return err
			}
		}
		return nil
	})
	for name, c := range map[string]struct {
		filter plantroom.IncidentFilter
		want   []int64
	}{
		"all":               {plantroom.IncidentFilter{}, []int64{4, 3, 2, 1, 0}},
		"limit":             {plantroom.IncidentFilter{Limit: 2}, []int64{4, 3}},
		"asset":             {plantroom.IncidentFilter{Asset: "b1-l1"}, []int64{4, 2, 0}},
		"domain":            {plantroom.IncidentFilter{Domain: "devices"}, []int64{4}},
		"from":              {plantroom.IncidentFilter{From: clock(3)}, []int64{4, 3}},
		"to is exclusive":   {plantroom.IncidentFilter{To: clock(2)}, []int64{1, 0}},
		"all together":      {plantroom.IncidentFilter{Asset: "b1-l1", Domain: "lifts", From: clock(1), To: clock(4), Limit: 5}, []int64{2}},
		"nothing in common": {plantroom.IncidentFilter{Asset: "b1-l2", Domain: "devices"}, []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Incident, error) { return tx.Incidents(c.filter) })
			wantEqual(t, episodes(got), keys(c.want, clock))
		})
	}
}
