package alerts

import (
	"strings"
	"time"
	"unicode"

	"plantroom"
)

// claim is an alert that has been checked: what its sender says, in our terms.
// Its times are on the sender's clock.
type claim struct {
	print    string
	asset    plantroom.AssetID
	severity plantroom.Severity
	name     string
	detail   string
	url      string
	firing   bool
	starts   plantroom.Instant
	ends     plantroom.Instant // zero: not said
}

// check takes an alert for what it says, or says why it cannot be used.
func check(now plantroom.Instant, a Alert) (claim, error) {
	c := claim{print: a.Fingerprint, asset: plantroom.AssetID(a.Asset), name: plain(a.Name), url: plain(a.URL)}
	if !printable(c.print) {
		return c, refuse("the fingerprint is %q: send it as Grafana does, 1 to %d of letters and digits", clip(c.print), MaxName)
	}
	switch a.Status {
	case "firing":
		c.firing = true
	case "resolved":
	default:
		return c, refuse("the status is %q: an alert is firing or resolved", clip(a.Status))
	}
	if a.Asset == "" {
		return c, refuse("it has no label asset: give the rule one with the id of an asset or a gateway, and send Plantroom only alerts that have it")
	}
	if err := plantroom.ValidID(a.Asset); err != nil {
		return c, refuse("the label asset is %q: put the id of an asset or a gateway into it", clip(a.Asset))
	}
	var err error
	if c.severity, err = severityOf(a.Severity); err != nil {
		return c, err
	}
	if c.starts, err = timeOf(now, "startsAt", a.Starts); err != nil {
		return c, err
	}
	if c.starts.IsZero() {
		return c, refuse("startsAt is missing: without it nobody can tell one alert from the next")
	}
	if !c.firing { // while it fires, endsAt is when Alertmanager would give it up
		if c.ends, err = timeOf(now, "endsAt", a.Ends); err != nil {
			return c, err
		}
	}
	c.detail = detail(c.name, plain(a.Summary), c.starts.Sub(now))
	return c, nil
}

func refuse(format string, args ...any) error {
	return plantroom.Errorf(plantroom.CodeInvalid, format, args...)
}

// severityOf reads the label severity. Danger to life is judged by our own rules,
// from sensors: it breaks quiet hours and calls people out of bed, and a threshold
// on a dashboard, which anybody may move who edits it, must not.
func severityOf(s string) (plantroom.Severity, error) {
	switch s {
	case "low":
		return plantroom.Low, nil
	case "", "medium":
		return plantroom.Medium, nil
	case "high":
		return plantroom.High, nil
	case "life":
		return 0, refuse("the label severity is life: danger to life is judged by Plantroom's own rules only, from the sensor; use high")
	}
	return 0, refuse("the label severity is %q: use low, medium or high (medium where there is none)", clip(s))
}

// timeOf reads a time. Go's zero time, which stands for none, gives zero.
func timeOf(now plantroom.Instant, name, s string) (plantroom.Instant, error) {
	if s == "" || strings.HasPrefix(s, "0001-01-01T") {
		return 0, nil
	}
	var at plantroom.Instant
	if err := at.UnmarshalText([]byte(s)); err != nil {
		return 0, refuse("%s is %q: a time is like 2026-03-02T08:00:00Z", name, clip(s))
	}
	switch {
	case at < earliest:
		return 0, refuse("%s is %s, before 2020: set the clock of the sender", name, at)
	case at > now.Add(MaxAhead):
		return 0, refuse("%s is %s, %s ahead of Plantroom: set the clock of the sender", name, at, at.Sub(now).Round(time.Second))
	}
	return at, nil
}

// detail is what an incident says of an alert. A clock that is ahead is named:
// the time at which it began is then that at which it was heard.
func detail(name, summary string, ahead time.Duration) string {
	if name == "" {
		name = "an alert without a name"
	}
	if summary != "" {
		name += ": " + summary
	}
	if ahead > time.Minute {
		name += " (the sender's clock is " + ahead.Round(time.Second).String() + " ahead)"
	}
	return name
}

// plain makes one line of a text, of at most MaxText bytes, with nothing in it that
// a terminal or a page could take for more than text.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > MaxText {
		s = strings.ToValidUTF8(s[:MaxText-len("…")], "") + "…"
	}
	return s
}

// clip shortens what is quoted back.
func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

// printable reports whether a fingerprint can be one.
func printable(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= MaxName
}
