package store

import (
	"fmt"
	"strconv"
	"strings"

	"plantroom"
)

const casePrefix = "case-"

// caseID writes a number as case-000042; beyond a million it grows.
func caseID(num int64) plantroom.CaseID {
	return plantroom.CaseID(fmt.Sprintf(casePrefix+"%06d", num))
}

// caseNum reads what caseID writes, and nothing else.
func caseNum(id plantroom.CaseID) (int64, bool) {
	digits, ok := strings.CutPrefix(string(id), casePrefix)
	num, err := strconv.ParseInt(digits, 10, 64)
	return num, ok && err == nil && num > 0 && caseID(num) == id
}

// NextCaseID gives the number behind the highest one that has been inserted.
func (t *tx) NextCaseID() (plantroom.CaseID, error) {
	const op = "number a case"
	if err := t.usable(op, true); err != nil {
		return "", err
	}
	var highest int64
	_, err := t.get(op, "SELECT coalesce(max(num), 0) FROM cases", nil, &highest)
	return caseID(highest + 1), err
}

// Case returns one case, or CodeNotFound.
func (t *tx) Case(id plantroom.CaseID) (plantroom.Case, error) {
	const op = "read case"
	num, ok := caseNum(id)
	if !ok {
		return plantroom.Case{}, notFound(op, string(id))
	}
	return one[plantroom.Case](t, op, "SELECT doc FROM cases WHERE num = ?", string(id), num)
}

const caseOfKey = "SELECT doc FROM cases INDEXED BY cases_key WHERE key = ? AND key <> ''"

// CaseOfKey returns the case that was opened under a key, or CodeNotFound.
func (t *tx) CaseOfKey(key string) (plantroom.Case, error) {
	return one[plantroom.Case](t, "read case", caseOfKey, "case with that key", key)
}

const openCases = "cases INDEXED BY cases_open"

// Cases returns the cases that a filter selects, highest number first.
func (t *tx) Cases(f plantroom.CaseFilter) ([]plantroom.Case, error) {
	const op = "list cases"
	var w where
	table := "cases"
	if f.Open {
		table = openCases
		w.add("open = 1")
	}
	w.eq("kind", string(f.Kind))
	w.eq("responsible", string(f.Responsible))
	if f.Before != "" {
		num, ok := caseNum(f.Before)
		if !ok {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: fmt.Sprintf("%q is no case's id, as in case-000001", f.Before)}
		}
		w.add("num < ?", num)
	}
	query := "SELECT doc FROM " + table + w.String() + " ORDER BY num DESC LIMIT ?"
	return list(t, op, query, scanDoc[plantroom.Case], append(w.args, rowLimit(f.Limit))...)
}

const dueCases = "SELECT doc FROM cases WHERE due > 0 AND due <= ? ORDER BY due, num LIMIT ?"

// DueCases returns the cases that time alone has to change by now.
func (t *tx) DueCases(now plantroom.Instant, limit int) ([]plantroom.Case, error) {
	return list(t, "list due cases", dueCases, scanDoc[plantroom.Case], int64(now), rowLimit(limit))
}

// PutCase writes c over the version before c.Version; version 1 is new. It fails
// with CodeConflict where the store holds another version, or where another case
// has its key.
func (t *tx) PutCase(c plantroom.Case) error {
	op := "write case " + string(c.ID)
	num, ok := caseNum(c.ID)
	if !ok {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: fmt.Sprintf("%q is no case's id, as in case-000001", c.ID)}
	}
	doc, err := encode(op, &c)
	if err != nil {
		return err
	}
	open := flag(c.State == plantroom.CaseOpen)
	if c.Version == 1 {
		_, err = t.exec(op, "INSERT INTO cases (num, version, open, kind, responsible, key, due, doc) VALUES (?, 1, ?, ?, ?, ?, ?, ?)",
			num, open, string(c.Kind), string(c.Responsible), c.Key, int64(c.Due), doc)
		return sayConflict(err, "%s, or one with its key, exists already", c.ID)
	}
	n, err := t.exec(op, "UPDATE cases SET version = ?, open = ?, kind = ?, responsible = ?, key = ?, due = ?, doc = ? WHERE num = ? AND version = ?",
		c.Version, open, string(c.Kind), string(c.Responsible), c.Key, int64(c.Due), doc, num, c.Version-1)
	if err == nil && n == 0 {
		return conflict(op, "the case is no longer at version %d: somebody else was first", c.Version-1)
	}
	return sayConflict(err, "another case has the key of %s", c.ID)
}
