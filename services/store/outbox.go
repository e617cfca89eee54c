package store

import "plantroom"

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

// dueCalls takes turns between the addresses. What it sorts is in its index;
// documents are read only of the calls that it returns.
const dueCalls = `SELECT doc FROM calls JOIN (
		SELECT seq, next_try AS due, row_number() OVER (PARTITION BY channel, address ORDER BY attempts, next_try, seq) AS turn
		FROM calls WHERE state = 'pending' AND next_try <= ?) AS turns USING (seq)
	WHERE turn <= ? ORDER BY turn, due, seq LIMIT ?`

// DueCalls returns at most limit (0: 1,000) pending calls with NextTry ≤ now,
// and at most perAddress (0: 1,000) of them to one address, each address's
// first call before any address's second. An address's calls come in the order
// of attempts, then the earliest first.
func (t *tx) DueCalls(now plantroom.Instant, perAddress, limit int) ([]plantroom.Call, error) {
	return list(t, "list due calls", dueCalls, scanDoc[plantroom.Call], int64(now), rowLimit(perAddress), rowLimit(limit))
}

// Call returns one call, or CodeNotFound.
func (t *tx) Call(id plantroom.MessageID) (plantroom.Call, error) {
	return one[plantroom.Call](t, "read call", "SELECT doc FROM calls WHERE id = ?", "call "+string(id), string(id))
}

// CallsOf returns the calls about one order, in the order of writing.
func (t *tx) CallsOf(id plantroom.OrderID) ([]plantroom.Call, error) {
	return list(t, "list calls of "+string(id), "SELECT doc FROM calls WHERE order_id = ? ORDER BY seq",
		scanDoc[plantroom.Call], string(id))
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
		from, args = "calls INDEXED BY calls_due WHERE state = 'pending'", nil
	case plantroom.CallDead:
		from, args = "calls INDEXED BY calls_dead WHERE state = 'dead'", nil
	}
	query := "SELECT doc FROM " + from + " ORDER BY seq DESC LIMIT ?"
	return list(t, "list calls", query, scanDoc[plantroom.Call], append(args, rowLimit(limit))...)
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
