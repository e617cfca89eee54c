package integration

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/influx"
	"plantroom/services/influxd"
)

// backfill gives the Plantroom of a server's file a past.
func backfill(ctx context.Context, file string, weeks int) error {
	out, err := exec.CommandContext(ctx, program("plantroom-sim"), "backfill", "--weeks", strconv.Itoa(weeks), file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("plantroom-sim backfill: %w\n%s", err, out)
	}
	return nil
}

// A Plantroom that was given a past has readings, incidents, orders and a ledger
// that verifies, up to the moment at which its server takes over: it goes on with
// what is open, and a second past is refused. Boards and alerts of Grafana are
// asked of it too: the day is played once for all.
func TestAPlantroomThatWasGivenAPastGoesOnFromThere(t *testing.T) {
	h := open(t, plan{past: 4})
	orders, err := h.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, open, past := plantroom.At(time.Now()), 0, 0
	for _, o := range orders {
		if !o.State.Final() {
			open++
		}
		if o.Raised < now.Add(-25*time.Hour) {
			past++
		}
		if o.Raised > now {
			t.Errorf("%s was raised at %s, which is still to come", o.ID, o.Raised)
		}
	}
	if open < 3 || past < 3 || len(orders) < 30 {
		t.Errorf("%d orders, %d of them open, %d from before the day", len(orders), open, past)
	}
	url, token, err := influxd.Known(h.Path("data/influxdb"))
	if err != nil {
		t.Fatal(err)
	}
	r := influx.NewReader(influx.Options{URL: url, Token: token, Database: "plantroom"})
	for _, m := range app.Measurements() {
		rows, err := r.Query(t.Context(), fmt.Sprintf(`SELECT count(*) FROM %q WHERE time > now() - 24h GROUP BY time(12h)`, m))
		if err != nil || len(rows) == 0 || len(rows[0].Rows) < 2 {
			t.Errorf("%s: %v, %v: there is nothing of one half of the day", m, rows, err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), program("plantroom"), "ledger", "verify", h.Path("plantroom.yaml")).CombinedOutput(); err != nil {
		t.Errorf("the ledger: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program("plantroom-sim"), "backfill", h.Path("plantroom.yaml")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "orders already") {
		t.Errorf("a second past: %v\n%s", err, out)
	}
	t.Run("gateways tell of themselves", h.gatewaysTell)
	g := h.grafana()
	t.Run("an alert of Grafana is one order", g.anAlert)
	t.Run("every query of every board is answered", g.boards)
	t.Run("a browser asks through the whole chain", g.browser)
}
