package app_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/history"
)

// TestThePastIsThereAfterARestart raises an order on a running server, asks for it
// at once, and asks a server that has taken up what the first one left, with its
// file and without.
func TestThePastIsThereAfterARestart(t *testing.T) {
	h := newHouse(t).withInflux().start()
	g := h.gateway("gw-b1")
	at := h.now()
	g.take(reading("b1-l1-box", "mode", plantroom.String("normal"), at), reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), at.Add(time.Second)))
	g.stored()
	asked := func() (id plantroom.OrderID, state history.State) {
		t.Helper()
		eventually(t, "the history is read", func() bool {
			status, _, _ := h.request("GET", "/api/v1/history/now", h.token())
			return status == http.StatusOK
		})
		eventually(t, "the order is in the history", func() bool {
			orders := get[history.OrderItem](h, "/api/v1/history/orders?open=true")
			if len(orders) == 1 {
				id = orders[0].ID
			}
			return len(orders) == 1
		})
		return id, get[history.NowItem](h, "/api/v1/history/now?asset=b1-l1")[0].State
	}
	check := func(when string) {
		t.Helper()
		if id, state := asked(); id != "wo-000001" || state != history.Degraded {
			t.Errorf("%s: order %s, and the lift is %s", when, id, state)
		}
		if up, orders, lag := h.metric("plantroom_history_up"), h.metric("plantroom_history_orders"), h.metric("plantroom_history_lag_seconds"); up != 1 || orders != 1 || lag > 60 {
			t.Errorf("%s: up %v, %v orders, %v s behind", when, up, orders, lag)
		}
	}
	check("at once")
	h.Stop()
	if _, err := os.Stat(h.path("data", "history.cache")); err != nil {
		t.Fatalf("a server that was stopped leaves no file: %v", err)
	}
	h.start()
	check("with the file")
	if h.log.count("from_file=true") != 1 {
		t.Error("the file was not used")
	}
	h.Stop()
	if err := os.WriteFile(h.path("data", "history.cache"), []byte("plantroom history\nnonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.start()
	check("with a damaged file")
	if h.log.count("its file is not used") != 1 {
		t.Error("nothing is said of the damaged file")
	}
}
