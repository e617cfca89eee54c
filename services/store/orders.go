package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plantroom"
)

const orderPrefix = "wo-"

// orderID writes a number as wo-000042; beyond a million it grows.
func orderID(num int64) plantroom.OrderID {
	return plantroom.OrderID(fmt.Sprintf(orderPrefix+"%06d", num))
}

// orderNum reads what orderID writes, and nothing else.
func orderNum(id plantroom.OrderID) (int64, bool) {
	digits, ok := strings.CutPrefix(string(id), orderPrefix)
	num, err := strconv.ParseInt(digits, 10, 64)
	return num, ok && err == nil && num > 0 && orderID(num) == id
}

// NextOrderID gives the number behind the highest one that has been inserted
// or, in this transaction, given. One that is not used comes again.
func (t *tx) NextOrderID() (plantroom.OrderID, error) {
	const op = "number an order"
	if err := t.usable(op, true); err != nil {
		return "", err
	}
	var highest int64
	if _, err := t.get(op, "SELECT coalesce(max(num), 0) FROM orders", nil, &highest); err != nil {
		return "", err
	}
	t.numbered = max(t.numbered, highest) + 1
	return orderID(t.numbered), nil
}

// Order returns one order, or CodeNotFound.
func (t *tx) Order(id plantroom.OrderID) (plantroom.WorkOrder, error) {
	const op = "read order"
	num, ok := orderNum(id)
	if !ok {
		return plantroom.WorkOrder{}, notFound(op, "order "+string(id))
	}
	return one[plantroom.WorkOrder](t, op, "SELECT doc FROM orders WHERE num = ?", "order "+string(id), num)
}

// OrderOf returns the order of an incident, its present or any earlier one.
func (t *tx) OrderOf(id plantroom.IncidentID) (plantroom.WorkOrder, error) {
	return one[plantroom.WorkOrder](t, "read order", "SELECT o.doc FROM order_incidents i JOIN orders o ON o.num = i.num WHERE i.incident = ?",
		"order of incident "+string(id), string(id))
}

// Orders returns the orders that a filter selects, highest number first.
func (t *tx) Orders(f plantroom.OrderFilter) ([]plantroom.WorkOrder, error) {
	const op = "list orders"
	var w where
	table := "orders"
	if f.Open {
		table = openOrders
		w.add("open = 1")
	}
	w.eq("asset", string(f.Asset))
	w.eq("domain", string(f.Domain))
	w.eq("building", string(f.Building))
	w.eq("contractor", string(f.Contractor))
	w.eq("rule", string(f.Rule))
	if n := len(f.States); n > 0 {
		w.add("state IN (?" + strings.Repeat(", ?", n-1) + ")")
		for _, s := range f.States {
			w.args = append(w.args, string(s))
		}
	}
	w.span("raised", f.From, f.To)
	if f.Before != "" {
		num, ok := orderNum(f.Before)
		if !ok {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: fmt.Sprintf("%q is no order's id, as in wo-000001", f.Before)}
		}
		w.add("num < ?", num)
	}
	query := "SELECT doc FROM " + table + w.String() + " ORDER BY num DESC LIMIT ?"
	return list(t, op, query, scanDoc[plantroom.WorkOrder], append(w.args, rowLimit(f.Limit))...)
}

// openOrders names the index, because SQLite would rather walk the whole table
// backwards, of which few orders are open.
const openOrders = "orders INDEXED BY orders_open"

// The queries about who has what is open. They find what they want in their
// index, but for the documents.
const (
	jobsOf = `SELECT num, asset, state, contract, dispatched, attended, eta FROM orders INDEXED BY orders_jobs
		WHERE open = 1 AND state IN ('dispatched', 'acknowledged', 'attended') AND contractor = ? AND asset <> ? ORDER BY num DESC LIMIT ?`
	nextHolder = `SELECT contractor FROM orders INDEXED BY orders_held WHERE open = 1 AND contractor > ? ORDER BY contractor LIMIT 1`
	waitingOf  = `SELECT doc FROM orders INDEXED BY orders_held WHERE open = 1
		AND contractor = ? AND state IN ('raised', 'dispatched', 'declined', 'reopened') ORDER BY num LIMIT ?`
)

// Jobs returns, newest first, what keeps a contractor's technicians on other
// assets than one.
func (t *tx) Jobs(c plantroom.ContractorID, elsewhere plantroom.AssetID, most int) ([]plantroom.Job, error) {
	return list(t, "list the jobs of "+string(c), jobsOf, scanJob, string(c), string(elsewhere), rowLimit(most))
}

func scanJob(rows *sql.Rows) (j plantroom.Job, err error) {
	var num int64
	err = rows.Scan(&num, &j.Asset, &j.State, &j.Contract, &j.Dispatched, &j.Attended, &j.ETA)
	j.Order = orderID(num)
	return j, err
}

// Stranded returns at most limit (0: 1,000) orders that wait for somebody to
// take them or to answer, and that nobody has, or a contractor that is not one
// of these.
func (t *tx) Stranded(contractors []plantroom.ContractorID, limit int) ([]plantroom.WorkOrder, error) {
	const op = "list orders that nobody has"
	var out []plantroom.WorkOrder
	holder, found := "", true
	for found {
		if !slices.Contains(contractors, plantroom.ContractorID(holder)) {
			os, err := list(t, op, waitingOf, scanDoc[plantroom.WorkOrder], holder, rowLimit(limit)-len(out))
			if err != nil {
				return nil, err
			}
			if out = append(out, os...); len(out) == rowLimit(limit) {
				break
			}
		}
		var err error
		if found, err = t.get(op, nextHolder, []any{holder}, &holder); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const dueOrders = "SELECT doc FROM orders WHERE due > 0 AND due <= ? ORDER BY due, num LIMIT ?"

// DueOrders returns the orders that time alone has to change by now.
func (t *tx) DueOrders(now plantroom.Instant, limit int) ([]plantroom.WorkOrder, error) {
	return list(t, "list due orders", dueOrders, scanDoc[plantroom.WorkOrder], int64(now), rowLimit(limit))
}

// InsertOrder keeps a new order, as version 1 whatever o.Version says. It
// fails with CodeConflict where the order, or another one for any of its
// incidents, exists.
func (t *tx) InsertOrder(o plantroom.WorkOrder) error {
	op := "insert order " + string(o.ID)
	num, ok := orderNum(o.ID)
	if !ok {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: fmt.Sprintf("%q is no order's id, as in wo-000001", o.ID)}
	}
	o.Version = 1
	free, err := t.unclaimed(op, num, &o)
	if err != nil {
		return err
	}
	doc, err := encode(op, &o)
	if err != nil {
		return err
	}
	_, err = t.exec(op, `INSERT INTO orders (num, version, state, open, asset, domain, building, contractor, rule, raised, due, doc,
		contract, dispatched, attended, eta) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		num, string(o.State), flag(!o.State.Final()), string(o.Asset), string(o.Domain), string(o.Building),
		string(o.Contractor), string(o.Rule), int64(o.Raised), int64(o.Due), doc,
		string(o.Contract), int64(o.Dispatched), int64(o.Attended), int64(o.ETA))
	if err != nil {
		return sayConflict(err, "order %s exists already", o.ID)
	}
	return t.claim(op, num, free)
}

// UpdateOrder writes o over the version before o.Version. It fails with
// CodeConflict where the store holds another version, or where another order
// has o's incident, with CodeNotFound where there is no such order, and with
// CodeInvalid where it would move the order to another place or time of raising.
func (t *tx) UpdateOrder(o plantroom.WorkOrder) error {
	op := "update order " + string(o.ID)
	num, ok := orderNum(o.ID)
	if !ok {
		return notFound(op, "order "+string(o.ID))
	}
	free, err := t.unclaimed(op, num, &o)
	if err != nil {
		return err
	}
	doc, err := encode(op, &o)
	if err != nil {
		return err
	}
	n, err := t.exec(op, `UPDATE orders SET version = ?, state = ?, open = ?, contractor = ?, rule = ?, due = ?, doc = ?,
		contract = ?, dispatched = ?, attended = ?, eta = ?
		WHERE num = ? AND version = ? AND asset = ? AND domain = ? AND building = ? AND raised = ?`,
		o.Version, string(o.State), flag(!o.State.Final()), string(o.Contractor), string(o.Rule), int64(o.Due), doc,
		string(o.Contract), int64(o.Dispatched), int64(o.Attended), int64(o.ETA),
		num, o.Version-1, string(o.Asset), string(o.Domain), string(o.Building), int64(o.Raised))
	if err != nil {
		return err
	}
	if n == 0 {
		return t.staleOrder(op, num, &o)
	}
	return t.claim(op, num, free)
}

// staleOrder says why no row was the version before o.
func (t *tx) staleOrder(op string, num int64, o *plantroom.WorkOrder) error {
	var has int64
	found, err := t.get(op, "SELECT version FROM orders WHERE num = ?", []any{num}, &has)
	if err != nil {
		return err
	}
	if !found {
		return notFound(op, "order "+string(o.ID))
	}
	if has == o.Version-1 {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: "asset, building, domain and raising time of an order never change"}
	}
	return conflict(op, "version %d was to follow %d, but the order is at %d: somebody else was first", o.Version, o.Version-1, has)
}

// unclaimed returns those of an order's incidents that no order has yet. An
// incident that another order has is a conflict; it is found before anything
// is written, so that a refusal leaves nothing behind. A part claims none: its
// incident is that of the order that it was split off.
func (t *tx) unclaimed(op string, num int64, o *plantroom.WorkOrder) ([]plantroom.IncidentID, error) {
	if o.PartOf != "" {
		return nil, nil
	}
	var free []plantroom.IncidentID
	for i := -1; i < len(o.Earlier); i++ {
		id := o.Incident
		if i >= 0 {
			id = o.Earlier[i]
		}
		var owner int64
		found, err := t.get(op, "SELECT num FROM order_incidents WHERE incident = ?", []any{string(id)}, &owner)
		switch {
		case err != nil:
			return nil, err
		case !found:
			free = append(free, id)
		case owner != num:
			return nil, conflict(op, "incident %s has order %s already", id, orderID(owner))
		}
	}
	return free, nil
}

// claim ties incidents to an order.
func (t *tx) claim(op string, num int64, ids []plantroom.IncidentID) error {
	for _, id := range ids {
		_, err := t.exec(op, "INSERT INTO order_incidents (incident, num) VALUES (?, ?) ON CONFLICT DO NOTHING", string(id), num)
		if err != nil {
			return err
		}
	}
	return nil
}
