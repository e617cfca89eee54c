package house

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"plantroom"
	"plantroom/dashboards/gen"
	"plantroom/services/alerts"
	"plantroom/services/detect"
	"plantroom/services/dispatch"
	"plantroom/services/domains"
	"plantroom/services/domains/bays"
	"plantroom/services/domains/leaks"
	"plantroom/services/domains/lifts"
	"plantroom/services/domains/waste"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
	"plantroom/services/roster"
	"plantroom/sim/bench"
)

var update = flag.Bool("update", false, "write the tables in docs/ anew from the code")

// watched is everything that has rules: the domains, silence, and alerts.
func watched() []plantroom.Domain { return append(domains.All(), detect.Devices(), alerts.Domain()) }

// tables are the blocks of the guides that say what the code says. Each stands
// between "<!-- table: name -->" and "<!-- end -->" in one file.
func tables(t *testing.T) map[string]map[string]string {
	detection := map[string]string{
		"rules": rulesTable(), "vocabulary": vocabularyTable(), "windows": windowsTable(), "numbers": numbersTable(detectionNumbers),
	}
	for _, d := range watched() {
		if len(d.Signals) > 0 {
			detection["signals of "+string(d.Name)] = signalsTable(d.Signals)
		}
		detection["what "+string(d.Name)+" judge"] = ruleDocs(d)
		if len(d.Params) > 0 {
			detection["parameters of "+string(d.Name)] = signalsTable(d.Params)
		}
	}
	return map[string]map[string]string{
		"detection.md": detection,
		"dispatch.md":  {"transitions": transitionsTable(), "profiles": profilesTable(), "playbooks": playbooksTable(), "numbers": numbersTable(dispatchNumbers)},
		"cases.md":     {"cases": casesTable(), "outcomes": caseOutcomesTable()},
		"grafana.md":   {"boards": boardsTable(), "legend": legendTable(), "alert rules": alertRulesTable(t)},
		"operations.md": {
			"metrics of the server": metricsTable(t, "../../services/app/metrics.go",
				`(counted|gauge|partsOf|storedGauge)\("([a-z_]+)", "([^"]+)"(?:, "([a-z]+)")?|New(Gauge)Func\(prometheus.GaugeOpts\{Name: "plantroom_([a-z_]+)", Help: "([^"]+)"`, serverMetric),
			"metrics of a gateway": metricsTable(t, "../../gateway/app/metrics.go",
				`(?:m\.(?:one|family)\("(plantroom_gateway_[a-z_]+)", "(counter|gauge)", |\{"([a-z_]+)", "(counter|gauge)", )"([^"]+)"`, gatewayMetric),
		},
	}
}

// What a measurement is has to be said by hand, that there is one has not.
func TestTheFiguresInTheGuideAreThoseThatAreMeasured(t *testing.T) {
	guide := read(t, "docs/figures.md")
	var want, got []string
	for _, m := range bench.All() {
		want = append(want, m.Name)
	}
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z-]+) \|`).FindAllStringSubmatch(guide, -1) {
		if m[1] != "name" {
			got = append(got, m[1])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/figures.md has %v, and plantroom-bench --list has %v", got, want)
	}
	for _, m := range regexp.MustCompile(`--only ([a-z-]+)`).FindAllStringSubmatch(guide, -1) {
		if !slices.Contains(want, m[1]) {
			t.Errorf("docs/figures.md measures %q, which there is not", m[1])
		}
	}
}

func TestTheTablesInTheGuidesSayWhatTheCodeSays(t *testing.T) {
	block := regexp.MustCompile(`(?s)<!-- table: ([^>]+) -->\n.*?<!-- end -->`)
	for name, want := range tables(t) {
		path := "../../docs/" + name
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		is := block.ReplaceAllStringFunc(string(src), func(b string) string {
			key := block.FindStringSubmatch(b)[1]
			seen[key] = true
			text, ok := want[key]
			if !ok {
				t.Errorf("%s: nothing is known of the table %q", name, key)
				return b
			}
			return "<!-- table: " + key + " -->\n\n" + text + "\n<!-- end -->"
		})
		for key := range want {
			if !seen[key] {
				t.Errorf("%s: the table %q is missing", name, key)
			}
		}
		switch {
		case is == string(src):
		case *update:
			if err := os.WriteFile(path, []byte(is), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: a table does not say what the code says: go test ./internal/house -run Tables -update", name)
		}
	}
}

// table renders Markdown; each row is a list of cells.
func table(head string, rows [][]string) string {
	var b strings.Builder
	columns := strings.Split(head, "|")
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r, " | "))
	}
	return b.String()
}

func code(s string) string { return "`" + s + "`" }

func codes[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = code(string(s))
	}
	return strings.Join(out, ", ")
}

func rulesTable() string {
	var rows [][]string
	for _, d := range watched() {
		for _, r := range d.Rules {
			kinds, signals := "all", "any sign of life"
			if d.Name == plantroom.AlertsDomain {
				kinds, signals = "any asset or gateway", "none: what Grafana says"
			}
			if len(r.Kinds) > 0 {
				kinds = codes(r.Kinds)
			}
			if len(r.Signals) > 0 {
				signals = codes(r.Signals)
			}
			rows = append(rows, []string{code(string(r.ID)), kinds, signals, join(r.Clocks), strconv.Itoa(r.Clean)})
		}
	}
	return table("rule|asset kinds|signals|clocks|clean cycles", rows)
}

func boardsTable() string {
	var rows [][]string
	for _, b := range gen.Boards(gen.Options{Domains: domains.All(), Devices: detect.Devices()}, gen.Provisioned) {
		rows = append(rows, []string{b.Title, code(b.UID), b.Description, b.Time.From, b.Refresh})
	}
	return table("board|uid|what for|opens with|asks again", rows)
}

func legendTable() string {
	var rows [][]string
	for _, s := range gen.Legend() {
		rows = append(rows, []string{code(s.State), s.Text, code(s.Colour)})
	}
	return table("state|word|colour", rows)
}

// alertRulesTable tells of the rules in the files of provisioning.
func alertRulesTable(t *testing.T) string {
	var rows [][]string
	for _, file := range []string{"alerting/rules.yaml", "prometheus/rules.yaml"} {
		var f struct {
			Groups []struct {
				Rules []struct {
					UID, Title          string
					NoData              string `yaml:"noDataState"`
					Labels, Annotations map[string]string
				}
			}
		}
		if err := yaml.Unmarshal([]byte(read(t, "dashboards/provisioning/"+file)), &f); err != nil {
			t.Fatal(err)
		}
		for _, g := range f.Groups {
			for _, r := range g.Rules {
				rows = append(rows, []string{r.Title, code(r.UID), r.Labels["severity"], code(r.NoData), code(file), r.Annotations["runbook"]})
			}
		}
	}
	return table("rule|uid|severity|no data|file|what to do", rows)
}

func join[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

func ruleDocs(d plantroom.Domain) string {
	var b strings.Builder
	for _, r := range d.Rules {
		fmt.Fprintf(&b, "- **%s** (%s) %s\n", code(string(r.ID)), r.Title.En, r.Doc)
	}
	return b.String()
}

func signalsTable(signals []plantroom.Signal) string {
	var rows [][]string
	for _, s := range signals {
		rows = append(rows, []string{code(s.Name), s.Unit, valuesOf(s), s.Doc})
	}
	return table("name|unit|values|meaning", rows)
}

func valuesOf(s plantroom.Signal) string {
	switch {
	case s.Kind == plantroom.BoolKind:
		return "true, false"
	case s.Kind == plantroom.FloatKind:
		return fmt.Sprintf("%s to %s", number(s.Min), number(s.Max))
	case len(s.Values) > 20:
		return "`none`, or a slug of the vocabulary"
	}
	return codes(s.Values)
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func vocabularyTable() string {
	var rows [][]string
	for _, f := range lifts.Faults() {
		stops := "no"
		if f.Stops {
			stops = "yes"
		}
		bacnet := numbering(f, lifts.BACnet)
		if c, ok := f.Code(lifts.BACnetProperty); ok {
			bacnet = fmt.Sprintf("property %d", c)
		}
		rows = append(rows, []string{code(f.Slug), f.Title.En, f.Severity.String(), stops, bacnet, numbering(f, lifts.GBT24476)})
	}
	return table("slug|what it is|severity|stops the car|BACnet|GB/T 24476", rows)
}

func numbering(f lifts.Fault, s lifts.Source) string {
	if c, ok := f.Code(s); ok {
		return strconv.Itoa(c)
	}
	return "–"
}

func windowsTable() string {
	var rows [][]string
	for _, d := range watched() {
		for _, kind := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore} {
			var cells []string
			var from plantroom.ClockStart
			for _, w := range d.Targets {
				if w.Clock == kind {
					cells = append(cells, fmt.Sprintf("%s %s", w.Severity, w.Length))
					from = w.From
				}
			}
			if len(cells) > 0 {
				rows = append(rows, []string{string(d.Name), string(kind), strings.Join(cells, ", "), string(from)})
			}
		}
	}
	return table("domain|clock|from this severity on|counted from", rows)
}

func transitionsTable() string {
	states := []plantroom.OrderState{plantroom.Raised, plantroom.Dispatched, plantroom.Declined, plantroom.Acknowledged, plantroom.Attended,
		plantroom.Restored, plantroom.Verified, plantroom.Closed, plantroom.Reopened, plantroom.Cancelled}
	var rows [][]string
	for _, s := range states {
		var cells []string
		for do, to := range plantroom.Transitions[s] {
			cells = append(cells, fmt.Sprintf("%s → %s", do, to))
		}
		slices.Sort(cells)
		if len(cells) == 0 {
			cells = []string{"nothing"}
		}
		rows = append(rows, []string{string(s), strings.Join(cells, ", ")})
	}
	return table("an order that is|can", rows)
}

func playbooksTable() string {
	var rows [][]string
	for _, p := range playbooks.All() {
		steps := make([]string, len(p.Steps))
		for i, s := range p.Steps {
			steps[i] = s.ID + " (" + s.Proof + ")"
		}
		rows = append(rows, []string{code(p.ID), scope(plantroom.Demand{Binds: p.Binds}), p.Title.En, strings.Join(steps, ", ")})
	}
	return table("playbook|binds|about|steps and their proofs", rows)
}

// casesTable lists the playbooks of residents' cases with their steps and times.
func casesTable() string {
	var rows [][]string
	for _, p := range playbooks.Cases() {
		steps := make([]string, len(p.Steps))
		for i, s := range p.Steps {
			steps[i] = s.ID + " (" + caseTime(s) + s.Role + ", " + s.Proof + ")"
		}
		rows = append(rows, []string{code(p.ID), p.Title.En, p.Within.String() + countedIn(p.Always), strings.Join(steps, ", "), fmt.Sprintf("%d days", int(time.Duration(p.Keep).Hours())/24), string(p.Sure)})
	}
	return table("playbook|for|the whole|steps|kept|times are", rows)
}

func caseTime(s plantroom.CaseStep) string {
	at := ""
	if s.After != "" {
		at = "after " + s.After + ", "
	}
	if s.Wait > 0 {
		at += fmt.Sprintf("%d days later, ", int(time.Duration(s.Wait).Hours())/24)
	}
	return at + s.Within.String() + countedIn(s.Always) + ", "
}

func countedIn(always bool) string {
	if always {
		return " around the clock"
	}
	return ""
}

func caseOutcomesTable() string {
	var rows [][]string
	for _, p := range playbooks.Cases() {
		ends := make([]string, len(p.Outcomes))
		for i, o := range p.Outcomes {
			ends[i] = code(o.ID)
			if len(o.Needs) > 0 {
				ends[i] += " (" + strings.Join(o.Needs, ", ") + ")"
			}
		}
		never := make([]string, len(p.Never))
		for i, n := range p.Never {
			never[i] = n.En
		}
		rows = append(rows, []string{code(p.ID), strings.Join(ends, ", "), strings.Join(never, "; ")})
	}
	return table("playbook|outcomes, and the steps that each needs|never", rows)
}

func profilesTable() string {
	var rows [][]string
	for _, p := range profiles.All() {
		if len(p.Demands) == 0 {
			rows = append(rows, []string{code(p.ID), "–", "–", "–", "–", "–", p.Title.En})
		}
		for _, d := range p.Demands {
			rows = append(rows, []string{code(p.ID), scope(d), string(d.Clock), d.Severity.String(), fmt.Sprintf("%s from %s until %s", d.Length, d.From, d.Keeps()),
				string(d.Sure), d.Source})
		}
	}
	return table("profile|binds|clock|from severity|window|sure|source", rows)
}

// scope says of what a demand speaks.
func scope(d plantroom.Demand) string {
	parts := []string{codes(d.Rules)}
	if len(d.Rules) == 0 {
		parts = []string{join(d.Domains)}
	}
	if len(d.Kinds) > 0 {
		parts = append(parts, "of the kind "+codes(d.Kinds))
	}
	if len(d.Causes) > 0 {
		parts = append(parts, "by "+codes(d.Causes))
	}
	return strings.Join(parts, " ")
}

// A law that names what there is not would bind nothing.
func TestProfilesSpeakOfWhatThereIs(t *testing.T) {
	domain := map[plantroom.DomainName]plantroom.Domain{}
	for _, d := range watched() {
		domain[d.Name] = d
	}
	for _, p := range profiles.All() {
		for _, w := range p.Demands {
			for _, name := range w.Domains {
				d, ok := domain[name]
				if !ok {
					t.Errorf("%s: there is no domain %s", p.ID, name)
				}
				for _, id := range w.Rules {
					if !slices.ContainsFunc(d.Rules, func(r plantroom.Rule) bool { return r.ID == id }) {
						t.Errorf("%s: %s has no rule %s", p.ID, name, id)
					}
				}
				for _, kind := range w.Kinds {
					if !slices.Contains(d.Kinds, kind) {
						t.Errorf("%s: %s has no kind %s", p.ID, name, kind)
					}
				}
			}
			if len(w.Domains) == 0 {
				t.Errorf("%s: the window %+v binds everything", p.ID, w)
			}
		}
	}
}

// named is a number of the product with the name that it has in the code.
type named struct{ name, value, why string }

func length(d time.Duration) string { return plantroom.Duration(d).String() }

var detectionNumbers = []named{
	{"lifts.LowDelay", length(lifts.LowDelay), "how long a fault of low severity has to last"},
	{"lifts.ConfirmDelay", length(lifts.ConfirmDelay), "how long a car stands closed with its alarm on before that is an entrapment"},
	{"lifts.MotionTrust", length(lifts.MotionTrust), "how long a car is believed to move after it has said so"},
	{"lifts.CleanPeriod", length(lifts.CleanPeriod), "a clean cycle of a lift without a counter of its runs"},
	{"leaks.Debounce", length(leaks.Debounce), "how long a sensor is wet, or a rope broken, unless it says so twice"},
	{"leaks.CleanPeriod", length(leaks.CleanPeriod), "a clean cycle: so long dry, or whole"},
	{"waste.FullAt", number(waste.FullAt), "fill at which a bin is full"},
	{"waste.EmptiedAt", number(waste.EmptiedAt), "fill at which it is no longer"},
	{"waste.FastRise", number(waste.FastRise), "rise of the fill that is too fast"},
	{"waste.FastWindow", length(waste.FastWindow), "the time in which it is"},
	{"waste.HotAt", number(waste.HotAt) + " °C", "once: high; twice: life"},
	{"waste.FireAt", number(waste.FireAt) + " °C", "once: life"},
	{"waste.CoolAt", number(waste.CoolAt) + " °C", "below it, and not burning: over"},
	{"waste.CoolPeriod", length(waste.CoolPeriod), "a clean cycle: so long cool"},
	{"bays.DefaultGrace", length(bays.DefaultGrace), "grace of a bay without `grace_s`"},
	{"bays.FreePeriod", length(bays.FreePeriod), "a clean cycle: so long free"},
	{"detect.MissedIntervals", strconv.Itoa(detect.MissedIntervals), "intervals without a sign of life until a device is silent"},
	{"detect.MinAllowance", length(detect.MinAllowance), "but never sooner than this"},
	{"detect.GatewayInterval", length(detect.GatewayInterval), "time without a sign of life until a gateway is silent; also its clean cycle"},
	{"detect.Settle", length(detect.Settle), "how late a reading may be and still be news, and how long a gateway that returns may take to begin with its backlog"},
	{"detect.MaxAhead", length(detect.MaxAhead), "how far ahead of the server a reading's time may lie"},
	{"alerts.MaxAhead", length(alerts.MaxAhead), "how far ahead of the server an alert's times may lie"},
	{"alerts.MaxAlerts", strconv.Itoa(alerts.MaxAlerts), "alerts in one message"},
	{"alerts.MaxPerAsset", strconv.Itoa(alerts.MaxPerAsset), "alerts that are kept of an asset, those that are over included"},
	{"detect.MaxClean", strconv.Itoa(detect.MaxClean), "the most clean cycles that a contract can ask for"},
}

var dispatchNumbers = []named{
	{"roster.OnSiteWalk", length(roster.OnSiteWalk), "how long somebody on the estate takes to the asset (an estimate)"},
	{"dispatch.JobLength", length(dispatch.JobLength), "how long a technician is taken to be busy from the arrival on (an estimate)"},
	{"dispatch.JobRest", length(dispatch.JobRest), "how long one is taken to be busy yet who has been there for longer (an estimate)"},
	{"dispatch.ContradictAfter", length(dispatch.ContradictAfter), "how long “fixed” stands while the sensor still sees the fault"},
	{"dispatch.ContradictAlertAfter", length(dispatch.ContradictAlertAfter), "the same, while Grafana does not say that its alert is resolved"},
	{"dispatch.CloseAfter", length(dispatch.CloseAfter), "how long a verified order stays open"},
	{"dispatch.LinkLife", length(dispatch.LinkLife), "how long a job link can be used"},
	{"dispatch.NewsDelay", length(dispatch.NewsDelay), "how late a sensor's news may be without an excuse, and how long a gateway's backlog may take"},
	{"dispatch.SayLate", length(dispatch.SayLate), "lateness from which a call says that it is late"},
}

func numbersTable(list []named) string {
	var rows [][]string
	for _, n := range list {
		rows = append(rows, []string{code(n.name), n.value, n.why})
	}
	return table("number|value|what it is", rows)
}

// metricsTable reads the metrics of a program from its source, because what a
// registry shows depends on what has happened.
func metricsTable(t *testing.T, path, pattern string, of func([]string) [3]string) string {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(pattern).FindAllStringSubmatch(string(src), -1)
	if len(found) < 10 {
		t.Fatalf("%s: only %d metrics found; has the way of writing them changed?", path, len(found))
	}
	var rows [][]string
	for _, m := range found {
		row := of(m)
		rows = append(rows, []string{code(row[0]), row[1], row[2]})
	}
	return table("metric|kind|what it counts", rows)
}

func serverMetric(m []string) [3]string {
	kind := map[string]string{"counted": "counter", "partsOf": "counter", "gauge": "gauge", "storedGauge": "gauge", "": "gauge"}[m[1]]
	name, help := "plantroom_"+m[2]+m[6], m[3]+m[7]
	if m[4] != "" {
		name += "{" + m[4] + "}"
	}
	return [3]string{name, kind, help}
}

func gatewayMetric(m []string) [3]string {
	if m[1] != "" {
		return [3]string{m[1], m[2], m[5]}
	}
	return [3]string{"plantroom_gateway_source_" + m[3], m[4], m[5]}
}
