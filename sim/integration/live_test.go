package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/influxd/influxdtest"
	"plantroom/sim/stack"
)

// door is a scenario that somebody has written; its fault comes two seconds
// after the start.
const door = `scenario: A lift door fails before a real server
estate: story
start: "2026-03-02 08:00"
length: 2m
do: [{at: 40s, fault: {lift: b1-l1, cause: door_close_fault}}]
expect: [{by: 2m, order: {asset: b1-l1, state: dispatched}}]
`

// The way of docs/scenarios.md: the files that the simulator writes, the
// programs started by hand, and a file played before them.
func TestAFileThatIsPlayedLiveLeadsToAnOrder(t *testing.T) {
	o := newOwn(t)
	file := filepath.Join(o.dir, "door.yaml")
	write(t, file, door)
	out := o.sim("live", file, "--broker", o.field.url, "--speed", "20")
	for _, want := range []string{"b1-l1 stops: door_close_fault", "readings sent"} {
		if !strings.Contains(out, want) {
			t.Errorf("live does not say %q:\n%s", want, out)
		}
	}
	within(t, soon, "the fault is an order of the contractor with technicians on site", func(ctx context.Context) error {
		orders, err := o.orders(ctx)
		if err != nil {
			return err
		}
		for _, x := range orders {
			if x.Asset == "b1-l1" && x.Rule == "lift.fault" && x.State == plantroom.Dispatched && x.Contractor == "quicklift" {
				return nil
			}
		}
		return fmt.Errorf("the orders are %+v", orders)
	})
}

// own is a Plantroom as somebody runs it who has read the guide.
type own struct {
	t     *testing.T
	dir   string
	web   string
	field *mosquitto
}

func newOwn(t *testing.T) *own {
	t.Helper()
	o := &own{t: t, dir: t.TempDir(), web: freeAddr(t)}
	o.field = startMosquitto(t, o.dir, "field")
	o.sim("estate", "story", o.path(""), "--devices", o.field.url, "--uplink", freeAddr(t), "--web", o.web, "--influxdb", freeAddr(t), "--influxd", influxdtest.Binary(t))
	server := stack.NewProcess("plantroom", []string{program("plantroom"), "serve", o.path("plantroom.yaml")}, o.path("plantroom.log"), stack.Answers("http://"+o.web+"/healthz"))
	start(t, server)
	t.Cleanup(server.Stop) // with its influxd, before the files are removed
	files, err := filepath.Glob(o.path("gw-*.yaml"))
	if err != nil || len(files) != 4 {
		t.Fatalf("the gateways' files are %q, error %v", files, err)
	}
	for _, f := range files { // all at once: each waits a random moment before it connects
		log := f + ".log"
		start(t, stack.NewProcess(filepath.Base(f), []string{program("plantroom-gateway"), "run", f}, log, exists(log)))
	}
	for _, f := range files {
		within(t, soon, filepath.Base(f)+" hears its devices and is heard", func(context.Context) error { return connected(f + ".log") })
	}
	return o
}

func (o *own) path(name string) string { return filepath.Join(o.dir, "own", name) }

// sim runs the simulator to its end.
func (o *own) sim(args ...string) string {
	o.t.Helper()
	out, err := exec.CommandContext(o.t.Context(), program("plantroom-sim"), args...).CombinedOutput()
	if err != nil {
		o.t.Fatalf("plantroom-sim %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// orders asks the API, with the token that the server has made.
func (o *own) orders(ctx context.Context) ([]plantroom.WorkOrder, error) {
	token, err := os.ReadFile(o.path("data/secrets/operator-token"))
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.web+"/api/v1/orders", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s, error %w", resp.Status, body, err)
	}
	var page struct{ Items []plantroom.WorkOrder }
	return page.Items, json.Unmarshal(body, &page)
}

func exists(path string) func(context.Context) error {
	return func(context.Context) error {
		_, err := os.Stat(path)
		return err
	}
}

// connected reports whether a gateway with three families of devices has said
// that all its connections are up.
func connected(log string) error {
	b, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	sources, uplinks := strings.Count(string(b), "source is up"), strings.Count(string(b), "uplink is up")
	return unless(sources >= 3 && uplinks >= 1, "%d sources and %d uplinks are up:\n%s", sources, uplinks, b)
}
