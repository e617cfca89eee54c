package plantroom_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

// The years that the text form of an instant holds, both whole.
var (
	firstInstant = plantroom.At(time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC))
	lastInstant  = plantroom.At(time.Date(2261, 12, 31, 23, 59, 59, 999_999_999, time.UTC))
)

func TestAnInstantReadsBackFromItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := plantroom.Instant(rapid.Int64Range(int64(firstInstant), int64(lastInstant)).Draw(t, "ns"))
		b, err := i.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back plantroom.Instant
		if err := back.UnmarshalText(b); err != nil || back != i {
			t.Fatalf("%d was written as %q and read as %d, %v", i, b, back, err)
		}
		if plantroom.At(i.Time()) != i {
			t.Fatalf("%d through time.Time is %d", i, plantroom.At(i.Time()))
		}
	})
}

func TestAnInstantHasNoZone(t *testing.T) {
	shanghai := time.FixedZone("", 8*3600)
	a := plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, shanghai))
	b := plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	if a != b {
		t.Errorf("one moment in two zones: %d and %d", a, b)
	}
	var c plantroom.Instant
	if err := c.UnmarshalText([]byte("2026-03-02T08:00:00+08:00")); err != nil || c != a {
		t.Errorf("read with an offset: %v, %v", c, err)
	}
	if got := a.String(); got != "2026-03-02T00:00:00Z" {
		t.Errorf("written as %s", got)
	}
}

func TestTheZeroInstantIsNotSet(t *testing.T) {
	var zero plantroom.Instant
	if !zero.IsZero() || !zero.Time().IsZero() || plantroom.At(time.Time{}) != zero {
		t.Error("the zero instant and the zero time.Time are not one")
	}
	if zero.String() != "-" {
		t.Errorf("printed as %q", zero)
	}
	b, err := json.Marshal(struct {
		A plantroom.Instant
		B plantroom.Instant `json:",omitzero"`
	}{})
	if err != nil || string(b) != `{"A":""}` {
		t.Errorf("in JSON: %s, %v", b, err)
	}
	i := plantroom.Instant(5)
	if err := i.UnmarshalText(nil); err != nil || i != 0 {
		t.Errorf("read from nothing: %v, %v", i, err)
	}
}

func TestWhatIsNoMomentIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"no zone":           {"2026-03-02T08:00:00", "is not RFC 3339"},
		"a date":            {"2026-03-02", "is not RFC 3339"},
		"the 30th February": {"2026-02-30T08:00:00Z", "is not RFC 3339"},
		"unix seconds":      {"1772409600", "is not RFC 3339"},
		"what String says":  {"-", "is not RFC 3339"},
		"too long ago":      {"1677-12-31T23:59:59Z", "outside the years 1678 to 2261"},
		"too far ahead":     {"2262-01-01T00:00:00Z", "outside the years 1678 to 2261"},
		"the year nought":   {"0000-01-01T00:00:00Z", "outside the years"},
	} {
		t.Run(name, func(t *testing.T) {
			i := plantroom.Instant(5)
			if err := i.UnmarshalText([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s was read as %v, %v", c.text, i, err)
			}
			if i != 5 {
				t.Errorf("a refused text has changed the instant to %v", i)
			}
		})
	}
}

// The first and last moments that are accepted do not wrap, in whatever zone
// they are written.
func TestTheLimitsOfAnInstantDoNotWrap(t *testing.T) {
	for text, before := range map[string]plantroom.Instant{
		"1678-01-01T00:00:00+14:00":           firstInstant,
		"1678-01-01T00:00:00Z":                firstInstant + 1,
		"2261-12-31T23:59:59.999999999Z":      lastInstant + 1,
		"2261-12-31T23:59:59.999999999-12:00": lastInstant.Add(12*time.Hour) + 1,
	} {
		var i plantroom.Instant
		if err := i.UnmarshalText([]byte(text)); err != nil || i >= before {
			t.Errorf("%s is %d (%s), %v", text, i, i, err)
		}
	}
}

func TestInstantsAreOrderedAndCounted(t *testing.T) {
	a := firstInstant
	b := a.Add(90 * time.Second)
	if !a.Before(b) || !b.After(a) || a.After(b) || b.Before(a) || a.Before(a) || a.After(a) {
		t.Error("the order of two instants is wrong")
	}
	if got := b.Sub(a); got != 90*time.Second {
		t.Errorf("90 s later is %v later", got)
	}
}

func FuzzInstantText(f *testing.F) {
	for _, s := range []string{"", "2026-03-02T08:00:00+08:00", "1678-01-01T00:00:00Z", "2261-12-31T23:59:59.999999999Z", "2026-03-02t08:00:00z", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var i, back plantroom.Instant
		if i.UnmarshalText([]byte(s)) != nil {
			return
		}
		b, err := i.MarshalText()
		if err != nil || back.UnmarshalText(b) != nil || back != i {
			// 1678-01-01 east of Greenwich is 1677 in UTC: readable, but not a text of our own.
			if y := i.Time().Year(); y >= 1678 && y <= 2261 {
				t.Errorf("%q is %d, written as %q, read as %d", s, i, b, back)
			}
		}
	})
}

func TestADurationIsWrittenInItsUsualForm(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                                   "0s",
		90 * time.Second:                    "1m30s",
		30 * time.Minute:                    "30m",
		time.Hour:                           "1h",
		90 * time.Minute:                    "1h30m",
		24 * time.Hour:                      "24h",
		25*time.Hour + time.Minute:          "25h1m",
		time.Hour + time.Second:             "1h0m1s",
		250 * time.Millisecond:              "250ms",
		-5 * time.Minute:                    "-5m",
		-time.Hour:                          "-1h",
		time.Duration(math.MaxInt64):        "2562047h47m16.854775807s",
		time.Duration(math.MinInt64):        "-2562047h47m16.854775808s",
		2562047*time.Hour + 47*time.Minute:  "2562047h47m",
		-2562047*time.Hour - 47*time.Minute: "-153722867m",
	} {
		if got := plantroom.Duration(d).String(); got != want {
			t.Errorf("%d ns is written as %s, want %s", d, got, want)
		}
	}
}

func TestADurationReadsBackFromItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := []time.Duration{1, time.Millisecond, time.Second, time.Minute, time.Hour}
		unit := rapid.SampledFrom(units).Draw(t, "unit")
		n := rapid.Int64Range(math.MinInt64/int64(unit), math.MaxInt64/int64(unit)).Draw(t, "n")
		d := plantroom.Duration(time.Duration(n) * unit)
		b, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back plantroom.Duration
		if err := back.UnmarshalText(b); err != nil || back != d {
			t.Fatalf("%d was written as %s and read as %d, %v", d, b, back, err)
		}
	})
}

func TestWhatIsNoDurationIsRefused(t *testing.T) {
	for _, text := range []string{"", "30", "30 m", "half an hour", "1d", "30M", "2562048h"} {
		d := plantroom.Duration(7)
		err := d.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "is not like 90s, 30m or 1h30m") {
			t.Errorf("%q was read as %v, %v", text, d, err)
		}
		if d != 7 {
			t.Errorf("a refused text has changed the duration to %v", d)
		}
	}
}
