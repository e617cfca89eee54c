package history

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plantroom"
)

// chunkRows is how many rows lie together. A chunk is never moved, so that a
// table of a million grows without being copied.
const chunkRows = 4096

// maxOrder bounds the table of chunks, whatever number somebody gives an order.
const maxOrder = 1 << 28

// orderChunk holds the columns of chunkRows orders.
type orderChunk struct {
	first, last plantroom.Instant // of raised
	open        int               // orders that are not final
	over        plantroom.Instant // when the last of the others ended

	raised, acknowledged, attended, restored, verified, closed, eta [chunkRows]plantroom.Instant

	due      [chunkRows]plantroom.Instant // of the worst clock
	used     [chunkRows]float32           // of its window
	took     [chunkRows][kinds]float32    // seconds, of the clocks that are stopped
	asset    [chunkRows]uint32
	building [chunkRows]uint32
	domain   [chunkRows]uint32
	rule     [chunkRows]uint32
	cause    [chunkRows]uint32
	holder   [chunkRows]uint32 // contractor
	clocks   [chunkRows]clockBits
	state    [chunkRows]uint8 // 0: there is no such order
	severity [chunkRows]uint8
	worst    [chunkRows]uint8 // kind of the worst clock that does not count any more, from 1; 0: none
	reopens  [chunkRows]uint8
	wrong    [chunkRows]uint8 // claims that a sensor did not bear out
}

// orderRow is one row of it, as it is put in and kept in a file.
type orderRow struct {
	raised, acknowledged, attended, restored, verified, closed, eta, due plantroom.Instant

	used                                         float32
	took                                         [kinds]float32
	asset, building, domain, rule, cause, holder uint32
	clocks                                       clockBits
	state, severity, worst, reopens, wrong       uint8
}

func (c *orderChunk) set(i uint32, r *orderRow) {
	if c.first.IsZero() || r.raised < c.first {
		c.first = r.raised
	}
	c.last = max(c.last, r.raised)
	if c.state[i] != 0 && !stateOf(c.state[i]).Final() {
		c.open--
	}
	if !stateOf(r.state).Final() {
		c.open++
	}
	c.raised[i], c.acknowledged[i], c.attended[i], c.restored[i] = r.raised, r.acknowledged, r.attended, r.restored
	c.verified[i], c.closed[i], c.eta[i], c.due[i] = r.verified, r.closed, r.eta, r.due
	c.used[i], c.took[i], c.clocks[i], c.worst[i] = r.used, r.took, r.clocks, r.worst
	c.asset[i], c.building[i], c.domain[i], c.rule[i], c.cause[i], c.holder[i] = r.asset, r.building, r.domain, r.rule, r.cause, r.holder
	c.state[i], c.severity[i], c.reopens[i], c.wrong[i] = r.state, r.severity, r.reopens, r.wrong
	c.over = max(c.over, c.ended(i))
}

// within reports whether an order of the chunk may have been open in [from, to).
func (c *orderChunk) within(from, to plantroom.Instant) bool {
	return c.first < to && (c.open > 0 || c.over >= from)
}

func (c *orderChunk) row(i uint32) orderRow {
	return orderRow{raised: c.raised[i], acknowledged: c.acknowledged[i], attended: c.attended[i], restored: c.restored[i],
		verified: c.verified[i], closed: c.closed[i], eta: c.eta[i], due: c.due[i],
		used: c.used[i], took: c.took[i], clocks: c.clocks[i], worst: c.worst[i],
		asset: c.asset[i], building: c.building[i], domain: c.domain[i], rule: c.rule[i], cause: c.cause[i], holder: c.holder[i],
		state: c.state[i], severity: c.severity[i], reopens: c.reopens[i], wrong: c.wrong[i]}
}

// ended is when nothing more was done about an order, as far as its times tell:
// of one that was cancelled or merged the last of them.
func (c *orderChunk) ended(i uint32) plantroom.Instant {
	return max(c.raised[i], c.acknowledged[i], c.attended[i], c.restored[i], c.verified[i], c.closed[i])
}

// States lists what an order can be in. Their places are kept in files: new ones
// go to the end.
var States = []plantroom.OrderState{plantroom.Raised, plantroom.Dispatched, plantroom.Acknowledged, plantroom.Attended, plantroom.Restored,
	plantroom.Verified, plantroom.Closed, plantroom.Declined, plantroom.Cancelled, plantroom.Reopened, plantroom.Merged}

func stateNumber(s plantroom.OrderState) uint8 { return uint8(slices.Index(States, s) + 1) }

func stateOf(n uint8) plantroom.OrderState { return States[n-1] }

const orderPrefix = "wo-"

func orderID(n uint32) plantroom.OrderID {
	return plantroom.OrderID(fmt.Sprintf(orderPrefix+"%06d", n))
}

// orderNumber reads what orderID writes.
func orderNumber(id plantroom.OrderID) (uint32, bool) {
	digits, ok := strings.CutPrefix(string(id), orderPrefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n > 0 && n < maxOrder && orderID(uint32(n)) == id
}

// IsOrder reports whether an id can be an order's.
func IsOrder(id string) bool {
	_, ok := orderNumber(plantroom.OrderID(id))
	return ok
}

// chunk returns where an order's row is, nil where there is none of its chunk.
func (t *Table) chunk(n uint32) (*orderChunk, uint32) {
	if c := int(n / chunkRows); c < len(t.orders) {
		return t.orders[c], n % chunkRows
	}
	return nil, 0
}

// has reports whether there is an order of a number.
func (t *Table) has(n uint32) bool {
	c, i := t.chunk(n)
	return c != nil && c.state[i] != 0
}

// Put takes an order over as it is now. CodeInvalid: a newer program has written
// it, in words that this one does not know.
func (t *Table) Put(o *plantroom.WorkOrder) error {
	n, ok := orderNumber(o.ID)
	state := stateNumber(o.State)
	if !ok || state == 0 {
		return plantroom.Errorf(plantroom.CodeInvalid, "take order %.40q over into the history: its id or its state %.40q is not known", o.ID, o.State)
	}
	r := orderRow{raised: o.Raised, acknowledged: o.Acknowledged, attended: o.Attended, restored: o.Restored, verified: o.Verified, closed: o.Closed, eta: o.ETA,
		state: state, severity: uint8(o.Severity), reopens: uint8(min(o.Reopens, 255)), wrong: uint8(min(o.Contradicted, 255)),
		asset: t.assets.number(o.Asset), building: t.buildings.number(o.Building), domain: t.domains.number(o.Domain),
		rule: t.rules.number(o.Rule), cause: t.causes.number(cause(o.Cause)), holder: t.contractors.number(o.Contractor)}
	if err := r.times(o); err != nil {
		return err
	}
	t.setOrder(n, &r)
	t.beside(n, o)
	if o.PartOf == "" {
		t.claim(n, o.Incident)
		for _, id := range o.Earlier {
			t.claim(n, id)
		}
	}
	return nil
}

func (t *Table) setOrder(n uint32, r *orderRow) {
	for int(n/chunkRows) >= len(t.orders) {
		t.orders = append(t.orders, nil)
	}
	at := &t.orders[n/chunkRows]
	if *at == nil {
		*at = &orderChunk{}
	}
	if (*at).state[n%chunkRows] == 0 {
		t.count++
	}
	(*at).set(n%chunkRows, r)
	t.saw(r.asset, r.raised, t.rules.list[r.rule])
}

// beside keeps what few orders have.
func (t *Table) beside(n uint32, o *plantroom.WorkOrder) {
	t.keepClocks(n, o)
	delete(t.late, n)
	delete(t.declined, n)
	if s, late := overrun(o); late {
		t.late[n] = s
	}
	for _, c := range o.DeclinedBy {
		t.declined[n] = append(t.declined[n], t.contractors.number(c))
	}
}

// overrun is how long the window to restore was overrun: from its end, or from
// when it went on in a later round, until it was kept after all.
func overrun(o *plantroom.WorkOrder) (span, bool) {
	c := o.Clock(plantroom.Restore)
	if c == nil || c.State != plantroom.ClockBreached {
		return span{}, false
	}
	s := span{max(c.Breached, c.Resumed), c.Stopped}
	if s.To.IsZero() && o.State.Final() {
		s.To = max(o.Closed, o.Verified)
	}
	return s, s.To.IsZero() && !o.State.Final() || s.To > s.From
}
