package estate

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/sla"
)

// Windows on different calendars cannot be compared by their lengths: which of them
// ends first depends on the day. So the days to come are looked at, in steps.
const (
	windowStep = 5 * time.Minute     // hours of calendars begin and end on such marks
	windowDays = 30 * 24 * time.Hour // from when on a window may begin
	windowLook = 2 * windowDays      // until when its end is looked for
)

// lintWindows warns of a contract whose window for a graver severity would end after
// that for a lesser one, which counts for both, where the two are on different
// calendars. Where they are on one, Read refuses it.
func (f *File) lintWindows(zone *time.Location, now plantroom.Instant) (out yamldoc.Faults) {
	cals, err := sla.NewCalendars(f.Estate.Calendars, zone)
	if err != nil {
		return nil // Read has found it
	}
	l := ahead{cals: cals, zone: zone, from: plantroom.At(now.Time().Truncate(windowStep)), counted: map[plantroom.CalendarID][]time.Duration{}}
	for i := range f.Estate.Contracts {
		k := &f.Estate.Contracts[i]
		if k.From > now.Add(windowDays) || !k.To.IsZero() && k.To <= now {
			continue
		}
		for j := range k.Windows {
			for s := k.Windows[j].Severity + 1; s <= plantroom.Life; s++ {
				if n, at := l.slower(k.Windows, j, s); n >= 0 {
					out = append(out, f.slower(i, j, n, &l, at))
				}
			}
		}
	}
	return out
}

func (f *File) slower(contract, lesser, graver int, l *ahead, at plantroom.Instant) yamldoc.Fault {
	v, w := &f.Estate.Contracts[contract].Windows[lesser], &f.Estate.Contracts[contract].Windows[graver]
	path := fmt.Sprintf("/contracts/%d/windows/", contract)
	return f.doc.Fault(fmt.Sprintf("%s%d/length", path, graver),
		fmt.Sprintf("%s of severity %s can have more time than the lesser severity %s on line %d, which counts here too: what begins on %s ends by %s, and by that line by %s",
			w.Clock, w.Severity, v.Severity, f.doc.Line(fmt.Sprintf("%s%d", path, lesser)), l.day(at), l.day(l.end(w, at)), l.day(l.end(v, at))),
		"give the graver severity less time, or the lesser one more, or both the same calendar")
}

// ahead looks at the time to come.
type ahead struct {
	cals    map[plantroom.CalendarID]*sla.Calendar
	zone    *time.Location
	from    plantroom.Instant
	counted map[plantroom.CalendarID][]time.Duration // how much has counted at each step
}

func (l *ahead) day(at plantroom.Instant) string {
	return at.Time().In(l.zone).Format("Mon 2006-01-02 15:04")
}

func (l *ahead) end(w *plantroom.Window, at plantroom.Instant) plantroom.Instant {
	return l.cals[w.Calendar].Add(at, time.Duration(w.Length))
}

// slower finds a moment from which each window that a contract has for a severity
// itself, or for one between, would end after a lesser one; and the first of those for
// the severity, -1 where there is none.
func (l *ahead) slower(ws []plantroom.Window, lesser int, s plantroom.Severity) (graver int, at plantroom.Instant) {
	v := &ws[lesser]
	if v.Calendar != "" && s >= plantroom.Life {
		return -1, 0 // it does not count for lives
	}
	graver, mixed := -1, false
	var own [][]int
	for i := range ws {
		w := &ws[i]
		if w.Clock != v.Clock || w.From != v.From || w.Severity <= v.Severity || w.Severity > s {
			continue
		}
		if w.Severity == s && graver < 0 {
			graver = i
		}
		mixed = mixed || w.Calendar != v.Calendar
		own = append(own, l.ends(w))
	}
	if graver < 0 || !mixed {
		return -1, 0
	}
	ends := l.ends(v)
	for step := range ends {
		if ends[step] > int(windowLook/windowStep) {
			continue // its end lies beyond what is looked at
		}
		sooner := true
		for _, o := range own {
			sooner = sooner && o[step] > ends[step]
		}
		if sooner {
			return graver, l.from.Add(time.Duration(step) * windowStep)
		}
	}
	return -1, 0
}

// ends are the steps at which a window has ended that begins at each of the first
// ones; one beyond the last where that is not seen.
func (l *ahead) ends(w *plantroom.Window) []int {
	counted := l.steps(w.Calendar)
	out := make([]int, windowDays/windowStep)
	end := 0
	for i := range out {
		for end = max(end, i); end < len(counted) && counted[end]-counted[i] < time.Duration(w.Length); {
			end++
		}
		out[i] = end
	}
	return out
}

// steps is how much of a calendar has counted at each step.
func (l *ahead) steps(id plantroom.CalendarID) []time.Duration {
	if known, ok := l.counted[id]; ok {
		return known
	}
	out := make([]time.Duration, windowLook/windowStep+1)
	for i := 1; i < len(out); i++ {
		at := l.from.Add(time.Duration(i-1) * windowStep)
		out[i] = out[i-1] + l.cals[id].Counted(at, at.Add(windowStep))
	}
	l.counted[id] = out
	return out
}
