package report

import (
	"encoding/json"
	"testing"

	"plantroom"
)

// FuzzRecord gives a statement whatever may stand in a ledger: it may refuse, and
// has to come back.
func FuzzRecord(f *testing.F) {
	f.Add("order.dispatch", `{"contract":"c","link":1,"clocks":[{"kind":"restore","state":"breached","due":"2026-03-02T10:00:00Z","contract":"c"}]}`, "order.prove", `{"clocks":[]}`)
	f.Add("order.reopen", `{"incident":"i","pauses":[{"begun":"2026-03-02T10:00:00Z","clocks":["restore"]}]}`, "order.decline", `{}`)
	f.Add("incident.opened", `{"severity":"life"}`, "order.raise", `{`)
	f.Fuzz(func(t *testing.T, kindA, bodyA, kindB, bodyB string) {
		c := &plantroom.Contract{ID: "c", Penalties: []plantroom.Penalty{{Clock: plantroom.Restore, Amount: 1, Per: 1, PerAmount: 1}}}
		r := Record{Order: plantroom.WorkOrder{ID: "wo-000001", Incident: "i"}, Rows: []plantroom.LedgerRow{
			{Seq: 1, At: 1, Kind: "order.raise", Subject: "wo-000001", Body: json.RawMessage(`{"incident":"i"}`)},
			{Seq: 2, At: 2, Kind: kindA, Subject: "wo-000001", Body: json.RawMessage(bodyA)},
			{Seq: 3, At: 3, Kind: kindB, Subject: "wo-000001", Body: json.RawMessage(bodyB)},
		}}
		s, err := Make(Basis{Contract: c, Month: Month{2026, 3}, Zone: zone(t, "Asia/Shanghai"), Records: []Record{r}, Events: r.Rows[1:], Now: 1_800_000_000e9})
		if err == nil && s.Total != s.Fixed+s.CallOuts+s.Work-s.Penalties {
			t.Errorf("%+v", s)
		}
		p := Past{To: 1_800_000_000e9}
		_ = p.add(&House{}, &r, p.To)
	})
}
