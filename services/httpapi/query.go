package httpapi

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"plantroom"
)

// The sizes of a page.
const (
	defaultLimit = 100
	maxLimit     = 1000
)

// query is a request's query parameters. The first parameter that cannot be
// read is kept as the error, so that a handler reads all of them and checks
// once. Every parameter may be left out and none may be given twice.
type query struct {
	values url.Values
	err    error
}

// parseQuery refuses parameters that the route does not know: a misspelt
// filter would otherwise silently select everything.
func parseQuery(raw string, known []string) (*query, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the query string cannot be read: percent-encode it")
	}
	for name, v := range values {
		switch {
		case !slices.Contains(known, name) && len(known) == 0:
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "unknown query parameter %q: this route takes none", clip(name))
		case !slices.Contains(known, name):
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "unknown query parameter %q: this route takes %s", clip(name), strings.Join(known, ", "))
		case len(v) > 1:
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "query parameter %q is given %d times", name, len(v))
		case v[0] == "":
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "query parameter %q is empty: leave it out", name)
		}
	}
	return &query{values: values}, nil
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

func (q *query) fail(name, want string) {
	if q.err == nil {
		q.err = plantroom.Errorf(plantroom.CodeInvalid, "query parameter %q is %q: want %s", name, clip(q.values.Get(name)), want)
	}
}

func (q *query) id(name string) string {
	v := q.values.Get(name)
	if v != "" && plantroom.ValidID(v) != nil {
		q.fail(name, "an id of a-z 0-9 - _ .")
	}
	return v
}

func (q *query) flag(name string) bool {
	switch q.values.Get(name) {
	case "", "false":
		return false
	case "true":
		return true
	}
	q.fail(name, "true or false")
	return false
}

func (q *query) instant(name string) plantroom.Instant {
	var at plantroom.Instant
	if err := at.UnmarshalText([]byte(q.values.Get(name))); err != nil {
		q.fail(name, "a time like 2026-03-02T08:00:00Z")
	}
	return at
}

func (q *query) limit() int { return q.number("limit", defaultLimit, maxLimit) }

// number reads one from 1 to most; usual: where none is given.
func (q *query) number(name string, usual, most int) int {
	v := q.values.Get(name)
	if v == "" {
		return usual
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		q.fail(name, "a number from 1 to "+strconv.Itoa(most))
		return usual
	}
	return n
}

func (q *query) sequence(name string) int64 {
	v := q.values.Get(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 0 {
		q.fail(name, "a sequence number")
	}
	return n
}

// oneOf reads a comma-separated set of words from a closed list.
func oneOf[T ~string](q *query, name string, all []T) []T {
	if q.values.Get(name) == "" {
		return nil
	}
	var out []T
	for w := range strings.SplitSeq(q.values.Get(name), ",") {
		if !slices.Contains(all, T(w)) {
			q.fail(name, "some of "+join(all))
			return nil
		}
		out = append(out, T(w))
	}
	return out
}

func join[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// pageOf cuts one page out of a list that is held in memory: what follows the
// item called after. An after that is not in the list gives CodeInvalid.
func pageOf[T any](items []T, id func(T) string, after string, limit int) (list[T], error) {
	if after != "" {
		i := slices.IndexFunc(items, func(t T) bool { return id(t) == after })
		if i < 0 {
			return list[T]{}, plantroom.Errorf(plantroom.CodeInvalid, "query parameter \"after\" is %q, which is not in the list any more: start again", clip(after))
		}
		items = items[i+1:]
	}
	if len(items) > limit {
		return listOf(items[:limit], id(items[limit-1])), nil
	}
	return listOf(items, ""), nil
}
