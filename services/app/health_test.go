package app_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"plantroom/internal/mqttconn/brokertest"
)

func startBroker(t *testing.T) *brokertest.Mochi { return brokertest.NewMochi(t) }

// health asks /healthz as a stranger and returns the parts.
func (h *house) health() map[string]string {
	h.t.Helper()
	status, _, body := h.request("GET", "/healthz", "")
	var v struct {
		Status string
		Parts  map[string]string
	}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		h.t.Fatalf("%d %s: %v", status, body, err)
	}
	well := v.Status == "ok"
	if well != (status == http.StatusOK) || !well && status != http.StatusServiceUnavailable {
		h.t.Fatalf("status %d with %s", status, body)
	}
	for _, part := range v.Parts {
		well = well && part == "ok"
	}
	if well != (v.Status == "ok") {
		h.t.Fatalf("the whole is %s with %s", v.Status, body)
	}
	return v.Parts
}

func wantHealth(t *testing.T, h *house, want map[string]string) {
	t.Helper()
	if got := h.health(); !maps.Equal(got, want) {
		t.Errorf("health is %v, want %v", got, want)
	}
}

func TestHealthNamesWhatIsWrong(t *testing.T) {
	b := startBroker(t)
	h := newHouse(t, func(f *files) { f.Broker = b.URL() }).withInflux().start()
	eventually(t, "everything is well", func() bool { return h.health()["broker"] == "ok" })
	wantHealth(t, h, map[string]string{"channels": "ok", "broker": "ok", "influxdb": "ok", "judging": "ok", "store": "ok"})

	h.influx.Stop() // nothing is being written, and still it shows
	wantHealth(t, h, map[string]string{"channels": "ok", "broker": "ok", "influxdb": "failing", "judging": "ok", "store": "ok"})

	b.Stop()
	eventually(t, "the broker is missed", func() bool { return h.health()["broker"] == "failing" })
	wantHealth(t, h, map[string]string{"channels": "ok", "broker": "failing", "influxdb": "failing", "judging": "ok", "store": "ok"})

	if err := h.CloseStore(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "judging is missed", func() bool { return h.health()["judging"] == "failing" })
	wantHealth(t, h, map[string]string{"channels": "ok", "broker": "failing", "influxdb": "failing", "judging": "failing", "store": "failing"})
}
