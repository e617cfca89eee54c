package history

import (
	"cmp"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// everything asks a Table all that can be asked, as text.
func everything(t *testing.T, m *made, table *Table) string {
	t.Helper()
	from, to := start.Add(30*day), m.now.Add(-20*day)
	orders, _ := table.OrderPage(m.book, &OrderQuery{From: start, To: m.now, Limit: 1 << 20}, m.now)
	open, _ := table.OrderPage(m.book, &OrderQuery{Open: true, Limit: 1 << 20}, m.now)
	incidents, _ := table.IncidentPage(m.book, &Filter{}, start, m.now, 1<<20)
	compliance, err := table.Compliance(m.book, &ComplianceQuery{By: []Key{ByMonth, ByContractor, ByClock}, From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	states, err := table.States(m.book, m.estate.Assets[:min(20, len(m.estate.Assets))], from, to, m.now)
	if err != nil {
		t.Fatal(err)
	}
	kpis, err := table.KPI(m.book, m.estate.Assets, from, to, m.now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent([]any{table.Orders(), table.Incidents(), orders, open, incidents, compliance, table.League(m.book, &Filter{}, from, to), states, kpis,
		table.Now(m.book, m.estate.Assets, m.now), table.OpenIn(&Filter{}, from, to, m.now, 50)}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// differ says where two texts first differ.
func differ(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	n := 0
	for n < len(got) && n < len(want) && got[n] == want[n] {
		n++
	}
	cut := func(s string) string { return s[max(0, n-300):min(len(s), n+200)] }
	t.Fatalf("%s: it answers otherwise:\n%s\nwant:\n%s", what, cut(got), cut(want))
}

func TestTheOrderInWhichThingsComeDoesNotMatter(t *testing.T) {
	m := newMade(t, 10)
	want := everything(t, m, m.year(t, 300))
	for seed := range uint64(5) {
		r, table := rand.New(rand.NewPCG(1, 2)), NewTable()
		table.Began(start)
		var puts []func() error
		for n := 1; n <= 300; n++ {
			o, in := m.order(r, n, 300)
			was, before := o, in // as they were at first
			was.State, was.Clocks, was.Closed, was.DeclinedBy = plantroom.Raised, nil, 0, []plantroom.ContractorID{"office"}
			before.State, before.Proved, before.Closed = plantroom.IncidentOpen, 0, 0
			puts = append(puts, func() error { // in whatever order, the newest comes last
				for _, o := range []plantroom.WorkOrder{was, o, o} {
					if err := table.Put(&o); err != nil {
						return err
					}
				}
				return nil
			}, func() error {
				for _, in := range []plantroom.Incident{before, in, in} {
					if err := table.PutIncident(&in); err != nil {
						return err
					}
				}
				return nil
			})
		}
		rand.New(rand.NewPCG(seed, 3)).Shuffle(len(puts), func(i, j int) { puts[i], puts[j] = puts[j], puts[i] })
		for _, put := range puts {
			if err := put(); err != nil {
				t.Fatal(err)
			}
		}
		differ(t, "shuffled", everything(t, m, table), want)
	}
}

// all returns the orders and incidents of a year as documents.
func (m *made) all(orders int) (os []plantroom.WorkOrder, ins []plantroom.Incident) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n <= orders; n++ {
		o, in := m.order(r, n, orders)
		os, ins = append(os, o), append(ins, in)
	}
	return os, ins
}

// drawn is a filter by chance.
func (m *made) drawn(r *rand.Rand) (f Filter) {
	if r.IntN(3) == 0 {
		f.Buildings = []plantroom.BuildingID{m.estate.Buildings[r.IntN(20)].ID, m.estate.Buildings[r.IntN(20)].ID}
	}
	if r.IntN(3) == 0 {
		f.Contractors = []plantroom.ContractorID{m.estate.Contractors[r.IntN(4)].ID, "nobody"}
	}
	if r.IntN(3) == 0 {
		f.Severities = []plantroom.Severity{plantroom.High, plantroom.Life}
	}
	if r.IntN(4) == 0 {
		f.Rules = []plantroom.RuleID{"lift.fault"}
	}
	if r.IntN(4) == 0 {
		f.Assets = []plantroom.AssetID{m.estate.Assets[0].ID, m.estate.Assets[1].ID}
	}
	return f
}

func selected(f *Filter, o *plantroom.WorkOrder) bool {
	return among(f.Buildings, o.Building) && among(f.Contractors, o.Contractor) && among(f.Severities, o.Severity) && among(f.Rules, o.Rule) && among(f.Assets, o.Asset)
}

// TestCountsAgreeWithTheDocuments counts the plain way and compares.
func TestCountsAgreeWithTheDocuments(t *testing.T) {
	m := newMade(t, 40)
	table := m.year(t, 9000) // more than two chunks
	docs, incidents := m.all(9000)
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		f := m.drawn(r)
		from := start.Add(time.Duration(r.IntN(200)) * day)
		to := from.Add(time.Duration(1+r.IntN(165*24)) * time.Hour)
		var met, breached, open int
		var page []plantroom.OrderID
		took := map[plantroom.ContractorID][]float64{}
		for i := range docs {
			o := &docs[i]
			if o.Raised < from || o.Raised >= to || !selected(&f, o) {
				continue
			}
			page = append(page, o.ID)
			for _, c := range o.Clocks {
				switch {
				case c.State == plantroom.ClockMet:
					met++
				case c.State == plantroom.ClockBreached:
					breached++
				default:
					open++
				}
				if c.Kind == plantroom.Attend && !c.Stopped.IsZero() {
					took[o.Contractor] = append(took[o.Contractor], c.Took().Seconds())
				}
			}
		}
		q := ComplianceQuery{Filter: f, From: from, To: to}
		rows, err := table.Compliance(m.book, &q)
		if err != nil || len(rows) != 1 || rows[0].Met != met || rows[0].Breached != breached || rows[0].Open != open || rows[0].Promised != met+breached+open {
			t.Fatalf("seed %d: %+v (%v), want %d met, %d breached, %d open", seed, rows, err, met, breached, open)
		}
		q.By = []Key{ByContractor, ByDay, ByClock}
		split, err := table.Compliance(m.book, &q)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, row := range split {
			sum += row.Promised
		}
		if sum != rows[0].Promised {
			t.Errorf("seed %d: %d clocks in parts, %d together", seed, sum, rows[0].Promised)
		}
		for _, l := range table.League(m.book, &f, from, to) {
			all := took[l.Contractor]
			slices.Sort(all)
			if n := len(all); n > 0 && (math.Abs(*l.AttendP50-all[(n+1)/2-1]) > 1e-3 || math.Abs(*l.AttendP90-all[int(math.Ceil(0.9*float64(n)))-1]) > 1e-3) {
				t.Errorf("seed %d: %s attends in %v and %v, want %v and %v", seed, l.Contractor, *l.AttendP50, *l.AttendP90, all[(n+1)/2-1], all[int(math.Ceil(0.9*float64(n)))-1])
			}
		}
		var got []plantroom.OrderID
		paged := OrderQuery{Filter: f, From: from, To: to, Limit: 100}
		for more := true; more; paged.Before = got[len(got)-1] {
			var items []OrderItem
			if items, more = table.OrderPage(m.book, &paged, m.now); len(items) == 0 {
				break
			}
			for _, o := range items {
				got = append(got, o.ID)
			}
		}
		if slices.Reverse(got); !slices.Equal(got, page) {
			t.Fatalf("seed %d: pages have %d orders, want %d", seed, len(got), len(page))
		}
		var open50 []plantroom.OrderID
		for i := len(docs) - 1; i >= 0; i-- {
			if o := &docs[i]; o.Raised < to && (!o.State.Final() || o.Closed >= from) && selected(&f, o) {
				open50 = append(open50, o.ID)
			}
		}
		open50 = mostPressing(docs, open50, m.now, 50)
		if got := table.OpenIn(&f, from, to, m.now, 50); !slices.Equal(got, open50) {
			t.Fatalf("seed %d: %v were open, want %v", seed, got, open50)
		}
		var episodes []plantroom.Incident
		for i := range incidents {
			if begin, end := IncidentSpan(&incidents[i]); begin < to && (end.IsZero() || end > from) && selected(&f, &docs[i]) {
				episodes = append(episodes, incidents[i])
			}
		}
		slices.Reverse(episodes)
		found, more := table.IncidentPage(m.book, &f, from, to, 50)
		if len(found) != min(50, len(episodes)) || more != (len(episodes) > 50) {
			t.Fatalf("seed %d: %d episodes and more %v, of %d", seed, len(found), more, len(episodes))
		}
		for i := range found {
			if found[i].ID != episodes[i].ID {
				t.Fatalf("seed %d: episode %d is %s, want %s", seed, i, found[i].ID, episodes[i].ID)
			}
		}
	}
}

// mostPressing keeps so many of some orders whose windows press most, the newest of
// those that press alike.
func mostPressing(docs []plantroom.WorkOrder, ids []plantroom.OrderID, now plantroom.Instant, most int) []plantroom.OrderID {
	used := map[plantroom.OrderID]float64{}
	for i := range docs {
		o := &docs[i]
		used[o.ID] = -1
		for j := range o.Clocks {
			if c := &o.Clocks[j]; c.Open() {
				used[o.ID] = max(used[o.ID], sla.Used(c, o.Pauses, now))
			}
		}
	}
	kept := slices.SortedStableFunc(slices.Values(ids), func(a, b plantroom.OrderID) int { return cmp.Compare(used[b], used[a]) })
	kept = kept[:min(most, len(kept))]
	return slices.DeleteFunc(ids, func(id plantroom.OrderID) bool { return !slices.Contains(kept, id) })
}

func TestARowKeepsWhatTheOrderSays(t *testing.T) {
	m := newMade(t, 3)
	docs, _ := m.all(50)
	o := docs[3]
	o.ETA, o.Reopens, o.Contradicted = o.Raised.Add(time.Hour), 2, 1
	table := NewTable()
	if err := table.Put(&o); err != nil {
		t.Fatal(err)
	}
	items, _ := table.OrderPage(m.book, &OrderQuery{From: start, To: m.now, Limit: 10}, m.now)
	worst := o.Clocks[0]
	breached := 0
	for _, c := range o.Clocks {
		if sla.Used(&c, nil, c.Stopped) > sla.Used(&worst, nil, worst.Stopped) {
			worst = c
		}
		if c.State == plantroom.ClockBreached {
			breached++
		}
	}
	want := OrderItem{ID: o.ID, State: o.State, Severity: o.Severity, Domain: o.Domain, Building: o.Building, Asset: o.Asset, AssetName: m.book.asset(o.Asset), Rule: o.Rule,
		Title: "Lift fault", Cause: o.Cause, CauseText: "door close fault", Contractor: o.Contractor, ContractorName: string(o.Contractor) + " Ltd", Raised: o.Raised, Acknowledged: o.Acknowledged,
		Attended: o.Attended, Restored: o.Restored, Verified: o.Verified, Closed: o.Closed, ETA: o.ETA, Breached: breached, Reopens: 2, Href: "/orders/wo-000004",
		Clock: &ClockItem{worst.Kind, worst.State, worst.Due, float64(float32(sla.Used(&worst, nil, worst.Stopped)))}}
	if len(items) != 1 || !reflect.DeepEqual(items[0], want) {
		t.Errorf("%+v\nwant %+v", items, want)
	}
	for name, spoil := range map[string]func(*plantroom.WorkOrder){
		"an id of another kind": func(o *plantroom.WorkOrder) { o.ID = "wo-4" },
		"a number beyond all":   func(o *plantroom.WorkOrder) { o.ID = "wo-4294967295" },
		"a state of tomorrow":   func(o *plantroom.WorkOrder) { o.State = "asleep" },
		"a clock of tomorrow":   func(o *plantroom.WorkOrder) { o.Clocks = []plantroom.Clock{{Kind: "dance", State: plantroom.ClockMet}} },
	} {
		bad := o
		spoil(&bad)
		if err := table.Put(&bad); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if again, _ := table.OrderPage(m.book, &OrderQuery{From: start, To: m.now, Limit: 10}, m.now); !reflect.DeepEqual(again, items) {
		t.Error("what was refused has changed something")
	}
}

func TestAnOpenOrderShowsItsMostPressingClock(t *testing.T) {
	m := newMade(t, 3)
	docs, _ := m.all(100)
	o := docs[99] // open
	table := NewTable()
	if err := table.Put(&o); err != nil {
		t.Fatal(err)
	}
	now := o.Raised.Add(4 * time.Minute) // of 5, 15 and 30
	items, _ := table.OrderPage(m.book, &OrderQuery{Open: true, Limit: 10}, now)
	if c := items[0].Clock; len(items) != 1 || c == nil || c.Kind != plantroom.Acknowledge || math.Abs(c.Used-0.8) > 1e-9 || c.Due != o.Raised.Add(5*time.Minute) {
		t.Errorf("%+v", items)
	}
}

func TestIdsThatNobodyKnowsAreNamed(t *testing.T) {
	m := newMade(t, 3)
	table := m.year(t, 50)
	got := table.Unknown(m.book, &Filter{Assets: []plantroom.AssetID{"a1", "b9-l9", "gw-3"}, Buildings: []plantroom.BuildingID{"b1", "b77"}, Domains: []plantroom.DomainName{"lifts", "devices", "lift"},
		Contractors: []plantroom.ContractorID{"quicklift", "quick"}, Rules: []plantroom.RuleID{"lift.fault", "lift.entrapment", "lift.faults"}})
	if want := []string{"building b77", "asset b9-l9", "domain lift", "contractor quick", "rule lift.faults"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if items, _ := table.OrderPage(m.book, &OrderQuery{Filter: Filter{Assets: []plantroom.AssetID{"b9-l9"}}, From: start, To: m.now, Limit: 10}, m.now); len(items) != 0 {
		t.Errorf("an asset that nobody knows has %d orders", len(items))
	}
}

func TestTooManyRowsAreRefused(t *testing.T) {
	m := newMade(t, 1000)
	table := m.year(t, 30_000)
	if _, err := table.Compliance(m.book, &ComplianceQuery{By: []Key{ByAsset, ByDay}, From: start, To: m.now}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("%v", err)
	}
	if _, err := table.States(m.book, m.estate.Assets[:201], start, m.now, m.now); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("%v", err)
	}
}

func TestPercentilesAreValues(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		a := make([]float32, 1+r.IntN(300))
		for i := range a {
			a[i] = float32(r.IntN(1 + r.IntN(100)))
		}
		sorted := slices.Sorted(slices.Values(a))
		p50, p90 := percentiles(a)
		n := float64(len(a))
		if want50, want90 := sorted[int(math.Ceil(n/2))-1], sorted[int(math.Ceil(n*0.9))-1]; float32(*p50) != want50 || float32(*p90) != want90 {
			t.Fatalf("seed %d: %v and %v, want %v and %v", seed, *p50, *p90, want50, want90)
		}
	}
	if p50, p90 := percentiles(nil); p50 != nil || p90 != nil {
		t.Error("nothing has percentiles")
	}
}
