package icalendar

import (
	"fmt"
	"strings"
	"time"

	"plantroom"
)

// moment is a time as a calendar writes it.
type moment struct {
	wall   time.Time // as clocks of zone show it, in UTC
	zone   *time.Location
	allDay bool
}

const day = 24 * time.Hour

// instant is when clocks show the time. By RFC 5545 section 3.3.5 a time that
// occurs twice is the first one, and a time that is skipped counts on from
// before the change.
func (m moment) instant() plantroom.Instant {
	before, after := ahead(m.wall.Add(-day), m.zone), ahead(m.wall.Add(day), m.zone)
	if first := m.wall.Add(-before); ahead(first, m.zone) == before {
		return plantroom.At(first)
	}
	if second := m.wall.Add(-after); ahead(second, m.zone) == after {
		return plantroom.At(second)
	}
	return plantroom.At(m.wall.Add(-before))
}

func ahead(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// readMoment reads a DATE or a DATE-TIME. One without a zone is in local.
func readMoment(p property, value string, local *time.Location) (moment, *Fault) {
	m := moment{zone: local}
	wrong := func() (moment, *Fault) {
		return m, &Fault{p.line, fmt.Sprintf("%s is %q", p.name, clip(value)), "write a time as in 20261224T080000, 20261224T080000Z or 20261224, from 1970 to 2199"}
	}
	if id := p.params["TZID"]; id != "" {
		var ok bool
		if m.zone, ok = zoneOf(id); !ok {
			return m, &Fault{p.line, fmt.Sprintf("the time zone %q is not known", clip(id)), "export the calendar with an IANA zone, as in Europe/Berlin, or in UTC"}
		}
	}
	form := "20060102T150405"
	switch {
	case len(value) == len("20060102"):
		form, m.allDay, m.zone = "20060102", true, local
	case strings.HasSuffix(value, "Z"):
		value, m.zone = strings.TrimSuffix(value, "Z"), time.UTC
	}
	var err error
	if m.wall, err = time.Parse(form, value); err != nil || len(value) != len(form) || m.wall.Year() < 1970 || m.wall.Year() > 2199 {
		return wrong()
	}
	return m, nil
}

// zoneOf finds an IANA zone, also behind a prefix, as in
// /freeassociation.sourceforge.net/Europe/Berlin, or by one of windowsZones.
func zoneOf(id string) (*time.Location, bool) {
	if len(id) > 200 {
		return nil, false
	}
	if name, ok := windowsZones[id]; ok {
		id = name
	}
	for name := strings.Trim(id, "/"); name != ""; {
		if name != "Local" {
			if z, err := time.LoadLocation(name); err == nil {
				return z, true
			}
		}
		_, after, more := strings.Cut(name, "/")
		if !more {
			break
		}
		name = after
	}
	return nil, false
}

// maxDays bounds the length of an event. What goes on beyond the year 2262 would
// count as another time, since an Instant holds no more.
const maxDays = 100_000

// readDuration reads a DURATION: days and weeks count on the wall, the rest is
// exact. RFC 5545 section 3.3.6.
func readDuration(s string) (days int, exact time.Duration, ok bool) {
	s, ok = strings.CutPrefix(strings.TrimPrefix(s, "+"), "P")
	if !ok || s == "" || len(s) > 20 {
		return 0, 0, false
	}
	date, clock, timed := strings.Cut(s, "T")
	if timed && clock == "" {
		return 0, 0, false
	}
	n, some := 0, false
	read := func(part, units string, add func(unit byte, n int)) bool {
		for i := range len(part) {
			switch c := part[i]; {
			case c >= '0' && c <= '9' && n < 100_000:
				n, some = 10*n+int(c-'0'), true
			case some && strings.IndexByte(units, c) >= 0:
				add(c, n)
				n, some = 0, false
			default:
				return false
			}
		}
		return !some
	}
	ok = read(date, "WD", func(unit byte, n int) {
		if unit == 'W' {
			n *= 7
		}
		days += n
	}) && read(clock, "HMS", func(unit byte, n int) {
		exact += time.Duration(n) * map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}[unit]
	})
	return days, exact, ok && days <= maxDays
}

func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
