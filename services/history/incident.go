package history

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"plantroom"
)

// incidentKey is an incident's id without its prefix, as bytes.
type incidentKey [10]byte

const incidentPrefix = "inc-"

var base = base32.StdEncoding.WithPadding(base32.NoPadding)

// keyOf reads what plantroom.NewIncidentID makes; another id gets a key of its own,
// and has to be kept beside it.
func keyOf(id plantroom.IncidentID) (key incidentKey, odd bool) {
	if text, ok := strings.CutPrefix(string(id), incidentPrefix); ok && len(text) == 16 {
		if _, err := base.Decode(key[:], []byte(strings.ToUpper(text))); err == nil && key.id() == id {
			return key, false
		}
	}
	sum := sha256.Sum256([]byte(id))
	copy(key[:], sum[:])
	return key, true
}

func (k incidentKey) id() plantroom.IncidentID {
	return plantroom.IncidentID(incidentPrefix + strings.ToLower(base.EncodeToString(k[:])))
}

// incidentChunk holds the columns of chunkRows incidents.
type incidentChunk struct {
	first, begun plantroom.Instant // the first and the last beginning
	last         plantroom.Instant // the last end of those that have one
	open         int               // that have none

	begin, end              [chunkRows]plantroom.Instant // end: zero while the incident is not closed
	key                     [chunkRows]incidentKey
	asset, building, domain [chunkRows]uint32
	rule, cause, order      [chunkRows]uint32 // order: 0 where it has none
	severity, state         [chunkRows]uint8
}

// incidentRow is one row of it, as it is put in and kept in a file.
type incidentRow struct {
	begin, end                                  plantroom.Instant
	key                                         incidentKey
	asset, building, domain, rule, cause, order uint32
	severity, state                             uint8
}

func (c *incidentChunk) set(i uint32, r *incidentRow, known bool) {
	if known && c.end[i].IsZero() {
		c.open--
	}
	if r.end.IsZero() {
		c.open++
	}
	if c.first.IsZero() || r.begin < c.first {
		c.first = r.begin
	}
	c.begun, c.last = max(c.begun, r.begin), max(c.last, r.end)
	c.begin[i], c.end[i], c.key[i] = r.begin, r.end, r.key
	c.asset[i], c.building[i], c.domain[i], c.rule[i], c.cause[i], c.order[i] = r.asset, r.building, r.domain, r.rule, r.cause, r.order
	c.severity[i], c.state[i] = r.severity, r.state
}

func (c *incidentChunk) row(i uint32) incidentRow {
	return incidentRow{begin: c.begin[i], end: c.end[i], key: c.key[i], asset: c.asset[i], building: c.building[i], domain: c.domain[i],
		rule: c.rule[i], cause: c.cause[i], order: c.order[i], severity: c.severity[i], state: c.state[i]}
}

// within reports whether the chunk may hold something of [from, to).
func (c *incidentChunk) within(from, to plantroom.Instant) bool {
	return c.first < to && (c.open > 0 || c.last > from)
}

func (c *incidentChunk) span(i uint32) span { return span{c.begin[i], c.end[i]} }

// incidentStates in files: new ones go to the end.
var incidentStates = []plantroom.IncidentState{plantroom.IncidentOpen, plantroom.IncidentClearing, plantroom.IncidentClosed}

// IncidentSpan is from when to when an episode lasted: from its onset until its
// repair was proved, both in source time; To is zero while it is not.
func IncidentSpan(in *plantroom.Incident) (from, to plantroom.Instant) {
	switch {
	case in.State != plantroom.IncidentClosed:
		return in.Episode, 0
	case !in.Proved.IsZero():
		return in.Episode, max(in.Episode+1, in.Proved)
	}
	return in.Episode, max(in.Episode+1, in.Closed)
}

// PutIncident takes an incident over as it is now. CodeInvalid: its state is not known.
func (t *Table) PutIncident(in *plantroom.Incident) error {
	state := uint8(0)
	for i, s := range incidentStates {
		if s == in.State {
			state = uint8(i)
		}
	}
	if incidentStates[state] != in.State {
		return plantroom.Errorf(plantroom.CodeInvalid, "take incident %.40q over into the history: its state %.40q is not known", in.ID, in.State)
	}
	key, odd := keyOf(in.ID)
	r := incidentRow{key: key, asset: t.assets.number(in.Asset), building: t.buildings.number(in.Building), domain: t.domains.number(in.Domain),
		rule: t.rules.number(in.Rule), cause: t.causes.number(cause(in.Cause)), severity: uint8(in.Severity), state: state}
	r.begin, r.end = IncidentSpan(in)
	row := t.setIncident(&r)
	if odd {
		t.odd[row] = in.ID
	}
	return nil
}

// setIncident keeps a row, over that of its key where there is one, and ties it to
// its order.
func (t *Table) setIncident(r *incidentRow) uint32 {
	row, known := t.rowOf[r.key]
	if !known {
		row = uint32(t.episodes)
		if t.episodes%chunkRows == 0 {
			t.incidents = append(t.incidents, &incidentChunk{})
		}
		t.episodes++
		t.rowOf[r.key] = row
	}
	c, i := t.incidents[row/chunkRows], row%chunkRows
	if known && r.order == 0 {
		r.order = c.order[i]
	} else if n, ok := t.claims[r.key]; ok {
		r.order = n
		delete(t.claims, r.key)
	}
	c.set(i, r, known)
	t.saw(r.asset, r.begin, t.rules.list[r.rule])
	return row
}

// claim says that an incident is an order's, whichever of the two comes first.
func (t *Table) claim(n uint32, id plantroom.IncidentID) {
	key, _ := keyOf(id)
	if row, ok := t.rowOf[key]; ok {
		t.incidents[row/chunkRows].order[row%chunkRows] = n
		return
	}
	t.claims[key] = n
}

// incidentID returns the id of a row.
func (t *Table) incidentID(row uint32) plantroom.IncidentID {
	if id, ok := t.odd[row]; ok {
		return id
	}
	return t.incidents[row/chunkRows].key[row%chunkRows].id()
}
