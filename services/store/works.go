package store

import "plantroom"

// Works returns planned works, or CodeNotFound.
func (t *tx) Works(id plantroom.WorksID) (plantroom.Works, error) {
	return one[plantroom.Works](t, "read works", "SELECT doc FROM works WHERE id = ?", "works "+string(id), string(id))
}

// OpenWorks returns the works that are neither done nor cancelled, the first first.
func (t *tx) OpenWorks() ([]plantroom.Works, error) {
	return list(t, "list open works", "SELECT doc FROM works WHERE open = 1 ORDER BY begins, id", scanDoc[plantroom.Works])
}

// AllWorks returns at most limit (0: 1,000) works, those that begin last first.
func (t *tx) AllWorks(limit int) ([]plantroom.Works, error) {
	return list(t, "list works", "SELECT doc FROM works ORDER BY begins DESC, id LIMIT ?", scanDoc[plantroom.Works], rowLimit(limit))
}

// PutWorks writes w over the version before w.Version; version 1 is new. It fails
// with CodeConflict where the store holds another version.
func (t *tx) PutWorks(w plantroom.Works) error {
	op := "write works " + string(w.ID)
	doc, err := encode(op, &w)
	if err != nil {
		return err
	}
	if w.Version == 1 {
		_, err = t.exec(op, "INSERT INTO works (id, version, open, due, begins, doc) VALUES (?, 1, ?, ?, ?, ?)",
			string(w.ID), flag(!w.Over()), int64(w.Due), int64(w.From), doc)
		return sayConflict(err, "works %s exist already", w.ID)
	}
	n, err := t.exec(op, "UPDATE works SET version = ?, open = ?, due = ?, begins = ?, doc = ? WHERE id = ? AND version = ?",
		w.Version, flag(!w.Over()), int64(w.Due), int64(w.From), doc, string(w.ID), w.Version-1)
	if err == nil && n == 0 {
		return conflict(op, "the works are no longer at version %d: somebody else was first", w.Version-1)
	}
	return err
}
