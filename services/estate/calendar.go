package estate

import (
	"fmt"

	"plantroom"
)

func (c *checker) calendars(e *plantroom.Estate, f file) {
	for i, k := range f.Calendars {
		out := plantroom.Calendar{ID: k.ID, Name: named(k.Name, string(k.ID)), Hours: hoursOf(k.Hours)}
		seen := map[string]bool{}
		for j, s := range k.Special {
			at := fmt.Sprintf("/calendars/%d/special/%d/date", i, j)
			d, err := plantroom.ParseDate(s.Date)
			switch {
			case err != nil:
				c.fault(at, fmt.Sprintf("%q is not a day of the calendar", s.Date), "write it as 2026-01-31")
			case seen[s.Date]:
				c.fault(at, s.Date+" stands here already", "put the hours of a day into one entry")
			}
			seen[s.Date] = true
			out.Special = append(out.Special, plantroom.SpecialDay{Date: d, Name: s.Name, Hours: hoursOf(s.Hours)})
		}
		e.Calendars = append(e.Calendars, out)
	}
}

func hoursOf(list []hours) []plantroom.Hours {
	out := make([]plantroom.Hours, len(list))
	for i, h := range list {
		out[i] = plantroom.Hours{Days: weekdays(h.Days), Start: clockTime(h.Start), End: clockTime(h.End)}
	}
	return out
}

// calendarRefs checks what contracts say of calendars and pauses, and returns the
// calendars that there are.
func (c *checker) calendarRefs(f file) names {
	calendars := define(c, "calendars", "calendar", f.Calendars, func(k calendar) string { return string(k.ID) })
	for i, k := range f.Contracts {
		at := fmt.Sprintf("/contracts/%d", i)
		for j, w := range k.Windows {
			path := fmt.Sprintf("%s/windows/%d", at, j)
			c.refer(calendars, path+"/calendar", "calendar", string(w.Calendar))
			if w.Calendar != "" && w.Severity == plantroom.Life {
				c.fault(path+"/calendar", "a window for danger to life does not wait for a calendar", "take the calendar away, or the severity")
			}
		}
		c.refer(calendars, at+"/price/call_out_outside", "calendar", string(k.Price.Outside))
		codes := map[string]bool{}
		for j, p := range k.Pauses {
			if codes[p.Code] {
				c.fault(fmt.Sprintf("%s/pauses/%d/code", at, j), fmt.Sprintf("the reason %q stands here already", p.Code), "choose another code")
			}
			codes[p.Code] = true
		}
	}
	return calendars
}
