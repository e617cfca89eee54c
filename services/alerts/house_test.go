package alerts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/dispatch"
	"plantroom/services/store"
)

// start is a Monday, 10:00 on the estate.
var start = plantroom.At(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))

// house is a door before a real desk on a real store, with a clock that the test
// moves. The office is under contract for alerts.
type house struct {
	t      testing.TB
	estate plantroom.Estate
	store  plantroom.Store
	desk   *dispatch.Desk
	door   *alerts.Door
	now    plantroom.Instant
}

func newHouse(t testing.TB) *house {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	reach := func(id string) []plantroom.Address { return []plantroom.Address{{Channel: "mqtt", To: id}} }
	h := &house{t: t, store: s, now: start, estate: plantroom.Estate{
		ID: "story", Zone: "Asia/Shanghai", Profile: "plain", Currency: "CNY",
		Buildings: []plantroom.Building{{ID: "b1", Floors: 12}},
		Zones:     []plantroom.Zone{{ID: "plant", Building: "b1"}},
		Gateways:  []plantroom.Gateway{{ID: "gw-b1", Zone: "plant"}},
		Assets: []plantroom.Asset{{ID: "b1-l1", Domain: "lifts", Kind: "passenger", Building: "b1"},
			{ID: "b1-l2", Domain: "lifts", Kind: "passenger", Building: "b1"}},
		People:      []plantroom.Person{{ID: "lin", Role: "manager", Channels: reach("lin")}, {ID: "sun", Role: "engineer", Channels: reach("sun")}},
		Contractors: []plantroom.Contractor{{ID: "office", Technicians: []plantroom.PersonID{"sun"}, Channels: reach("office")}},
		Contracts: []plantroom.Contract{{ID: "own", Contractor: "office", OnSite: true, Reopen: plantroom.Duration(4 * time.Hour),
			Domains: []plantroom.DomainName{plantroom.AlertsDomain}}},
	}}
	h.reload()
	return h
}

// reload makes door and desk anew for the estate as it is now: a restart, too.
func (h *house) reload() {
	h.t.Helper()
	var err error
	if h.desk, err = dispatch.New(dispatch.Options{Estate: h.estate, Domains: []plantroom.Domain{alerts.Domain()}}); err != nil {
		h.t.Fatal(err)
	}
	h.door = alerts.New(h.estate, h.desk)
}

func (h *house) pass(d time.Duration) {
	h.t.Helper()
	h.now = h.now.Add(d)
	if err := h.store.Update(context.Background(), func(tx plantroom.Tx) error { _, err := h.desk.Tick(tx, h.now, 100); return err }); err != nil {
		h.t.Fatal(err)
	}
}

// fires is an alert on b1-l1 that has fired for so long.
func (h *house) fires(print string, ago time.Duration) alerts.Alert {
	return alerts.Alert{Status: "firing", Asset: "b1-l1", Severity: "medium", Name: "Motor hot", Summary: "91 degrees", Fingerprint: print,
		Starts: h.now.Add(-ago).String(), Ends: "0001-01-01T00:00:00Z"}
}

// resolved is the end of an alert, so long ago.
func (h *house) resolved(a alerts.Alert, ago time.Duration) alerts.Alert {
	a.Status, a.Ends = "resolved", h.now.Add(-ago).String()
	return a
}

// send takes a message in and returns what became of each alert.
func (h *house) send(as ...alerts.Alert) []alerts.Result {
	h.t.Helper()
	var answer alerts.Answer
	err := h.store.Update(context.Background(), func(tx plantroom.Tx) (err error) {
		answer, err = h.door.Take(tx, h.now, alerts.Message{Alerts: as})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(answer.Items) != len(as) {
		h.t.Fatalf("%d results for %d alerts", len(answer.Items), len(as))
	}
	return answer.Items
}

// becomes sends one alert and checks what became of it.
func (h *house) becomes(want alerts.Outcome, a alerts.Alert) alerts.Result {
	h.t.Helper()
	r := h.send(a)[0]
	if r.Outcome != want {
		h.t.Errorf("%s %s became %s, want %s (%s)", a.Status, a.Fingerprint, r.Outcome, want, r.Message)
	}
	return r
}

func view[T any](h *house, f func(plantroom.Tx) (T, error)) (v T) {
	h.t.Helper()
	if err := h.store.View(context.Background(), func(tx plantroom.Tx) (err error) { v, err = f(tx); return err }); err != nil {
		h.t.Fatal(err)
	}
	return v
}

func (h *house) orders() []plantroom.WorkOrder {
	return view(h, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) { return tx.Orders(plantroom.OrderFilter{}) })
}

// incidents, the newest episode first.
func (h *house) incidents() []plantroom.Incident {
	return view(h, func(tx plantroom.Tx) ([]plantroom.Incident, error) { return tx.Incidents(plantroom.IncidentFilter{}) })
}

// ledger counts the rows of a kind.
func (h *house) ledger(kind string) (n int) {
	for _, r := range view(h, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.Ledger(0, 100_000) }) {
		if r.Kind == kind {
			n++
		}
	}
	return n
}

// counts checks how many incidents and orders there are, and of them open ones.
func (h *house) counts(incidents, open, orders int) {
	h.t.Helper()
	all := h.incidents()
	n := 0
	for _, in := range all {
		if in.State != plantroom.IncidentClosed {
			n++
		}
	}
	if got := len(h.orders()); len(all) != incidents || n != open || got != orders {
		h.t.Errorf("%d incidents, %d of them open, and %d orders; want %d, %d and %d", len(all), n, got, incidents, open, orders)
	}
}

// body is a message as Grafana writes one, with alerts put in.
func body(t testing.TB, as ...map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any{"receiver": "plantroom", "status": "firing", "orgId": 1, "alerts": as, "groupLabels": map[string]string{},
		"commonLabels": map[string]string{}, "commonAnnotations": map[string]string{}, "externalURL": "http://grafana.test/", "version": "1",
		"groupKey": `{}/{team="estate"}:{}`, "truncatedAlerts": 0, "title": "[FIRING:1]", "state": "alerting", "message": "**Firing**"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// written is an alert as Grafana writes one, but for what is changed.
func written(change map[string]any) map[string]any {
	a := map[string]any{"status": "firing", "labels": map[string]string{"alertname": "Motor hot", "asset": "b1-l1", "severity": "high", "grafana_folder": "Estate"},
		"annotations": map[string]string{"summary": "91 degrees"}, "startsAt": "2026-03-02T10:00:00+08:00", "endsAt": "0001-01-01T00:00:00Z",
		"generatorURL": "http://grafana.test/alerting/grafana/abc/view", "fingerprint": "c6eadffa33fcdf37", "silenceURL": "http://grafana.test/s",
		"dashboardURL": "", "panelURL": "", "values": map[string]float64{"A": 91, "B": 1}, "valueString": "[ var='A' value=91 ]"}
	maps.Copy(a, change)
	return a
}

func outcomes(rs []alerts.Result) string {
	var words []string
	for _, r := range rs {
		words = append(words, string(r.Outcome))
	}
	return strings.Join(words, " ")
}

func prints(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%016x", i)
	}
	return slices.Clip(list)
}
