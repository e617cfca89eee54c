package scenario_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/internal/yamldoc"
	"plantroom/sim/scenario"
)

const strangers = `scenario: Nothing in it exists
estate: story
start: "2026-03-02 08:00"
length: 1h
contractors:
  quiklift: {acknowledge: 2m}
do:
  - {at: 1m, fault: {lift: b1-l3, cause: door_close_fault}}
  - {at: 1m, fault: {lift: b1-l1, cause: door_stuck}}
  - {at: 1m, trap: {lift: fire-n1}}
  - {at: 1m, mode: {lift: b1-l1, to: asleep}}
  - {at: 1m, leak: {zone: b2-41c}}
  - {at: 1m, isolate: {zone: b1-waste}}
  - {at: 1m, fill: {bin: b1-bin-9, to: 0.5, over: 1m}}
  - {at: 1m, park: {bay: fire-9}}
  - {at: 1m, repair: {asset: gw-b1}}
  - {at: 1m, silence: {device: b1-l1, for: 1m}}
  - {at: 1m, network: {gateway: gw-b5, down: 1m}}
  - {at: 1m, gateway: {id: b1, down: 1m}}
  - {at: 1m, press: {contractor: li, asset: b1-l9, action: fix}}
expect:
  - {never: true, incident: {rule: lift.falt}}
  - {never: true, incident: {rule: lift.fault, asset: b1-l1, cause: stuck}}
  - {never: true, order: {asset: b9-l1, contractor: office2}}
  - {never: true, clock: {kind: restore, asset: b1-l, rule: leak.dry, state: met}}
  - {never: true, call: {kind: order.dispatch, who: "person:li-qiang"}}
  - {at: 1m, statement: {contract: quicklift, kept: 1}}
`

// Every unknown name is reported, each with its place and what could have been
// meant, and nothing is played.
func TestNamesThatTheEstateDoesNotHaveAreAllReported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, []byte(strangers), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := scenario.Load(path)
	var faults yamldoc.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("want faults, got %v", err)
	}
	want := []string{
		`s.yaml:6:3: contractors.quiklift: there is no contractor "quiklift"; use one of grandlift, office, quicklift`,
		`s.yaml:8:22: do.0.fault.lift: there is no lift "b1-l3"; use one of b1-l1, b1-l2, b2-l1`,
		`s.yaml:9:35: do.1.fault.cause: there is no lift fault "door_stuck"; of the 27 that there are, the likest are call_button_stuck, door_close_fault`,
		`s.yaml:10:21: do.2.trap.lift: there is no lift "fire-n1"; use one of b1-l1`,
		`s.yaml:11:34: do.3.mode.to: there is no lift mode "asleep"; use one of attendant, earthquake`,
		`s.yaml:12:21: do.4.leak.zone: there is no zone with a leak sensor "b2-41c"; of the 416 that there are, the likest are b2-01c`,
		`s.yaml:13:24: do.5.isolate.zone: there is no zone with a leak sensor "b1-waste"`,
		`s.yaml:14:21: do.6.fill.bin: there is no bin "b1-bin-9"; of the 24 that there are, the likest are b1-bin-1`,
		`s.yaml:15:21: do.7.park.bay: there is no bay "fire-9"; of the 32 that there are, the likest are fire-n1`,
		`s.yaml:16:23: do.8.repair.asset: there is no asset that can be repaired "gw-b1"`,
		`s.yaml:17:24: do.9.silence.device: there is no device "b1-l1"; of the`,
		`s.yaml:18:24: do.10.network.gateway: there is no gateway "gw-b5"; use one of gw-b1, gw-b2, gw-b3, gw-b4`,
		`s.yaml:19:24: do.11.gateway.id: there is no gateway "b1"; use one of gw-b1`,
		`s.yaml:20:22: do.12.press.contractor: there is no contractor "li"`,
		`s.yaml:20:38: do.12.press.asset: there is no asset "b1-l9"`,
		`s.yaml:22:30: expect.0.incident.rule: there is no rule "lift.falt"; use one of alert.grafana, bay.forbidden_stop`,
		`s.yaml:23:62: expect.1.incident.cause: there is no lift fault "stuck"`,
		`s.yaml:24:27: expect.2.order.asset: there is no asset "b9-l1"`,
		`s.yaml:24:41: expect.2.order.contractor: there is no contractor "office2"`,
		`s.yaml:25:42: expect.3.clock.asset: there is no asset "b1-l"`,
		`s.yaml:27:26: expect.5.statement.contract: there is no contract "quicklift"; use one of`,
		`s.yaml:25:55: expect.3.clock.rule: there is no rule "leak.dry"`,
		`s.yaml:26:26: expect.4.call.kind: there is no kind of call "order.dispatch"`,
		`s.yaml:26:48: expect.4.call.who: there is no contractor or person "person:li-qiang"`,
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("missing: %s", w)
		}
	}
	if len(faults) != len(want) || t.Failed() {
		t.Errorf("%d faults, want %d:\n%v", len(faults), len(want), err)
	}
}

func TestAScenarioWithUnknownNamesIsNotStaged(t *testing.T) {
	for old, want := range map[string]string{
		"estate: story":  `s.yaml:2:1: estate: there is no estate "castle"; use one of story`,
		"{lift: b1-l1, ": `s.yaml:8:22: do.0.fault.lift: there is no lift "castle"`,
		"  quicklift:":   `s.yaml:6:3: contractors.The Castle: there is no contractor "The Castle"; use one of grandlift, office, quicklift`,
	} {
		src := strings.Replace(least, old, map[string]string{"estate: story": "estate: castle", "{lift: b1-l1, ": "{lift: castle, ", "  quicklift:": "  The Castle:"}[old], 1)
		s, err := scenario.Parse("s.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if r, err := scenario.Play(context.Background(), s, scenario.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s\ngot  %+v, %v", want, r, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("something was set up all the same: %v, %v", left, err)
		}
	}
}

// What a schema cannot say, and what would otherwise be ignored in silence.
func TestStepsAndOutagesThatCannotBeAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"arrival without acceptance": {"{acknowledge: 2m}", "{arrive: 2m}", `s.yaml:6:15: contractors.quicklift.arrive: there is no arrive without acknowledge; give both, or neither`},
		"repair without arrival":     {"{acknowledge: 2m}", "{acknowledge: 2m, fix: 5m}", `contractors.quicklift.fix: there is no fix without arrive`},
		"a claim without a repair":   {"{acknowledge: 2m}", "{acknowledge: 2m, claim_only: true}", `there is no claim_only without fix`},
		"yes and no":                 {"{acknowledge: 2m}", "{acknowledge: 2m, decline: 1m}", `a contractor cannot decline and acknowledge the same call`},
		"killed while it is down": {"do:\n", "do:\n  - {at: 5m, server: {down: 10m}}\n  - {at: 14m, server: {down: 1m}}\n",
			`s.yaml:9:5: do.1: the server is gone already, since line 8; begin at 15m or later`},
		"killed twice at once": {"do:\n", "do:\n  - {at: 5m, server: {down: 10m}}\n  - {at: 5m, server: {down: 10m}}\n",
			`s.yaml:9:5: do.1: the server is gone already, since line 8; begin at 15m or later`},
		"an end without a beginning": {"do:\n", "do:\n  - {at: 5m, alert: {id: hot, asset: b1-l1, name: x}}\n  - {at: 6m, alert: {id: hot, asset: b1-l1, name: x, resolved: true}}\n  - {at: 7m, alert: {id: hot, asset: b1-l1, name: x, resolved: true}}\n",
			`s.yaml:10:14: do.2.alert: the alert hot does not fire then; let it fire before it is resolved`},
		"in the order of time, not of the file": {"do:\n", "do:\n  - {at: 14m, gateway: {id: gw-b1, down: 1m}}\n  - {at: 5m, gateway: {id: gw-b1, down: 10m}}\n",
			`s.yaml:8:5: do.0: the power of gw-b1 is gone already, since line 9; begin at 15m or later`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := scenario.Parse("s.yaml", []byte(strings.Replace(least, c.old, c.new, 1)))
			var faults yamldoc.Faults
			if !errors.As(err, &faults) || len(faults) != 1 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %s\ngot  %v", c.want, err)
			}
		})
	}
	apart := "do:\n  - {at: 5m, server: {down: 10m}}\n  - {at: 15m, server: {down: 1m}}\n" +
		"  - {at: 5m, gateway: {id: gw-b1, down: 10m}}\n  - {at: 6m, gateway: {id: gw-b2, down: 10m}}\n  - {at: 6m, network: {gateway: gw-b1, down: 10m}}\n"
	if _, err := scenario.Parse("s.yaml", []byte(strings.Replace(least, "do:\n", apart, 1))); err != nil {
		t.Errorf("outages one after the other, or of different things, are refused: %v", err)
	}
}
