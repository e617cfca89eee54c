package store

import (
	"errors"

	"plantroom"
)

// Incident returns one incident, or CodeNotFound.
func (t *tx) Incident(id plantroom.IncidentID) (plantroom.Incident, error) {
	return one[plantroom.Incident](t, "read incident", "SELECT doc FROM incidents WHERE id = ?", "incident "+string(id), string(id))
}

// openIncidents names the index, because SQLite would rather walk all episodes
// than sort the few that are open.
const openIncidents = "SELECT doc FROM incidents INDEXED BY incidents_open WHERE open = 1 ORDER BY episode, id"

// OpenIncidents returns the incidents that are not closed, oldest episode first.
func (t *tx) OpenIncidents() ([]plantroom.Incident, error) {
	return list(t, "read open incidents", openIncidents, scanDoc[plantroom.Incident])
}

// Incidents returns the incidents that a filter selects, newest episode first.
func (t *tx) Incidents(f plantroom.IncidentFilter) ([]plantroom.Incident, error) {
	var w where
	w.eq("asset", string(f.Asset))
	w.eq("domain", string(f.Domain))
	w.span("episode", f.From, f.To)
	query := "SELECT doc FROM incidents" + w.String() + " ORDER BY episode DESC, id LIMIT ?"
	return list(t, "list incidents", query, scanDoc[plantroom.Incident], append(w.args, rowLimit(f.Limit))...)
}

// InsertIncident keeps a new incident. It fails with CodeConflict where its
// id or its (rule, asset, episode) exists, or where another one of the same
// rule and asset is not closed.
func (t *tx) InsertIncident(in plantroom.Incident) error {
	op := "insert incident " + string(in.ID)
	doc, err := encode(op, in)
	if err != nil {
		return err
	}
	_, err = t.exec(op, "INSERT INTO incidents (id, rule, asset, domain, episode, open, doc) VALUES (?, ?, ?, ?, ?, ?, ?)",
		string(in.ID), string(in.Rule), string(in.Asset), string(in.Domain), int64(in.Episode),
		flag(in.State != plantroom.IncidentClosed), doc)
	return sayConflict(err, "rule %s has an incident on %s already: this episode, or one that is not closed", in.Rule, in.Asset)
}

// UpdateIncident writes an incident over itself. What names it (rule, asset,
// episode) cannot change: CodeInvalid.
func (t *tx) UpdateIncident(in plantroom.Incident) error {
	op := "update incident " + string(in.ID)
	doc, err := encode(op, in)
	if err != nil {
		return err
	}
	n, err := t.exec(op, "UPDATE incidents SET open = ?, doc = ? WHERE id = ? AND rule = ? AND asset = ? AND episode = ? AND domain = ?",
		flag(in.State != plantroom.IncidentClosed), doc,
		string(in.ID), string(in.Rule), string(in.Asset), int64(in.Episode), string(in.Domain))
	if err != nil || n == 1 {
		return sayConflict(err, "another incident of rule %s on %s is not closed", in.Rule, in.Asset)
	}
	if _, err := t.Incident(in.ID); err != nil {
		return err
	}
	return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "rule, asset, domain and episode of an incident never change"}
}

// sayConflict gives a conflict its particular message.
func sayConflict(err error, format string, args ...any) error {
	var e *plantroom.Error
	if errors.As(err, &e) && e.Code == plantroom.CodeConflict {
		return conflict(e.Op, format, args...)
	}
	return err
}
