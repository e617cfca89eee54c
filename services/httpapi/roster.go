package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"plantroom"
	"plantroom/services/calendarlink"
	"plantroom/services/httpapi/problem"
	"plantroom/services/icalendar"
	"plantroom/services/roster"
)

// Calendars knows whose calendar a link is for: a calendarlink.Book.
type Calendars interface {
	// Whose fails with CodeNotFound for every token that is not in force.
	Whose(token string) (calendarlink.Whose, error)
}

// defaultDays is how far the roster is shown where nobody says.
const defaultDays = 30

func (a *API) roster(w http.ResponseWriter, _ *http.Request, q *query) error {
	days := q.number("days", defaultDays, roster.MaxDays)
	if q.err != nil {
		return q.err
	}
	e := a.opt.Estate()
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, roster.Look(e, zone, a.opt.Now(), days))
}

// feeds keeps the calendars that were asked for, as long as neither the estate
// nor the day changes: a subscriber asks again and again.
type feeds struct {
	mu     sync.Mutex
	estate *plantroom.Estate // of which those below are
	since  plantroom.Instant // when it was first seen
	day    plantroom.Date
	made   map[calendarlink.Whose]feed
}

type feed struct {
	body []byte
	etag string
}

// calendar answers whoever has the link. A calendar's program sends neither
// cookie nor token.
func (a *API) calendar(w http.ResponseWriter, r *http.Request) {
	f, err := a.feed(r.PathValue("token"))
	if err != nil {
		problem.Write(w, r, a.log, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", icalendar.MediaType)
	h.Set("Cache-Control", "private, no-cache") // kept, and asked for again each time
	h.Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

func (a *API) feed(token string) (feed, error) {
	whose, err := a.opt.Calendars.Whose(strings.TrimSuffix(token, ".ics"))
	if err != nil {
		return feed{}, err
	}
	e, now := a.opt.Estate(), a.opt.Now()
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return feed{}, err
	}
	a.feeds.mu.Lock()
	defer a.feeds.mu.Unlock()
	if a.feeds.estate != e {
		a.feeds.estate, a.feeds.since, a.feeds.made = e, now, nil
	}
	if today := plantroom.DateOf(now, zone); a.feeds.day != today || a.feeds.made == nil {
		a.feeds.day, a.feeds.made = today, map[calendarlink.Whose]feed{}
	}
	if f, ok := a.feeds.made[whose]; ok {
		return f, nil
	}
	var who plantroom.PersonID
	var firm plantroom.ContractorID
	switch whose.Kind {
	case calendarlink.Person:
		who = plantroom.PersonID(whose.ID)
	case calendarlink.Contractor:
		firm = plantroom.ContractorID(whose.ID)
	}
	c, err := roster.Feed(e, who, firm, zone, now, a.feeds.since, roster.FeedAhead)
	if err != nil {
		return feed{}, err
	}
	f := feed{body: c.Bytes()}
	sum := sha256.Sum256(f.body)
	f.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	a.feeds.made[whose] = f // at most one for each person and contractor of the estate
	return f, nil
}
