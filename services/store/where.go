package store

import (
	"strings"

	"plantroom"
)

// where collects the conditions of a listing. Conditions are constant texts
// and values are always arguments, so the number of different statements
// stays small.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.args = append(w.args, args...)
}

// eq selects on a column, unless the value is empty.
func (w *where) eq(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

// span selects from ≤ column < to, as far as the ends are set.
func (w *where) span(column string, from, to plantroom.Instant) {
	if !from.IsZero() {
		w.add(column+" >= ?", int64(from))
	}
	if !to.IsZero() {
		w.add(column+" < ?", int64(to))
	}
}

// String gives the WHERE clause with a leading space, or nothing.
func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}
