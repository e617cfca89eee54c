package roster

import (
	"time"

	"plantroom"
)

// longestQuiet bounds how far ahead the end of quiet hours is looked for.
// Hours that never end are none: somebody would never be called.
const longestQuiet = 7 * day

// QuietUntil returns when quiet hours that run at an instant end, zero where
// none run. Hours that meet, as 22:00 to 24:00 and 00:00 to 06:00, are one
// stretch. Days, and nights in which clocks change, are read as for shifts.
// Hours that last for longer than a week at a stretch do not count.
func QuietUntil(hours []plantroom.Hours, zone *time.Location, at plantroom.Instant) plantroom.Instant {
	end := at
	for {
		next := endOf(hours, zone, end)
		if next.IsZero() {
			break
		}
		if end = next; end.Sub(at) > longestQuiet {
			return 0
		}
	}
	if end == at {
		return 0
	}
	return end
}

// endOf is the latest end of the hours that run at an instant, zero where none do.
func endOf(hours []plantroom.Hours, zone *time.Location, at plantroom.Instant) (end plantroom.Instant) {
	today := plantroom.DateOf(at, zone)
	for _, h := range hours {
		for _, d := range []plantroom.Date{today, today - 1} {
			if from, to, ok := occurrence(h, zone, d); ok && from <= at && at < to && to > end {
				end = to
			}
		}
	}
	return end
}
