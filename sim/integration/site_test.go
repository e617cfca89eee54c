package integration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plantroom"
	"plantroom/internal/mqttconn/brokertest"
	"plantroom/internal/parts"
	"plantroom/sim/stack"
)

// Before the same server two sites are played, one after the other. In the second
// nothing goes wrong: what it has to do is left from the first.
const (
	breaks = `scenario: Two lifts fail, and whoever accepts does not come
estate: story
start: "2026-03-02 08:00"
length: 1h
contractors: {quicklift: {acknowledge: 10s}}
do:
  - {at: 10s, fault: {lift: b1-l1, cause: door_close_fault}}
  - {at: 20s, fault: {lift: b4-l2, cause: drive_motor_fault}}
expect: [{by: 1h, order: {asset: b1-l1, state: acknowledged}}]
`
	mends = `scenario: Somebody comes
estate: story
start: "2026-03-02 08:00"
length: 1h
contractors: {quicklift: {acknowledge: 10s, arrive: 50s, fix: 50s}}
expect: [{by: 1h, order: {asset: b1-l1, state: closed}}]
`
)

// The way of dashboards/compose.yaml, with its own files: a mosquitto with passwords and
// access lists, an InfluxDB and a server that run apart, and a site that is played
// before them by one program.
func TestASiteThatIsPlayedKeepsAPlantroomAliveAndGoesOnFromWhatIsOpen(t *testing.T) {
	p := newPlayed(t)
	first := p.play("first", breaks)
	within(t, reconnected, "every gateway is heard, and both lifts have an order that is accepted", func(ctx context.Context) error {
		return errors.Join(p.heard(ctx), p.orderIs(ctx, "b1-l1", plantroom.Acknowledged), p.orderIs(ctx, "b4-l2", plantroom.Acknowledged))
	})
	p.ends(first)
	second := p.play("second", mends)
	within(t, reconnected, "somebody comes for the order of before", func(ctx context.Context) error {
		return p.orderIs(ctx, "b1-l1", plantroom.Attended)
	})
	if in := p.faults(); len(in) != 2 || in[0].State != plantroom.IncidentOpen || in[1].State != plantroom.IncidentOpen {
		t.Errorf("nobody has repaired anything yet, and the incidents are %+v", in)
	}
	within(t, reconnected, "what was broken is repaired, and its sensor proves it", func(ctx context.Context) error {
		return errors.Join(p.heard(ctx), p.orderIs(ctx, "b1-l1", plantroom.Verified, plantroom.Closed), p.orderIs(ctx, "b4-l2", plantroom.Verified, plantroom.Closed))
	})
	p.ends(second)
	var n struct{ Count int }
	if err := p.get(t.Context(), "quarantine/count", &n); err != nil || n.Count != 0 {
		t.Errorf("%d things are in quarantine, %v", n.Count, err)
	}
	var gaps struct{ Items []plantroom.Gap }
	if err := p.get(t.Context(), "gaps", &gaps); err != nil || len(gaps.Items) > 0 {
		t.Errorf("gaps: %+v, %v", gaps.Items, err)
	}
	if in := p.faults(); len(in) != 2 {
		t.Errorf("two lifts have failed once each, and the incidents are %+v", in)
	}
}

// played is a server with all that it needs, before which sites are played.
type played struct {
	t      *testing.T
	dir    string
	web    string
	broker string
}

func newPlayed(t *testing.T) *played {
	t.Helper()
	p := &played{t: t, dir: t.TempDir(), web: freeAddr(t)}
	p.startBroker()
	_, base := startInfluxd(t, p.dir)
	if out, err := exec.CommandContext(t.Context(), program("plantroom-sim"), "estate", "story", p.path("made"), "--influxd", "/bin/true").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	estate, err := os.ReadFile(p.path("made/estate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.path("estate.yaml"), regexp.MustCompile(`\{channel: webhook, to: "[^"]*"\}, `).ReplaceAllString(string(estate), ""))
	// Browsers reach it under an address at which nobody is here.
	write(t, p.path("plantroom.yaml"), fmt.Sprintf(`estate: estate.yaml
data: store
web: {listen: %q, public_url: "http://127.0.0.1:1"}
broker: {url: %q, username: plantroom, password_file: mqtt-plantroom}
influxdb: {url: %q, database: plantroom}
`, p.web, p.broker, base))
	server := stack.NewProcess("plantroom", []string{program("plantroom"), "serve", p.path("plantroom.yaml")}, p.path("plantroom.log"), stack.Answers("http://"+p.web+"/healthz"))
	start(t, server)
	t.Cleanup(server.Stop)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server has said at last:\n%s", server.Tail())
		}
	})
	return p
}

// startBroker starts a mosquitto with the access lists of compose, and a password
// for each account.
func (p *played) startBroker() {
	p.t.Helper()
	var acl []byte
	for _, name := range []string{"mosquitto.acl", "contractors.acl"} {
		b, err := os.ReadFile(filepath.Join("../../dashboards/compose", name))
		if err != nil {
			p.t.Fatal(err)
		}
		acl = append(acl, b...)
	}
	write(p.t, p.path("acl"), string(acl))
	write(p.t, p.path("passwords"), "")
	for _, user := range []string{"plantroom", "contractors", "gw-b1", "gw-b2", "gw-b3", "gw-b4"} {
		write(p.t, p.path("mqtt-"+user), "secret of "+user+"\n")
		if out, err := exec.CommandContext(p.t.Context(), parts.Program(p.t, "mosquitto_passwd", "mosquitto"), "-b", p.path("passwords"), user, "secret of "+user).CombinedOutput(); err != nil {
			p.t.Fatalf("%v: %s", err, out)
		}
	}
	p.broker = brokertest.Mosquitto(p.t, "allow_anonymous false\npassword_file "+p.path("passwords")+"\nacl_file "+p.path("acl")+"\nmax_packet_size 2097152\nmax_inflight_messages 0").URL()
}

func (p *played) path(name string) string { return filepath.Join(p.dir, name) }

// play plays a scenario ten times as fast as life. The spools are the same each time.
func (p *played) play(name, text string) *stack.Process {
	p.t.Helper()
	write(p.t, p.path(name+".yaml"), text)
	log := p.path(name + ".log")
	site := stack.NewProcess("site", []string{program("plantroom-sim"), "site", p.path(name + ".yaml"), "--broker", p.broker, "--password-file", p.path("mqtt-%"),
		"--server", "http://" + p.web, "--token-file", p.path("store/secrets/operator-token"), "--dir", p.path("site"), "--speed", "10", "--json"}, log,
		func(context.Context) error {
			b, err := os.ReadFile(log)
			return errors.Join(err, unless(strings.Contains(string(b), "4 gateways run"), "it has said %q", b))
		})
	start(p.t, site)
	p.t.Cleanup(func() {
		if p.t.Failed() {
			text, err := site.Log()
			p.t.Logf("%s, %v:\n%s", name, err, text)
		}
	})
	return site
}

// ends stops a site, which ends in order and says what it has done.
func (p *played) ends(site *stack.Process) {
	p.t.Helper()
	site.Stop()
	text, err := site.Log()
	if err := errors.Join(err, site.Exit()); err != nil {
		p.t.Fatalf("the site ended with %v:\n%s", err, text)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	var sum struct {
		Readings, Calls int
		Wrong           []string
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &sum); err != nil || sum.Readings < 100 || len(sum.Wrong) > 0 {
		p.t.Errorf("at last it says %+v, %v", sum, err)
	}
}

// faults are all incidents of lifts.
func (p *played) faults() []plantroom.Incident {
	p.t.Helper()
	var page struct{ Items []plantroom.Incident }
	if err := p.get(p.t.Context(), "incidents?domain=lifts", &page); err != nil {
		p.t.Fatal(err)
	}
	return page.Items
}

func (p *played) get(ctx context.Context, path string, into any) error {
	token, err := os.ReadFile(p.path("store/secrets/operator-token"))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.web+"/api/v1/"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s, error %w", resp.Status, body, err)
	}
	return json.Unmarshal(body, into)
}

// heard reports whether each gateway has been heard and none is silent.
func (p *played) heard(ctx context.Context) error {
	var page struct {
		Items []struct {
			ID     string
			Heard  plantroom.Instant
			Silent plantroom.Instant
		}
	}
	if err := p.get(ctx, "gateways", &page); err != nil {
		return err
	}
	for _, g := range page.Items {
		if g.Heard.IsZero() || !g.Silent.IsZero() {
			return fmt.Errorf("gateway %+v", g)
		}
	}
	return unless(len(page.Items) == 4, "%d gateways", len(page.Items))
}

// orderIs reports whether an asset's only order is quicklift's and in one of the states.
func (p *played) orderIs(ctx context.Context, a plantroom.AssetID, states ...plantroom.OrderState) error {
	var page struct{ Items []plantroom.WorkOrder }
	if err := p.get(ctx, "orders?asset="+string(a), &page); err != nil {
		return err
	}
	for _, s := range states {
		if len(page.Items) == 1 && page.Items[0].State == s && page.Items[0].Contractor == "quicklift" {
			return nil
		}
	}
	return fmt.Errorf("the orders of %s are %+v, want one that is %v", a, page.Items, states)
}
