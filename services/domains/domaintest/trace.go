package domaintest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// midnight is what the times of a trace count from.
var midnight = plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))

// Trace is a golden trace: what the devices of one asset say, and what one
// rule must make of it.
type Trace struct {
	domain plantroom.Domain
	asset  plantroom.Asset
	rule   *plantroom.Rule
	lines  []line
	opened bool
}

type line struct {
	number  int
	at      plantroom.Instant
	tick    bool
	keep    []plantroom.DeviceID // nil: the estate stays as it is
	reading plantroom.Reading
	want    []string
}

// ParseTrace reads a golden trace:
//
//	# what it shows
//	rule lift.fault
//	asset passenger [param=number …]
//	08:00:00 fault none
//	08:00:05 relay/fault door_close_fault => active since=08:00:05 severity=medium cause=door_close_fault
//	08:30:00 tick => idle clean=2 at=08:20:00
//	08:40:00 keep box => idle
//
// Times are source times since midnight and may exceed 24 hours. A device is
// named before a slash; without one it is dev. Keep restarts the server with an
// estate in which only the devices named are left, or none. After => stand the words that
// the verdict must bear out: active, idle, released, held, since=, at=, wake=
// (a time or never), severity=, cause=, clean=, and detail= (a part of the
// detail, with _ for spaces).
func ParseTrace(d plantroom.Domain, text string) (*Trace, error) {
	tr := &Trace{domain: d}
	for i, raw := range strings.Split(text, "\n") {
		body, _, _ := strings.Cut(raw, "#")
		fields := strings.Fields(body)
		if len(fields) == 0 {
			continue
		}
		if err := tr.parse(i+1, fields); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if tr.rule == nil || tr.asset.Kind == "" || len(tr.lines) == 0 {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "a trace wants a rule, an asset and lines")
	}
	if !slices.Contains(d.Kinds, tr.asset.Kind) || !tr.rule.AppliesTo(tr.asset.Kind) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the rule %s does not watch assets of the kind %q", tr.rule.ID, tr.asset.Kind)
	}
	return tr, nil
}

func (tr *Trace) parse(number int, fields []string) error {
	switch {
	case fields[0] == "rule" && len(fields) == 2:
		for i := range tr.domain.Rules {
			if string(tr.domain.Rules[i].ID) == fields[1] {
				tr.rule = &tr.domain.Rules[i]
				return nil
			}
		}
		return plantroom.Errorf(plantroom.CodeInvalid, "the domain has no rule %s", fields[1])
	case fields[0] == "asset" && len(fields) >= 2:
		return tr.parseAsset(fields[1], fields[2:])
	}
	l := line{number: number}
	for i, f := range fields {
		if f == "=>" {
			l.want = fields[i+1:]
			fields = fields[:i]
			break
		}
	}
	tick := len(fields) == 2 && fields[1] == "tick"
	keep := len(fields) >= 2 && fields[1] == "keep"
	if !tick && !keep && len(fields) != 3 {
		return plantroom.Errorf(plantroom.CodeInvalid, "want \"time signal value\", \"time tick\" or \"time keep device…\"")
	}
	var err error
	if l.at, err = parseTime(fields[0]); err != nil {
		return err
	}
	switch l.tick = tick; {
	case keep:
		l.keep = []plantroom.DeviceID{}
		for _, d := range fields[2:] {
			l.keep = append(l.keep, plantroom.DeviceID(d))
		}
	case !tick:
		if l.reading, err = tr.parseReading(l.at, fields[1], fields[2]); err != nil {
			return err
		}
	}
	tr.lines = append(tr.lines, l)
	return nil
}

func (tr *Trace) parseAsset(kind string, params []string) error {
	tr.asset = plantroom.Asset{ID: "asset", Domain: tr.domain.Name, Kind: kind, Params: map[string]float64{}}
	for _, p := range params {
		name, number, _ := strings.Cut(p, "=")
		f, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return plantroom.Errorf(plantroom.CodeInvalid, "param %q is not like grace_s=120", p)
		}
		tr.asset.Params[name] = f
	}
	return nil
}

func (tr *Trace) parseReading(at plantroom.Instant, signal, value string) (plantroom.Reading, error) {
	dev, name, found := strings.Cut(signal, "/")
	if !found {
		dev, name = "dev", signal
	}
	s := signalOf(tr.domain, name)
	if s == nil {
		return plantroom.Reading{}, plantroom.Errorf(plantroom.CodeInvalid, "the domain has no signal %q", name)
	}
	var v plantroom.Value
	switch s.Kind {
	case plantroom.FloatKind:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return plantroom.Reading{}, plantroom.Errorf(plantroom.CodeInvalid, "%s wants a number, not %q", name, value)
		}
		v = plantroom.Float(f)
	case plantroom.BoolKind:
		if value != "true" && value != "false" {
			return plantroom.Reading{}, plantroom.Errorf(plantroom.CodeInvalid, "%s wants true or false, not %q", name, value)
		}
		v = plantroom.Bool(value == "true")
	default:
		v = plantroom.String(value)
	}
	return plantroom.Reading{Device: plantroom.DeviceID(dev), Signal: name, Value: v, At: at}, s.Check(v)
}

// parseTime reads hours:minutes:seconds since midnight.
func parseTime(s string) (plantroom.Instant, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return 0, plantroom.Errorf(plantroom.CodeInvalid, "time %q is not like 08:00:05", s)
	}
	var total time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil || i > 0 && n > 59 {
			return 0, plantroom.Errorf(plantroom.CodeInvalid, "time %q is not like 08:00:05", s)
		}
		total += time.Duration(n) * unit
	}
	return midnight.Add(total), nil
}

func clock(at plantroom.Instant) string {
	if at.IsZero() {
		return "never"
	}
	d := at.Sub(midnight)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// Play runs the trace the way the engine would, derived readings and the
// passing of time before each reading included, and lists what is not as
// expected.
func (tr *Trace) Play() (faults []string) {
	det := tr.rule.New(tr.asset)
	var v plantroom.Verdict
	for _, l := range tr.lines {
		switch {
		case l.tick:
			v = det.Tick(l.at)
		case l.keep != nil:
			var err error
			if det, err = restart(tr.rule, tr.asset, det.State(), l.keep...); err != nil {
				return append(faults, fmt.Sprintf("line %d: %v", l.number, err))
			}
			v = det.Tick(l.at)
		default:
			v = tr.observe(det, v, l.reading)
		}
		tr.opened = tr.opened || v.Active
		for _, want := range l.want {
			if fault := compare(v, want); fault != "" {
				faults = append(faults, fmt.Sprintf("line %d: %s", l.number, fault))
			}
		}
	}
	return faults
}

func (tr *Trace) observe(det plantroom.Detector, v plantroom.Verdict, r plantroom.Reading) plantroom.Verdict {
	readings := []plantroom.Reading{r}
	if tr.domain.Derive != nil {
		readings = append(readings, tr.domain.Derive(tr.asset, r)...)
	}
	for _, r := range readings {
		if !slices.Contains(tr.rule.Signals, r.Signal) {
			continue
		}
		for was := plantroom.Instant(0); v.Wake > was && v.Wake <= r.At; {
			was = v.Wake
			v = det.Tick(was)
		}
		v = det.Observe(r)
	}
	return v
}

// compare says how a verdict differs from an expectation, "" where it does not.
func compare(v plantroom.Verdict, want string) string {
	key, value, _ := strings.Cut(want, "=")
	got := ""
	switch key {
	case "active", "idle":
		got, value = map[bool]string{true: "active", false: "idle"}[v.Active], key
	case "released", "held":
		got, value = map[bool]string{true: "released", false: "held"}[v.Released], key
	case "since":
		got = clock(v.Since)
	case "at":
		got = clock(v.At)
	case "wake":
		got = clock(v.Wake)
	case "severity":
		got = v.Severity.String()
	case "cause":
		got = v.Cause
	case "clean":
		got = strconv.Itoa(v.Clean)
	case "detail":
		if part := strings.ReplaceAll(value, "_", " "); !strings.Contains(v.Detail, part) {
			return fmt.Sprintf("the detail %q does not hold %q", v.Detail, part)
		}
		return ""
	default:
		return fmt.Sprintf("expectation %q is not known", want)
	}
	if got != value {
		return fmt.Sprintf("want %s, got %s", want, got)
	}
	return ""
}
