package dispatch

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

// termsRows are the ledger's rows about the terms of an estate, as a transaction
// that appends them would see them.
type termsRows struct {
	plantroom.Tx
	rows []plantroom.LedgerRow
}

func (t *termsRows) LedgerOf(string) ([]plantroom.LedgerRow, error) { return t.rows, nil }

func (t *termsRows) AppendLedger(rows ...plantroom.LedgerRow) error {
	for _, r := range rows {
		r.Salt = plantroom.Salt{1}
		var prev plantroom.Hash
		if n := len(t.rows); n > 0 {
			prev = t.rows[n-1].Hash
		}
		r.Seal(int64(len(t.rows)+1), prev)
		t.rows = append(t.rows, r)
	}
	return nil
}

func deskOn(t *testing.T, e plantroom.Estate) *Desk {
	t.Helper()
	d, err := New(Options{Estate: e, Domains: []plantroom.Domain{{Name: "lifts",
		Targets: []plantroom.Window{{Clock: plantroom.Attend, Severity: plantroom.Low, Length: 60}},
		Rules:   []plantroom.Rule{{ID: "lift.fault", Doc: "what it looks for", Clean: 3}}}}, File: plantroom.Hash{0xfe}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func termsEstate() plantroom.Estate {
	return plantroom.Estate{ID: "story", Zone: "Asia/Shanghai", Profile: "plain",
		People:      []plantroom.Person{{ID: "mei", Name: "Mei", Role: "manager", Channels: []plantroom.Address{{Channel: "webhook", To: "https://secret.example/token"}}}},
		Contractors: []plantroom.Contractor{{ID: "quicklift", Channels: []plantroom.Address{{Channel: "webhook", To: "https://secret.example/token"}}}},
		Contracts: []plantroom.Contract{{ID: "c-1", Contractor: "quicklift", Windows: []plantroom.Window{{Clock: plantroom.Attend, Length: 900e9, Source: "clause 7"}}},
			{ID: "c-2", Contractor: "quicklift"}}}
}

func TestTheTermsAreKeptWhenTheyComeIntoForceAndWhenTheyChange(t *testing.T) {
	tx := &termsRows{}
	keep := func(e plantroom.Estate, now plantroom.Instant) plantroom.Hash {
		t.Helper()
		h, err := deskOn(t, e).Terms(tx, now)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	first := keep(termsEstate(), 1)
	if again := keep(termsEstate(), 2); again != first || len(tx.rows) != 1 {
		t.Errorf("the same terms are kept again: %d rows", len(tx.rows))
	}
	laxer := termsEstate()
	laxer.Contracts[0].Windows[0].Length *= 2
	if changed := keep(laxer, 3); changed == first || len(tx.rows) != 2 || tx.rows[1].Hash != changed {
		t.Errorf("a longer window is not kept: %d rows", len(tx.rows))
	}
	if back := keep(termsEstate(), 4); back == first || len(tx.rows) != 3 {
		t.Error("terms that come back are in force from then on, and not since before")
	}
}

func TestEachContractAndRuleOfTheTermsCanBeShownByItself(t *testing.T) {
	tx := &termsRows{}
	if _, err := deskOn(t, termsEstate()).Terms(tx, 1); err != nil {
		t.Fatal(err)
	}
	row := tx.rows[0]
	var names []string
	for _, f := range row.Fields() {
		names = append(names, f.Name)
		if f.Name == `"contract c-1"` && !strings.Contains(f.Value, "clause 7") {
			t.Errorf("the contract is not kept: %s", f.Value)
		}
	}
	for _, want := range []string{`"file"`, `"profile"`, `"contract c-1"`, `"contract c-2"`, `"defaults lifts"`, `"rule lift.fault"`} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is no member of its own: %q", want, names)
		}
	}
	if strings.Contains(string(row.Body), "secret.example") || strings.Contains(string(row.Body), "Mei") {
		t.Errorf("the terms hold people or addresses: %s", row.Body)
	}
}

// What an order's steps were can be shown by the text of the playbook as it was,
// one that is built in too, also after either has changed.
func TestEachPlaybookOfTheTermsIsKeptAsItWas(t *testing.T) {
	book := func(id, step string) plantroom.Playbook {
		return plantroom.Playbook{ID: id, Title: plantroom.Text{En: id}, Binds: plantroom.Binds{Domains: []plantroom.DomainName{"lifts"}}, Steps: []plantroom.Step{{ID: "look", Title: plantroom.Text{En: step, Zh: "查看"}, Proof: plantroom.ProofPhoto, Role: "technician", Within: 600e9}}}
	}
	tx := &termsRows{}
	keep := func(own, built plantroom.Playbook) plantroom.LedgerRow {
		t.Helper()
		e := termsEstate()
		e.Playbooks = []plantroom.Playbook{own}
		d, err := New(Options{Estate: e, Playbooks: []plantroom.Playbook{built}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Terms(tx, 1); err != nil {
			t.Fatal(err)
		}
		return tx.rows[len(tx.rows)-1]
	}
	kept := func(r plantroom.LedgerRow) map[string]plantroom.Playbook {
		t.Helper()
		out := map[string]plantroom.Playbook{}
		for _, f := range r.Fields() {
			if name, ok := strings.CutPrefix(strings.Trim(f.Name, `"`), TermsPlaybook); ok {
				var p plantroom.Playbook
				if err := json.Unmarshal([]byte(f.Value), &p); err != nil {
					t.Fatal(err)
				}
				out[name] = p
			}
		}
		return out
	}
	first := keep(book("ours", "Look at the sill"), book("fault", "Run the door"))
	if got := kept(first); !reflect.DeepEqual(got["ours"], book("ours", "Look at the sill")) || !reflect.DeepEqual(got["fault"], book("fault", "Run the door")) || len(got) != 2 {
		t.Errorf("kept is %+v", got)
	}
	second := keep(book("ours", "Look at the sill, twice"), book("fault", "Run the door"))
	if second.Hash == first.Hash || kept(second)["ours"].Steps[0].Title.En != "Look at the sill, twice" || kept(first)["ours"].Steps[0].Title.En != "Look at the sill" {
		t.Error("a changed playbook is no change of the terms")
	}
	if got := kept(keep(book("fault", "Ours"), book("fault", "Built in"))); got["fault"].Steps[0].Title.En != "Ours" || got["fault 2"].Steps[0].Title.En != "Built in" {
		t.Errorf("of two of one id: %+v", got)
	}
}

func TestAnOrderNamesTheTermsThatItWasRaisedUnder(t *testing.T) {
	d := deskOn(t, termsEstate())
	raised := func() string {
		dec := d.book.raise(1, "wo-000001", plantroom.Incident{ID: "inc-a", Rule: "lift.fault", Domain: "lifts", Asset: "l1"}, scene{})
		for _, r := range dec.rows {
			var e entry
			if err := json.Unmarshal(r.Body, &e); err != nil {
				t.Fatal(err)
			}
			if r.Kind == "order.raise" {
				return e.Terms
			}
		}
		return "no row"
	}
	if got := raised(); got != "" {
		t.Errorf("before they are kept it names %q", got)
	}
	d.GoBy(plantroom.Hash{7})
	if got := raised(); got != (plantroom.Hash{7}).String() {
		t.Errorf("it names %q", got)
	}
}
