package roster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/icalendar"
)

// How far a feed reaches: back for whoever looks up last week, and ahead.
const (
	FeedBack  = 28
	FeedAhead = 90
)

// feedRefresh is how often a subscriber is asked to look again. Programs ask
// when they like.
const feedRefresh = time.Hour

// Feed is the calendar of one person's duty, for whichever contractor, or of
// everybody's for one contractor; the other id is "". It reaches from FeedBack
// days before the local day of now to ahead days after it, so that it is the
// same all day long. Stamp is when the roster was last changed, as far as is
// known. CodeNotFound: the estate has nobody of that name.
func Feed(e *plantroom.Estate, who plantroom.PersonID, firm plantroom.ContractorID, zone *time.Location, now, stamp plantroom.Instant, ahead int) (icalendar.Calendar, error) {
	today := plantroom.DateOf(now, zone)
	from, _ := Moment(zone, today-FeedBack, 0)
	to, _ := Moment(zone, today+plantroom.Date(min(ahead, MaxDays)), 0)
	out := icalendar.Calendar{Product: "-//Plantroom//Roster//EN", Refresh: feedRefresh, From: from, To: to, Stamp: stamp}
	f := feed{e: e, zone: zone, from: from, to: to}
	switch {
	case who != "":
		i := slices.IndexFunc(e.People, func(p plantroom.Person) bool { return p.ID == who })
		if i < 0 {
			return out, plantroom.Errorf(plantroom.CodeNotFound, "there is no person %q", who)
		}
		f.lang = e.People[i].Lang
		out.Name = f.say("On duty: ", "值班：") + e.People[i].Name
	default:
		i := slices.IndexFunc(e.Contractors, func(c plantroom.Contractor) bool { return c.ID == firm })
		if i < 0 {
			return out, plantroom.Errorf(plantroom.CodeNotFound, "there is no contractor %q", firm)
		}
		out.Name = "On duty: " + e.Contractors[i].Name.In("en")
	}
	for i := range e.Contractors {
		c := &e.Contractors[i]
		if who != "" && slices.Contains(c.Technicians, who) || who == "" && c.ID == firm {
			out.Events = append(out.Events, f.events(c, who)...)
		}
	}
	return out, nil
}

type feed struct {
	e        *plantroom.Estate
	zone     *time.Location
	from, to plantroom.Instant
	lang     string
}

func (f *feed) say(en, zh string) string {
	if f.lang == "zh" {
		return zh
	}
	return en
}

// events are the stints of one person, or of all, whole: one that has begun
// before the feed's time begins when it did, or else would be another event
// each day.
func (f *feed) events(c *plantroom.Contractor, who plantroom.PersonID) []icalendar.Event {
	var out []icalendar.Event
	lead := f.from.Add(-MaxTurn - day)
	for _, s := range Stints(*c, f.zone, lead, f.to.Add(MaxTurn+day)) {
		if who != "" && s.Person != who || s.To <= f.from || s.From >= f.to {
			continue
		}
		name, firm := nameOf(f.e, s.Person), c.Name.In(f.lang)
		e := icalendar.Event{UID: f.uid(c, s, lead), Start: s.From, End: s.To, Summary: fmt.Sprintf(f.say("%s on duty for %s", "%s 值班（%s）"), name, firm),
			Description: EntryName(c, s.Entry)}
		if s.Of != "" {
			e.Description += fmt.Sprintf(f.say(", in the place of %s", "，代替 %s"), nameOf(f.e, s.Of))
		}
		out = append(out, e)
	}
	return out
}

// uid names a stint by who begins it when, for whom: nobody begins two at once.
func (f *feed) uid(c *plantroom.Contractor, s Stint, lead plantroom.Instant) string {
	begin := s.From.Time().UTC().Format("20060102T150405Z")
	if s.From == lead {
		begin = "earlier"
	}
	return strings.Join([]string{begin, string(s.Person), string(c.ID)}, "-") + "@" + string(f.e.ID) + ".plantroom"
}
