package storetest

import (
	"fmt"
	"testing"

	"plantroom"
)

var orderCases = []testCase{
	{"order ids count up and stay readable", orderNumbers},
	{"an order comes back whole", orderWhole},
	{"a new order is version 1, whatever it says", orderVersionOne},
	{"an unknown order is not found", orderUnknown},
	{"an order's id has one spelling", orderSpelling},
	{"one incident has one order, and a refusal leaves nothing", orderPerIncident},
	{"an order is found by its present and its earlier incidents", orderOfEarlier},
	{"an order cannot take over another one's incident", orderTakeOver},
	{"an update needs the version before", orderVersions},
	{"where and when an order was raised never changes", orderIdentity},
	{"due orders come earliest first and leave when written on", ordersDue},
	{"a contractor is busy with what it was given elsewhere and has not restored", ordersBusy},
	{"orders that wait and that nobody has are found", ordersStranded},
	{"a filter selects orders, newest first", ordersFiltered},
}

func orderNumbers(t *testing.T, s plantroom.Store) {
	var got []plantroom.OrderID
	raise := func(tx plantroom.Tx) error {
		id, err := tx.NextOrderID()
		if err != nil {
			return err
		}
		got = append(got, id)
		o := order(1, incident(plantroom.AssetID("asset-"+id), "lift.fault", clock(0)))
		o.ID = id
		return tx.InsertOrder(o)
	}
	update(t, s, func(tx plantroom.Tx) error {
		if err := raise(tx); err != nil {
			return err
		}
		return raise(tx)
	})
	update(t, s, raise)
	wantEqual(t, got, []plantroom.OrderID{"wo-000001", "wo-000002", "wo-000003"})
	update(t, s, func(tx plantroom.Tx) error {
		a, err := tx.NextOrderID()
		if err != nil {
			return err
		}
		b, err := tx.NextOrderID()
		if a == b {
			t.Errorf("%s was given twice in one transaction", a)
		}
		return err
	})
}

func orderWhole(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	o := order(1, in)
	insertOrder(t, s, o)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.Order(o.ID) }), o)

	o.Version, o.State, o.Acknowledged, o.By, o.ETA = 2, plantroom.Acknowledged, clock(30)+7, "Li 李", clock(600)
	o.DeclinedBy, o.Reopens, o.Contradicted, o.Link, o.Level = []plantroom.ContractorID{"otherlift"}, 1, 2, 3, 1
	o.Due, o.NextCall = 0, clock(90)
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.Order(o.ID) }), o)
}

func orderVersionOne(t *testing.T, s plantroom.Store) {
	o := order(1, incident("b1-l1", "lift.fault", clock(0)))
	o.Version = 0
	insertOrder(t, s, o)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.Order(o.ID) }).Version, 1)
	o.Version = 2
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
}

func orderUnknown(t *testing.T, s plantroom.Store) {
	view(t, s, func(tx plantroom.Tx) error {
		_, err := tx.Order("wo-000001")
		wantCode(t, err, plantroom.CodeNotFound)
		_, err = tx.OrderOf("inc-none")
		wantCode(t, err, plantroom.CodeNotFound)
		return nil
	})
	refused(t, s, plantroom.CodeNotFound, func(tx plantroom.Tx) error {
		o := order(1, incident("b1-l1", "lift.fault", clock(0)))
		o.Version = 2
		return tx.UpdateOrder(o)
	})
}

func orderSpelling(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	insertOrder(t, s, order(1, in))
	for _, id := range []plantroom.OrderID{"", "wo-", "wo-1", "wo-0000001", "wo-+00001", "wo-000000", "WO-000001", "wo-000001 ", "1", "wo-99999999999999999999"} {
		t.Run(string(id), func(t *testing.T) {
			err := s.View(t.Context(), func(tx plantroom.Tx) error { _, err := tx.Order(id); return err })
			wantCode(t, err, plantroom.CodeNotFound)
			refused(t, s, plantroom.CodeInvalid, func(tx plantroom.Tx) error {
				o := order(1, incident("b1-l2", "lift.fault", clock(0)))
				o.ID = id
				return tx.InsertOrder(o)
			})
		})
	}
	big := order(1, incident("b1-l2", "lift.fault", clock(0)))
	big.ID = "wo-1000000"
	insertOrder(t, s, big)
	wantEqual(t, orderNames(read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) { return tx.Orders(plantroom.OrderFilter{}) })),
		[]plantroom.OrderID{"wo-1000000", "wo-000001"})
}

func orderPerIncident(t *testing.T, s plantroom.Store) {
	in, other := incident("b1-l1", "lift.fault", clock(0)), incident("b1-l2", "lift.fault", clock(0))
	insertOrder(t, s, order(1, in))
	update(t, s, func(tx plantroom.Tx) error {
		wantCode(t, tx.InsertOrder(order(1, other)), plantroom.CodeConflict) // the number is taken
		wantCode(t, tx.InsertOrder(order(2, in)), plantroom.CodeConflict)    // the incident is
		o := order(3, other)
		o.Earlier = []plantroom.IncidentID{in.ID}
		wantCode(t, tx.InsertOrder(o), plantroom.CodeConflict)
		return nil
	})
	view(t, s, func(tx plantroom.Tx) error {
		_, err := tx.OrderOf(other.ID)
		wantCode(t, err, plantroom.CodeNotFound)
		os, err := tx.Orders(plantroom.OrderFilter{})
		wantEqual(t, orderNames(os), []plantroom.OrderID{"wo-000001"})
		return err
	})
	insertOrder(t, s, order(2, other))
}

func orderOfEarlier(t *testing.T, s plantroom.Store) {
	first, second := incident("b1-l1", "lift.fault", clock(0)), incident("b1-l1", "lift.fault", clock(900))
	o := order(1, first)
	insertOrder(t, s, o)
	o.Version, o.State, o.Incident, o.Earlier = 2, plantroom.Reopened, second.ID, []plantroom.IncidentID{first.ID}
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	for _, id := range []plantroom.IncidentID{first.ID, second.ID} {
		wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.OrderOf(id) }), o)
	}
	for _, in := range []plantroom.Incident{first, second} {
		refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.InsertOrder(order(2, in)) })
	}
}

func orderTakeOver(t *testing.T, s plantroom.Store) {
	a, b := incident("b1-l1", "lift.fault", clock(0)), incident("b1-l2", "lift.fault", clock(0))
	insertOrder(t, s, order(1, a))
	insertOrder(t, s, order(2, b))
	o := order(1, a)
	o.Version, o.Incident, o.Earlier = 2, b.ID, []plantroom.IncidentID{a.ID}
	refused(t, s, plantroom.CodeConflict, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.OrderOf(a.ID) }), order(1, a))
}

func orderVersions(t *testing.T, s plantroom.Store) {
	o := order(1, incident("b1-l1", "lift.fault", clock(0)))
	insertOrder(t, s, o)
	try := func(version int64) error {
		o.Version = version
		return s.Update(t.Context(), func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	}
	for _, v := range []int64{0, 1, 3, 99} {
		wantCode(t, try(v), plantroom.CodeConflict)
	}
	wantCode(t, try(2), "")
	wantCode(t, try(2), plantroom.CodeConflict)
	wantCode(t, try(3), "")
}

func orderIdentity(t *testing.T, s plantroom.Store) {
	o := order(1, incident("b1-l1", "lift.fault", clock(0)))
	insertOrder(t, s, o)
	for name, change := range map[string]func(*plantroom.WorkOrder){
		"asset":    func(o *plantroom.WorkOrder) { o.Asset = "b1-l2" },
		"building": func(o *plantroom.WorkOrder) { o.Building = "b2" },
		"domain":   func(o *plantroom.WorkOrder) { o.Domain = "leaks" },
		"raised":   func(o *plantroom.WorkOrder) { o.Raised++ },
	} {
		t.Run(name, func(t *testing.T) {
			other := o
			other.Version = 2
			change(&other)
			refused(t, s, plantroom.CodeInvalid, func(tx plantroom.Tx) error { return tx.UpdateOrder(other) })
		})
	}
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.Order(o.ID) }), o)
}

func ordersDue(t *testing.T, s plantroom.Store) {
	due := []int64{50, 10, 0, 30, 10}
	for i, sec := range due {
		o := order(i+1, incident("b1-l1", "lift.fault", clock(int64(i))))
		o.Due = 0
		if sec > 0 {
			o.Due = clock(sec)
		}
		insertOrder(t, s, o)
	}
	at := func(sec int64, limit int) []plantroom.OrderID {
		return orderNames(read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) { return tx.DueOrders(clock(sec), limit) }))
	}
	wantEqual(t, at(9, 0), []plantroom.OrderID{})
	wantEqual(t, at(10, 0), []plantroom.OrderID{"wo-000002", "wo-000005"})
	wantEqual(t, at(100, 0), []plantroom.OrderID{"wo-000002", "wo-000005", "wo-000004", "wo-000001"})
	wantEqual(t, at(100, 3), []plantroom.OrderID{"wo-000002", "wo-000005", "wo-000004"})
	o := order(2, incident("b1-l1", "lift.fault", clock(1)))
	o.Version, o.Due = 2, 0
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	wantEqual(t, at(30, 0), []plantroom.OrderID{"wo-000005", "wo-000004"})
}

func ordersBusy(t *testing.T, s plantroom.Store) {
	for i, state := range []plantroom.OrderState{plantroom.Dispatched, plantroom.Acknowledged, plantroom.Attended, plantroom.Restored,
		plantroom.Declined, plantroom.Closed, plantroom.Raised} {
		o := order(i+1, incident(plantroom.AssetID(fmt.Sprintf("b1-l%d", i+1)), "lift.fault", clock(int64(i))))
		o.State, o.Contractor, o.Contract, o.Dispatched = state, "quicklift", "lifts", clock(int64(10*i))
		insertOrder(t, s, o)
	}
	jobs := func(c plantroom.ContractorID, elsewhere plantroom.AssetID, most int) []plantroom.Job {
		return read(t, s, func(tx plantroom.Tx) ([]plantroom.Job, error) { return tx.Jobs(c, elsewhere, most) })
	}
	first := plantroom.Job{Order: "wo-000001", Asset: "b1-l1", State: plantroom.Dispatched, Contract: "lifts", Dispatched: clock(0)}
	second := plantroom.Job{Order: "wo-000002", Asset: "b1-l2", State: plantroom.Acknowledged, Contract: "lifts", Dispatched: clock(10)}
	third := plantroom.Job{Order: "wo-000003", Asset: "b1-l3", State: plantroom.Attended, Contract: "lifts", Dispatched: clock(20)}
	wantEqual(t, jobs("quicklift", "b9-l1", 10), []plantroom.Job{third, second, first})
	wantEqual(t, jobs("quicklift", "b1-l2", 10), []plantroom.Job{third, first}) // whoever is there sees to the other
	wantEqual(t, jobs("quicklift", "b9-l1", 2), []plantroom.Job{third, second})
	wantEqual(t, len(jobs("grandlift", "b9-l1", 10)), 0)
	o := order(1, incident("b1-l1", "lift.fault", clock(0)))
	o.Version, o.State, o.Contractor = 2, plantroom.Restored, "quicklift"
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	o = order(2, incident("b1-l2", "lift.fault", clock(1)))
	o.Version, o.State, o.Contractor, o.Contract, o.Dispatched, o.ETA, o.Attended = 2, plantroom.Attended, "quicklift", "others", clock(11), clock(12), clock(13)
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
	second = plantroom.Job{Order: "wo-000002", Asset: "b1-l2", State: plantroom.Attended, Contract: "others", Dispatched: clock(11), ETA: clock(12), Attended: clock(13)}
	wantEqual(t, jobs("quicklift", "b9-l1", 10), []plantroom.Job{third, second})
}

func ordersStranded(t *testing.T, s plantroom.Store) {
	for i, o := range []plantroom.WorkOrder{
		{State: plantroom.Declined}, {State: plantroom.Dispatched, Contractor: "gone"}, {State: plantroom.Dispatched, Contractor: "here"},
		{State: plantroom.Attended, Contractor: "gone"}, {State: plantroom.Cancelled}, {State: plantroom.Raised}, {State: plantroom.Reopened, Contractor: "zone"},
	} {
		whole := order(i+1, incident(plantroom.AssetID(fmt.Sprintf("b1-l%d", i+1)), "lift.fault", clock(int64(i))))
		whole.State, whole.Contractor = o.State, o.Contractor
		insertOrder(t, s, whole)
	}
	stranded := func(limit int, cs ...plantroom.ContractorID) []plantroom.OrderID {
		return orderNames(read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) { return tx.Stranded(cs, limit) }))
	}
	wantEqual(t, stranded(0, "here"), []plantroom.OrderID{"wo-000001", "wo-000006", "wo-000002", "wo-000007"})
	wantEqual(t, stranded(3, "here"), []plantroom.OrderID{"wo-000001", "wo-000006", "wo-000002"})
	wantEqual(t, stranded(0, "here", "gone", "zone"), []plantroom.OrderID{"wo-000001", "wo-000006"})
}

// filterableOrders are five orders that differ in all that a filter can see.
func filterableOrders() []plantroom.WorkOrder {
	var out []plantroom.WorkOrder
	for i, change := range []func(*plantroom.WorkOrder){
		func(o *plantroom.WorkOrder) { o.State = plantroom.Closed },
		func(o *plantroom.WorkOrder) { o.Asset, o.Building = "b2-l1", "b2" },
		func(o *plantroom.WorkOrder) { o.Domain, o.Rule, o.Asset = "waste", "bin.full", "b1-bin" },
		func(o *plantroom.WorkOrder) { o.Contractor, o.State = "otherlift", plantroom.Cancelled },
		func(o *plantroom.WorkOrder) { o.State = plantroom.Attended },
	} {
		o := order(i+1, incident("b1-l1", "lift.fault", clock(int64(i))))
		o.Raised = clock(int64(i))
		change(&o)
		out = append(out, o)
	}
	return out
}

func ordersFiltered(t *testing.T, s plantroom.Store) {
	for _, o := range filterableOrders() {
		insertOrder(t, s, o)
	}
	for name, c := range map[string]struct {
		filter plantroom.OrderFilter
		want   []int
	}{
		"all":             {plantroom.OrderFilter{}, []int{5, 4, 3, 2, 1}},
		"limit":           {plantroom.OrderFilter{Limit: 2}, []int{5, 4}},
		"open":            {plantroom.OrderFilter{Open: true}, []int{5, 3, 2}},
		"asset":           {plantroom.OrderFilter{Asset: "b2-l1"}, []int{2}},
		"domain":          {plantroom.OrderFilter{Domain: "lifts"}, []int{5, 4, 2, 1}},
		"building":        {plantroom.OrderFilter{Building: "b2"}, []int{2}},
		"contractor":      {plantroom.OrderFilter{Contractor: "otherlift"}, []int{4}},
		"rule":            {plantroom.OrderFilter{Rule: "bin.full"}, []int{3}},
		"one state":       {plantroom.OrderFilter{States: []plantroom.OrderState{plantroom.Raised}}, []int{3, 2}},
		"two states":      {plantroom.OrderFilter{States: []plantroom.OrderState{plantroom.Closed, plantroom.Attended}}, []int{5, 1}},
		"from":            {plantroom.OrderFilter{From: clock(3)}, []int{5, 4}},
		"to is exclusive": {plantroom.OrderFilter{To: clock(3)}, []int{3, 2, 1}},
		"before":          {plantroom.OrderFilter{Before: "wo-000004"}, []int{3, 2, 1}},
		"a page":          {plantroom.OrderFilter{Before: "wo-000005", Limit: 2}, []int{4, 3}},
		"many at once": {plantroom.OrderFilter{Open: true, Asset: "b1-l1", Domain: "lifts", Building: "b1", Contractor: "quicklift",
			Rule: "lift.fault", States: []plantroom.OrderState{plantroom.Attended}, From: clock(1), To: clock(9), Before: "wo-000009", Limit: 9}, []int{5}},
		"nothing in common": {plantroom.OrderFilter{Open: true, States: []plantroom.OrderState{plantroom.Closed}}, []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) { return tx.Orders(c.filter) })
			wantEqual(t, orderNames(got), keys(c.want, orderID))
		})
	}
	err := s.View(t.Context(), func(tx plantroom.Tx) error { _, err := tx.Orders(plantroom.OrderFilter{Before: "x"}); return err })
	wantCode(t, err, plantroom.CodeInvalid)
}
