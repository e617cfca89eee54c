package cases_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/store"
)

const hour = plantroom.Duration(time.Hour)

// start is a Monday, 10:00 on the estate, in the office's usual hours.
var start = plantroom.At(time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("CST", 8*3600)))

func step(id, role, proof string, within plantroom.Duration) plantroom.CaseStep {
	return plantroom.CaseStep{Step: plantroom.Step{ID: id, Title: plantroom.Text{En: "Step " + id, Zh: "步骤" + id}, Role: role, Proof: proof, Within: within}}
}

// books are a complaint with office hours, and a rumour that counts around the clock.
func books() []plantroom.CasePlaybook {
	ask := step("ask", "engineer", plantroom.ProofPerson, 8*hour)
	ask.After, ask.Wait = "answer", 72*hour
	first := step("first", "manager", plantroom.ProofNote, hour)
	first.Always = true
	return []plantroom.CasePlaybook{
		{ID: "quarrel", Kind: plantroom.Complaint, Title: plantroom.Text{En: "Quarrel", Zh: "纠纷"}, Private: true, Within: 40 * hour, Keep: 1000 * hour,
			Never: []plantroom.Text{{En: "Shout"}}, Steps: []plantroom.CaseStep{step("look", "", plantroom.ProofNote, 4*hour), step("answer", "manager", plantroom.ProofSignature, 16*hour), ask, step("some-time", "", plantroom.ProofNone, 0)},
			Outcomes: []plantroom.CaseOutcome{{ID: "settled", Needs: []string{"answer", "ask"}}, {ID: "mistake"}}},
		{ID: "talk", Kind: plantroom.Rumour, Title: plantroom.Text{En: "Talk"}, Within: 24 * hour, Always: true, Keep: 1000 * hour,
			Steps: []plantroom.CaseStep{step("look", "", plantroom.ProofNote, 2*hour), first}, Outcomes: []plantroom.CaseOutcome{{ID: "over"}}},
	}
}

func estate() plantroom.Estate {
	hook := func(id string) []plantroom.Address { return []plantroom.Address{{Channel: "mqtt", To: id}} }
	return plantroom.Estate{ID: "story", Zone: "Asia/Shanghai",
		Zones:  []plantroom.Zone{{ID: "b1-05a"}, {ID: "b1-06a"}},
		Assets: []plantroom.Asset{{ID: "b1-l1"}},
		People: []plantroom.Person{
			{ID: "lin", Role: "manager", Lang: "zh", Channels: hook("lin")},
			{ID: "sun", Role: "engineer", Channels: hook("sun")},
			{ID: "li", Role: "technician", Channels: hook("li")},
			{ID: "mute", Role: "engineer"},
			{ID: "chen", Role: "resident", Channels: hook("chen")},
		}}
}

// house is a desk on a real store, with a clock that the test moves.
type house struct {
	t     testing.TB
	dir   string
	file  *store.SQLite
	desk  *cases.Desk
	now   plantroom.Instant
	id    plantroom.CaseID
	world plantroom.Estate
}

func newHouse(t testing.TB, change ...func(*plantroom.Estate)) *house {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cases-*")
	if err != nil {
		dir = t.TempDir()
	}
	h := &house{t: t, dir: dir, now: start, world: estate()}
	for _, f := range change {
		f(&h.world)
	}
	t.Cleanup(h.close)
	h.restart()
	return h
}

func (h *house) close() {
	if h.file != nil {
		_ = h.file.Close()
	}
	_ = os.RemoveAll(h.dir)
}

// restart opens the file again, with a desk that remembers nothing.
func (h *house) restart() {
	h.t.Helper()
	var err error
	if h.file != nil {
		if err = h.file.Close(); err != nil {
			h.t.Fatal(err)
		}
	}
	if h.file, err = store.Open(context.Background(), filepath.Join(h.dir, "plantroom.db")); err != nil {
		h.t.Fatal(err)
	}
	if h.desk, err = cases.New(h.world, books()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) update(f func(plantroom.Tx) error) error {
	return h.file.Update(context.Background(), f)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) wantCode(err error, code plantroom.Code, words ...string) {
	h.t.Helper()
	if plantroom.CodeOf(err) != code {
		h.t.Fatalf("got %q (%v), want %q", plantroom.CodeOf(err), err, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			h.t.Errorf("%q does not say %q", err, w)
		}
	}
}

// secret is what nobody outside the case may read.
const secret = "Mr Gao drinks"

func opening() cases.Opening {
	return cases.Opening{Playbook: "quarrel", Zones: []plantroom.ZoneID{"b1-05a"}, Contact: "Ms Wu, 555 0199", Text: secret, By: "li", Responsible: "sun", Actor: "person:operator"}
}

func (h *house) open(o cases.Opening) (c plantroom.Case, err error) {
	err = h.update(func(tx plantroom.Tx) (err error) { c, err = h.desk.Open(tx, h.now, o); return err })
	h.id = c.ID
	return c, err
}

func (h *house) mustOpen(change ...func(*cases.Opening)) plantroom.Case {
	h.t.Helper()
	o := opening()
	for _, f := range change {
		f(&o)
	}
	c, err := h.open(o)
	h.must(err)
	return c
}

func (h *house) do(do cases.Do, r cases.Request) (c plantroom.Case, err error) {
	r.Do, r.Actor = do, "person:operator"
	if r.Case == "" {
		r.Case = h.id
	}
	if r.By == "" {
		r.By = "lin"
	}
	err = h.update(func(tx plantroom.Tx) (err error) { c, err = h.desk.Do(tx, h.now, r); return err })
	return c, err
}

func (h *house) mustDo(do cases.Do, r cases.Request) plantroom.Case {
	h.t.Helper()
	c, err := h.do(do, r)
	h.must(err)
	return c
}

// pass lets time go by and does what has come due.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	h.now = h.now.Add(d)
	h.tick()
}

func (h *house) tick() {
	h.t.Helper()
	h.must(h.update(func(tx plantroom.Tx) error { _, err := h.desk.Tick(tx, h.now, 100); return err }))
}

func (h *house) read() (c plantroom.Case) {
	h.t.Helper()
	h.must(h.file.View(context.Background(), func(tx plantroom.Tx) (err error) { c, err = tx.Case(h.id); return err }))
	return c
}

func (h *house) rows() (rows []plantroom.LedgerRow) {
	h.t.Helper()
	h.must(h.file.View(context.Background(), func(tx plantroom.Tx) (err error) { rows, err = tx.LedgerOf(string(h.id)); return err }))
	return rows
}

func (h *house) calls() (cs []plantroom.Call) {
	h.t.Helper()
	h.must(h.file.View(context.Background(), func(tx plantroom.Tx) (err error) { cs, err = tx.CallsOf(plantroom.OrderID(h.id)); return err }))
	return cs
}

// told counts calls of a kind to somebody about a step.
func (h *house) told(kind, who, step string) (n int) {
	h.t.Helper()
	for _, c := range h.calls() {
		var e struct {
			Data struct{ Case struct{ Step string } }
		}
		h.must(json.Unmarshal(c.Body, &e))
		if c.Kind == kind && c.Who == "person:"+who && e.Data.Case.Step == step {
			n++
		}
	}
	return n
}

func (h *house) kinds() (out []string) {
	for _, r := range h.rows() {
		out = append(out, r.Kind)
	}
	return out
}
