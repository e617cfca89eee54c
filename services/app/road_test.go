package app_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

func TestABatchBecomesPointsAnOrderAndAnAcknowledgement(t *testing.T) {
	h := newHouse(t).start()
	g := h.gateway("gw-b1")
	at := h.now()
	g.take(
		reading("b1-l1-box", "mode", plantroom.String("normal"), at),
		reading("b1-l1-box", "floor", plantroom.Float(3), at.Add(time.Second)),
		reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), at.Add(2*time.Second)),
	)
	g.stored()
	if n := h.points("lift"); n != 3 {
		t.Errorf("InfluxDB holds %d values, want the 3 readings", n)
	}
	orders := h.orders()
	if len(orders) != 1 || orders[0].Asset != "b1-l1" || orders[0].Rule != "lift.fault" || orders[0].Contractor != "quicklift" ||
		orders[0].State != plantroom.Dispatched {
		t.Fatalf("the API has %+v, want one order of lift b1-l1 that quicklift was sent", orders)
	}
	if in := get[plantroom.Incident](h, "/api/v1/incidents?open=true"); len(in) != 1 || in[0].ID != orders[0].Incident {
		t.Errorf("open incidents: %+v", in)
	}
	if body := h.page("/"); !strings.Contains(body, string(orders[0].ID)) {
		t.Errorf("the board does not show %s", orders[0].ID)
	}
	for name, want := range map[string]float64{
		"plantroom_readings_total": 3, "plantroom_readings_judged_total": 3, `plantroom_batches_total{result="new"}`: 1,
		`plantroom_points_total{result="written"}`: 3, `plantroom_quarantined_total{stage="check"}`: 0,
		"plantroom_influxdb_up": 1, "plantroom_store_up": 1, "plantroom_broker_up": 1,
	} {
		if got := h.metric(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// page reads a page as the operator.
func (h *house) page(path string) string {
	h.t.Helper()
	status, _, body := h.request("GET", path, h.token())
	if status != 200 {
		h.t.Fatalf("GET %s: %d", path, status)
	}
	return body
}

func TestWhatCannotBeUsedIsSetAsideAndCountedAndHoldsNothingUp(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	at := h.now()
	g.take(
		reading("nobody", "fault", plantroom.String("none"), at),
		reading("b1-l1-box", "floor", plantroom.Float(1e9), at.Add(1)),
		reading("b1-l1-box", "floor", plantroom.Float(2), at.Add(-40*365*24*time.Hour)),
		plantroom.Record{Reject: &plantroom.Reject{Source: "zigbee2mqtt/x", Reason: "not JSON", Raw: []byte("{"), Received: at}},
		reading("b1-l1-box", "floor", plantroom.Float(2), at.Add(2)),
	)
	g.say(wire.Up, []byte("not CBOR"))
	g.stored()
	eventually(t, "all five are set aside", func() bool { return len(get[plantroom.Quarantined](h, "/api/v1/quarantine")) == 5 })
	for name, want := range map[string]float64{
		`plantroom_quarantined_total{stage="check"}`: 3, `plantroom_quarantined_total{stage="gateway"}`: 1,
		`plantroom_quarantined_total{stage="wire"}`: 1, `plantroom_quarantined_total{stage="influx"}`: 0, "plantroom_readings_total": 1,
	} {
		if got := h.metric(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if n := h.points("lift"); n != 1 {
		t.Errorf("InfluxDB holds %d values, want the good one", n)
	}
}

func TestABrokerElsewhereMayGoAndComeBack(t *testing.T) {
	b := startBroker(t)
	h := newHouse(t, func(f *files) { f.Broker = b.URL() }).withInflux().start()
	eventually(t, "the broker is connected to", func() bool { return h.metric("plantroom_broker_up") == 1 })
	g := h.gateway("gw-b1")
	g.take(reading("b1-l1-box", "floor", plantroom.Float(1), h.now()))
	g.stored()

	b.Stop()
	eventually(t, "health names the broker", func() bool { return h.health()["broker"] == "failing" })
	b.Start()
	eventually(t, "the broker is well again", func() bool { return h.health()["broker"] == "ok" })
	g.connect()
	g.take(reading("b1-l1-box", "floor", plantroom.Float(2), h.now()))
	g.stored()
	if n := h.points("lift"); n != 2 {
		t.Errorf("InfluxDB holds %d values, want 2", n)
	}
	if n := h.log.count("gateways are heard"); n != 2 {
		t.Errorf("the log tells %d times that gateways are heard, want once per connection:\n%s", n, h.log)
	}
}
