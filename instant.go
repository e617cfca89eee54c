package plantroom

import (
	"fmt"
	"strconv"
	"time"
)

// Instant is a point in time: nanoseconds since 1970-01-01T00:00:00Z. It has
// no zone and no monotonic part, so that two equal instants are equal with ==,
// in SQL and on the wire. The zero Instant means "not set".
type Instant int64

// At converts a time.Time; the zero time.Time becomes the zero Instant.
func At(t time.Time) Instant {
	if t.IsZero() {
		return 0
	}
	return Instant(t.UnixNano())
}

// Time returns the instant in UTC; the zero Instant gives the zero time.Time.
func (i Instant) Time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(i)).UTC()
}

// Unset is where a gateway's own clock stands at the start of its machine
// while nobody has set it: what it says then is Unset plus the time since that
// start, and becomes a time of day only when the clock has been set. It is
// 1990-01-01, because no device begins there: those that have lost their clock
// say 1970, 1980, 1999-11-30 or 2000.
const Unset Instant = 631_152_000_000_000_000

// IsUnset reports whether the instant is one of a clock that was not set: from
// a year before Unset, for what was measured before the machine started, to
// eight years after it.
func (i Instant) IsUnset() bool {
	const year = Instant(365 * 24 * time.Hour)
	return i > Unset-year && i < Unset+8*year
}

// IsZero reports whether the instant is not set.
func (i Instant) IsZero() bool { return i == 0 }

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the duration from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }

// Before reports whether i lies before j.
func (i Instant) Before(j Instant) bool { return i < j }

// After reports whether i lies after j.
func (i Instant) After(j Instant) bool { return i > j }

// String gives RFC 3339 in UTC, or "-" where the instant is not set.
func (i Instant) String() string {
	if i == 0 {
		return "-"
	}
	return i.Time().Format(time.RFC3339Nano)
}

// MarshalText writes RFC 3339 in UTC, and nothing where not set.
func (i Instant) MarshalText() ([]byte, error) {
	if i == 0 {
		return nil, nil
	}
	return i.Time().AppendFormat(nil, time.RFC3339Nano), nil
}

// UnmarshalText reads RFC 3339 with any offset, or nothing for "not set".
func (i *Instant) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*i = 0
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("time %q is not RFC 3339, as in 2026-03-02T08:00:00+08:00", b)
	}
	if y := t.Year(); y < 1678 || y > 2261 { // what 64 bits of nanoseconds hold
		return fmt.Errorf("time %q lies outside the years 1678 to 2261", b)
	}
	*i = At(t)
	return nil
}

// Duration is a time.Duration that reads and writes as text ("30m", "1h30m"),
// in JSON and in configuration files.
type Duration time.Duration

// String gives the shortest usual form: 30m rather than 30m0s.
func (d Duration) String() string {
	t := time.Duration(d)
	switch {
	case t == 0:
		return "0s"
	case t%time.Hour == 0:
		return strconv.FormatInt(int64(t/time.Hour), 10) + "h"
	case t%time.Minute == 0 && t < time.Hour:
		return strconv.FormatInt(int64(t/time.Minute), 10) + "m"
	case t%time.Minute == 0:
		return fmt.Sprintf("%dh%dm", t/time.Hour, t%time.Hour/time.Minute)
	}
	return t.String()
}

// MarshalText writes the form of String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of time.ParseDuration.
func (d *Duration) UnmarshalText(b []byte) error {
	t, err := time.ParseDuration(string(b))
	if err != nil {
		return &Error{Code: CodeInvalid, Message: fmt.Sprintf("duration %.40q is not like 90s, 30m or 1h30m", b), Hint: "write it like that, and not longer than 290 years"}
	}
	*d = Duration(t)
	return nil
}
