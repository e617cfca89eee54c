package store

import (
	"cmp"
	"database/sql"
	"slices"

	"plantroom"
)

// InsertCalls puts calls into the outbox. One whose id is there already is
// left as it is.
func (t *tx) InsertCalls(calls ...plantroom.Call) error {
	const op = "put calls into the outbox"
	for i := range calls {
		c := &calls[i]
		doc, err := encode(op, c)
		if err != nil {
			return err
		}
		_, err = t.exec(op, `INSERT INTO calls (id, order_id, state, next_try, channel, address, attempts, doc)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(c.ID), string(c.Order), string(c.State), int64(c.NextTry), c.Channel, c.To, c.Attempts, doc)
		if err != nil {
			return err
		}
	}
	return nil
}

// The queries of DueCalls: which address comes next, which of its calls are
// due, in the order in which they are to be sent, and one of them. The first two
// find all that they want in their index.
const (
	nextAddress = `SELECT channel, address FROM calls INDEXED BY calls_lane
		WHERE state = 'pending' AND (channel, address) > (?, ?) ORDER BY channel, address LIMIT 1`
	dueOfAddress = `SELECT seq, next_try FROM calls INDEXED BY calls_lane
		WHERE state = 'pending' AND channel = ? AND address = ? AND next_try <= ? ORDER BY attempts, next_try, seq LIMIT ?`
	callBySeq = "SELECT " + callColumns + " FROM calls WHERE seq = ?"
)

// callColumns are what scanCall reads: the document, and what is known of a call
// whose document cannot be understood.
const callColumns = "doc, id, order_id, state, next_try, channel, address, attempts"

// damagedCall is the kind of a call whose own is not known any more.
const damagedCall = "call.damaged"

func scanCall(rows *sql.Rows) (plantroom.Call, error) {
	var doc sql.RawBytes
	c := plantroom.Call{Kind: damagedCall, Subject: "what it said cannot be read any more", Damaged: true}
	if err := rows.Scan(&doc, &c.ID, &c.Order, &c.State, &c.NextTry, &c.Channel, &c.To, &c.Attempts); err != nil {
		return c, err
	}
	c.Created = c.NextTry
	whole, err := decode[plantroom.Call](doc)
	switch {
	case err == nil && whole.ID == c.ID:
		return whole, nil
	case err == nil:
		err = plantroom.Errorf(plantroom.CodeInternal, "it names itself %.80q", whole.ID)
	}
	c.LastErr = "its stored document is damaged: " + err.Error()
	return c, nil
}

// call reads one call.
func (t *tx) call(op, query string, what string, arg any) (plantroom.Call, error) {
	calls, err := list(t, op, query, scanCall, arg)
	if err == nil && len(calls) == 0 {
		err = notFound(op, what)
	}
	if err != nil {
		return plantroom.Call{}, err
	}
	return calls[0], nil
}

// dueCall is a call that is due, and its place among those of its address.
type dueCall struct {
	turn     int
	due, seq int64
}

// DueCalls returns at most limit (0: 1,000) pending calls with NextTry ≤ now,
// and at most perAddress (0: 1,000) of them to one address, each address's
// first call before any address's second. An address's calls come in the order
// of attempts, then the earliest first. What waits for the addresses but is
// left out, and not looked at.
func (t *tx) DueCalls(now plantroom.Instant, perAddress, limit int, but ...plantroom.Address) ([]plantroom.Call, error) {
	const op = "list due calls"
	var all []dueCall
	for at := (plantroom.Address{}); ; {
		found, err := t.get(op, nextAddress, []any{at.Channel, at.To}, &at.Channel, &at.To)
		if err != nil {
			return nil, err
		}
		if !found {
			break
		}
		if slices.Contains(but, at) {
			continue
		}
		turn := 0
		scan := func(rows *sql.Rows) (c dueCall, err error) {
			c.turn = turn
			turn++
			return c, rows.Scan(&c.seq, &c.due)
		}
		due, err := list(t, op, dueOfAddress, scan, at.Channel, at.To, int64(now), rowLimit(perAddress))
		if err != nil {
			return nil, err
		}
		all = append(all, due...)
	}
	slices.SortFunc(all, func(a, b dueCall) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.due, b.due), cmp.Compare(a.seq, b.seq))
	})
	out := make([]plantroom.Call, 0, min(len(all), rowLimit(limit)))
	for _, c := range all[:cap(out)] {
		call, err := t.call(op, callBySeq, "call that is due", c.seq)
		if err != nil {
			return nil, err
		}
		out = append(out, call)
	}
	return out, nil
}

// Call returns one call, or CodeNotFound.
func (t *tx) Call(id plantroom.MessageID) (plantroom.Call, error) {
	return t.call("read call", "SELECT "+callColumns+" FROM calls WHERE id = ?", "call "+string(id), string(id))
}

// CallsOf returns the calls about one order, in the order of writing.
func (t *tx) CallsOf(id plantroom.OrderID) ([]plantroom.Call, error) {
	return list(t, "list calls of "+string(id), "SELECT "+callColumns+" FROM calls WHERE order_id = ? ORDER BY seq",
		scanCall, string(id))
}

// Calls returns at most limit (0: 1,000) calls in a state, the last written
// first; the empty state selects all. The states that few calls are in have
// an index each, which is named because SQLite would rather walk the table.
func (t *tx) Calls(state plantroom.CallState, limit int) ([]plantroom.Call, error) {
	from, args := "calls WHERE state = ?", []any{string(state)}
	switch state {
	case "":
		from, args = "calls", nil
	case plantroom.CallPending:
		from, args = "calls INDEXED BY calls_lane WHERE state = 'pending'", nil
	case plantroom.CallDead:
		from, args = "calls INDEXED BY calls_dead WHERE state = 'dead'", nil
	}
	query := "SELECT " + callColumns + " FROM " + from + " ORDER BY seq DESC LIMIT ?"
	return list(t, "list calls", query, scanCall, append(args, rowLimit(limit))...)
}

// UpdateCall writes a call over itself, or fails with CodeNotFound.
func (t *tx) UpdateCall(c plantroom.Call) error {
	op := "update call " + string(c.ID)
	doc, err := encode(op, &c)
	if err != nil {
		return err
	}
	n, err := t.exec(op, "UPDATE calls SET state = ?, next_try = ?, channel = ?, address = ?, attempts = ?, doc = ? WHERE id = ?",
		string(c.State), int64(c.NextTry), c.Channel, c.To, c.Attempts, doc, string(c.ID))
	if err == nil && n == 0 {
		err = notFound(op, "call "+string(c.ID))
	}
	return err
}
