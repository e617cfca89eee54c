package scenario_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/store"
	"plantroom/sim/scenario"
)

// performance is one play of a scenario with everything that it left behind.
type performance struct {
	*scenario.Result
	story  []scenario.Line
	ledger []plantroom.LedgerRow
}

// perform plays a scenario; seed 0 is the file's own.
func perform(t *testing.T, s *scenario.Scenario, seed uint64) performance {
	t.Helper()
	var p performance
	o := scenario.Options{Dir: t.TempDir(), Tell: func(l scenario.Line) { p.story = append(p.story, l) }}
	if seed != 0 {
		o.Seed = &seed
	}
	var err error
	if p.Result, err = scenario.Play(context.Background(), s, o); err != nil {
		t.Fatal(err)
	}
	p.ledger = ledgerOf(t, filepath.Join(o.Dir, "plantroom.db"))
	return p
}

func ledgerOf(t *testing.T, path string) (rows []plantroom.LedgerRow) {
	t.Helper()
	db, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := db.View(context.Background(), func(tx plantroom.Tx) error {
		rows, err = tx.Ledger(0, 1_000_000)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// String tells the end of the story and what was missed, for whoever has to
// find out why.
func (p performance) String() string {
	var b strings.Builder
	tail := p.story[max(0, len(p.story)-60):]
	for _, l := range tail {
		fmt.Fprintf(&b, "%s +%-8s %-22s %-20s %s\n", l.Local, l.Since, l.Who, l.Subject, l.Text)
	}
	for _, c := range p.Checks {
		if !c.OK {
			fmt.Fprintf(&b, "%s:%d: missed: %s\n\tsaw: %s\n", p.File, c.Line, c.Text, c.Saw)
		}
	}
	fmt.Fprintf(&b, "seed %d, %+v", p.Seed, p.Numbers)
	return b.String()
}

func load(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(filepath.Join("../scenarios", name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shipped(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../scenarios/*.yaml")
	if err != nil || len(files) < 12 {
		t.Fatalf("%d scenarios, %v; at least twelve ship", len(files), err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

// long skips what plays many hours of the estate's life. The race detector gets
// those scenarios that are few hours and much going on.
func long(t *testing.T, name string) {
	t.Helper()
	if testing.Short() {
		t.Skip("plays hours of an estate's life: run without -short")
	}
	if worth := []string{"12-server-killed-mid-ladder.yaml", "28-all-lifts-at-once.yaml", "41-wired-modbus-silent-unit.yaml", "45-wired-node-starts-anew.yaml", "47-wired-own-broker.yaml", "49-wired-rope-cut.yaml"}; raced && !slices.Contains(worth, name) {
		t.Skipf("too slow under the race detector, which sees the same code in %v", worth)
	}
}

func TestEveryShippedScenarioComesOutAsItSays(t *testing.T) {
	for _, name := range shipped(t) {
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			long(t, name)
			if p := perform(t, load(t, name), 0); !p.OK() {
				t.Errorf("%s\n%s", p.Title, p)
			}
		})
	}
}

// The stories are about Plantroom, not about one throw of the dice.
func TestAScenarioDoesNotDependOnItsSeed(t *testing.T) {
	if raced {
		t.Skip("the race detector learns nothing from other seeds")
	}
	for _, name := range []string{"01-fault-met-in-the-window.yaml", "08-forbidden-stop-within-grace.yaml",
		"12-server-killed-mid-ladder.yaml", "21-killed-before-the-proof.yaml", "41-wired-modbus-silent-unit.yaml", "45-wired-node-starts-anew.yaml", "47-wired-own-broker.yaml", "49-wired-rope-cut.yaml"} {
		for _, seed := range []uint64{2, 3, 1000, 1 << 40, 1<<64 - 1} {
			t.Run(fmt.Sprintf("%s/%d", strings.TrimSuffix(name, ".yaml"), seed), func(t *testing.T) {
				t.Parallel()
				long(t, name)
				if p := perform(t, load(t, name), seed); !p.OK() {
					t.Errorf("%s\n%s", p.Title, p)
				}
			})
		}
	}
}

// The same seed gives the same story, the same result, and the same record:
// whoever reports a miss can hand over a file and a number.
func TestOneSeedGivesOneStory(t *testing.T) {
	for _, name := range []string{"10-duplicate-and-late.yaml", "12-server-killed-mid-ladder.yaml", "23-power-cut-and-duplicates.yaml", "28-all-lifts-at-once.yaml", "41-wired-modbus-silent-unit.yaml", "45-wired-node-starts-anew.yaml", "47-wired-own-broker.yaml", "49-wired-rope-cut.yaml"} {
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			long(t, name)
			a, b := perform(t, load(t, name), 7), perform(t, load(t, name), 7)
			a.Took, b.Took = 0, 0 // real time
			for i := range min(len(a.story), len(b.story)) {
				if a.story[i] != b.story[i] {
					t.Fatalf("the stories part at line %d:\n%+v\n%+v", i, a.story[i], b.story[i])
				}
			}
			if len(a.story) != len(b.story) || len(a.story) == 0 {
				t.Errorf("stories of %d and %d lines", len(a.story), len(b.story))
			}
			if !reflect.DeepEqual(a.Result, b.Result) {
				t.Errorf("the results differ:\n%+v\n%+v", a.Result, b.Result)
			}
			compare(t, a.ledger, b.ledger)
		})
	}
}

// named is how rows name the row of terms that was in force: by its hash, which
// is salted and so another one in each run.
var named = regexp.MustCompile(`"terms":"[0-9a-f]{64}",?`)

// compare compares what two ledgers say. Calls to different addresses are
// delivered side by side, as in life, so the rows of the deliveries of one
// moment have no order among themselves.
func compare(t *testing.T, a, b []plantroom.LedgerRow) {
	t.Helper()
	says := func(rows []plantroom.LedgerRow) (out []string) {
		var calls []string
		for _, r := range rows {
			line := fmt.Sprintf("%s %s %s %s %s", r.At, r.Kind, r.Subject, r.Actor, named.ReplaceAll(r.Body, nil))
			if strings.HasPrefix(r.Kind, "call.") {
				calls = append(calls, line)
			} else {
				out = append(out, line)
			}
		}
		slices.Sort(calls)
		return append(out, calls...)
	}
	x, y := says(a), says(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			t.Fatalf("the ledgers part at\n%s\n%s", x[i], y[i])
		}
	}
	if len(x) != len(y) || len(x) == 0 {
		t.Errorf("ledgers of %d and %d rows", len(x), len(y))
	}
}

func TestTheStoryIsToldInTheOrderOfTime(t *testing.T) {
	s, err := scenario.Parse("s.yaml", []byte(strings.Replace(least, "length: 1h", "length: 12m", 1)))
	if err != nil {
		t.Fatal(err)
	}
	p := perform(t, s, 1)
	if !p.OK() {
		t.Error(p)
	}
	told := map[string]int{}
	for i, l := range p.story {
		if i > 0 && l.At < p.story[i-1].At {
			t.Errorf("line %d goes back in time: %+v after %+v", i, l, p.story[i-1])
		}
		if _, seen := told[l.Text]; !seen {
			told[l.Text] = i
		}
	}
	last := -1
	for _, must := range []string{"b1-l1 stops: door_close_fault", "incident.opened door_close_fault (medium)", "order.raise",
		"order.dispatch → quicklift", "order.acknowledge by quicklift"} {
		i, ok := told[must]
		if !ok || i < last {
			t.Errorf("%q stands at line %d, after %d:\n%s", must, i, last, p)
		}
		last = i
	}
}

// A checker that cannot say no is worth nothing: one expectation of each kind
// that has to be missed, beside the same one as it has to be met.
const misses = `scenario: What is wrong has to be seen to be wrong
estate: story
start: "2026-03-02 14:00"
length: 10m
do:
  - {at: 1m, fault: {lift: b1-l1, cause: drive_motor_fault}}
expect:
  - {by: 2m, incident: {rule: lift.fault, asset: b1-l1, cause: drive_motor_fault, severity: high, state: open}}
  - {by: 50s, incident: {rule: lift.fault}}                                  # miss: nothing of the kind
  - {by: 9m, incident: {rule: lift.fault, cause: overspeed}}                 # miss: lift.fault on b1-l1 open (drive_motor_fault, high)
  - {by: 9m, incident: {rule: lift.fault, severity: life}}                   # miss: (drive_motor_fault, high)
  - {by: 9m, incident: {rule: lift.fault, asset: b1-l1, state: closed}}      # miss: lift.fault on b1-l1 open
  - {never: true, incident: {rule: lift.entrapment}}
  - {never: true, incident: {rule: lift.fault}}                              # miss: it happened
  - {at: 2m, order: {asset: b1-l1, state: dispatched, contractor: quicklift, reopens: 0, contradicted: 0}}
  - {at: 30s, order: {asset: b1-l1}}                                         # miss: nothing of the kind
  - {by: 9m, order: {asset: b1-l1, state: acknowledged}}                     # miss: wo-000001 on b1-l1 is dispatched with quicklift
  - {by: 9m, order: {asset: b1-l1, contractor: grandlift}}                   # miss: dispatched with quicklift
  - {by: 9m, order: {rule: lift.entrapment}}                                 # miss: wo-000001 on b1-l1 is dispatched
  - {by: 9m, order: {asset: b1-l1, reopens: 1}}                              # miss: wo-000001
  - {by: 9m, order: {asset: b1-l1, contradicted: 1}}                         # miss: wo-000001
  - {never: true, order: {asset: b1-l1}}                                     # miss: it happened
  - {at: 7m, clock: {kind: acknowledge, asset: b1-l1, state: breached}}
  - {at: 7m, clock: {kind: acknowledge, asset: b1-l1, state: running}}       # miss: the acknowledge clock of wo-000001 is breached
  - {by: 9m, clock: {kind: restore, asset: b1-l1, state: met}}               # miss: the restore clock of wo-000001 is running
  - {by: 9m, clock: {kind: release, asset: b1-l1, state: running}}           # miss: nothing of the kind
  - {never: true, clock: {kind: restore, asset: b1-l1, state: running}}      # miss: it happened
  - {at: 10m, call: {kind: order.dispatched, who: "contractor:quicklift", asset: b1-l1, times: 1}}
  - {by: 10m, call: {kind: order.dispatched, times: 2}}                      # miss: 1 such calls
  - {by: 10m, call: {kind: order.dispatched, who: "person:lin"}}             # miss: 0 such calls
  - {by: 10m, call: {kind: order.dispatched, asset: b1-l2}}                  # miss: 0 such calls
  - {at: 10m, call: {kind: ladder.call, who: "person:li", times: 1}}         # miss: 3 such calls
  - {never: true, call: {kind: order.dispatched}}                            # miss: it happened
  - {at: 10m, count: {incidents: 1, orders: 1, open_orders: 1, quarantined: 0, lost: 0}}
  - {at: 10m, count: {incidents: 0}}                                         # miss: 1 incidents
  - {at: 10m, count: {orders: 2, open_orders: 0, quarantined: 1, lost: 1}}   # miss: 1 orders, 1 open_orders, 0 quarantined, 0 lost
  - {by: 30s, count: {orders: 1}}                                            # miss: 0 orders
  - {never: true, count: {orders: 1}}                                        # miss: it happened
  - {at: 10m, statement: {contract: quicklift-2026, kept: 0, missed: 1, penalties: 0}}
  - {at: 10m, statement: {contract: quicklift-2026, kept: 1, penalties: 1}}  # miss: 0 kept, penalties of 0.00
  - {at: 10m, bundle: {asset: b1-l1, holds: "person:li"}}
  - {at: 10m, bundle: {asset: b1-l1, redacted: true, lacks: "person:li"}}
  - {at: 10m, bundle: {asset: b1-l1, lacks: "person:li"}}                    # miss: holds "person:li"
  - {at: 10m, bundle: {asset: b1-l1, holds: nobody said this}}               # miss: stands nowhere in it
  - {at: 10m, bundle: {asset: b1-l2}}                                        # miss: b1-l2 has no order
`

func TestAnExpectationThatIsWrongIsMissed(t *testing.T) {
	s, err := scenario.Parse("s.yaml", []byte(misses))
	if err != nil {
		t.Fatal(err)
	}
	p := perform(t, s, 1)
	if p.OK() {
		t.Error("a play with missed expectations is said to have gone well")
	}
	lines := strings.Split(misses, "\n")
	if len(p.Checks) != len(s.Expect) {
		t.Fatalf("%d outcomes of %d expectations", len(p.Checks), len(s.Expect))
	}
	for _, c := range p.Checks {
		text, saw, miss := strings.Cut(lines[c.Line-1], "# miss: ")
		text = strings.TrimSpace(text)
		switch {
		case miss == c.OK:
			t.Errorf("%s\n\tmet: %v, saw %q", text, c.OK, c.Saw)
		case miss && !strings.Contains(c.Saw, saw):
			t.Errorf("%s\n\tsaw  %q\n\twant %q", text, c.Saw, saw)
		}
	}
}

func TestAPlayEndsWhenItIsToldTo(t *testing.T) {
	s, err := scenario.Parse("s.yaml", []byte(strings.Replace(least, "length: 1h", "length: 1000h", 1)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	told := 0
	_, err = scenario.Play(ctx, s, scenario.Options{Dir: t.TempDir(), Tell: func(scenario.Line) {
		if told++; told == 1 {
			stop()
		}
	}})
	stop()
	if err == nil || !strings.Contains(err.Error(), "s.yaml: at 5m") || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Errorf("it ended with %v", err)
	}
}

// What is given back at a moment can be taken away anew at the same moment.
func TestWhatEndsAtAMomentEndsBeforeWhatBeginsThen(t *testing.T) {
	acts := "do:\n  - {at: 1m, server: {down: 2m}}\n  - {at: 3m, server: {down: 1m}}\n  - {at: 3m30s, fault: {lift: b1-l2, cause: overspeed}}\n"
	src := strings.NewReplacer("length: 1h", "length: 6m", "do:\n", acts, "{by: 10m,", "{by: 6m,").Replace(least) +
		"  - {at: 3m50s, count: {incidents: 0}}\n  - {by: 4m10s, incident: {rule: lift.fault, asset: b1-l2}}\n"
	s, err := scenario.Parse("s.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	if p := perform(t, s, 1); !p.OK() {
		t.Error(p)
	}
}
