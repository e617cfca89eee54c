// Package cases looks after residents' cases: a complaint, neighbours who
// quarrel, arrears, a rumour. Somebody of the office opens one by hand; it has a
// playbook whose steps have roles, times and proofs, somebody who is responsible,
// and an end. A step that is late is told to whoever is responsible and later
// to the managers, each once.
//
// Every decision is a function of the stored case, the estate and the present
// instant; the Desk is the thin shell that loads, decides and writes in the
// caller's transaction, with ledger rows and calls.
//
// The package deliberately puts nothing into the ledger that was written about
// somebody, but a commitment to it (see Seal), and nothing into a call: both
// leave the case's own document, which is forgotten when its time has come. It
// sends nothing itself, and does not ask who may see a case.
package cases

import (
	"crypto/rand"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

// Limits of one case.
const (
	MaxText   = 4000 // bytes of what it is about, of a note or of what was said
	MaxShort  = 200  // bytes of a name, a contact, a reference
	MaxZones  = 8
	MaxNotes  = 200
	MaxRounds = 10
)

// never is how long something may take until it counts as without a time: on hours
// that hardly ever come, an end may be beyond what can be stored.
const never = 100 * 366 * 24 * time.Hour

// The product's own numbers, unverified.
const (
	longestGrace = 8 * time.Hour // from the moment that a step is late until the managers are told, in the step's hours; half of its time where that is less
	officeOpens  = 9 * time.Hour // on weekdays, where the estate names no calendar
	officeCloses = 17 * time.Hour
)

// Desk knows the estate and the playbooks, and is safe for concurrent use; of two
// transactions that change the same case the store lets one win.
type Desk struct {
	estate    plantroom.Estate
	zone      *time.Location
	office    *sla.Calendar
	playbooks []plantroom.CasePlaybook
	salt      func() plantroom.Salt
}

// New makes a Desk. The estate's own playbooks go before those that are given. It
// fails with CodeInvalid for a time zone that is not known, or a calendar that is
// not there or has no hours.
func New(e plantroom.Estate, builtIn []plantroom.CasePlaybook) (*Desk, error) {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "open the desk of residents' cases: estate zone %s is not known", e.Zone)
	}
	hours, err := officeHours(&e)
	if err != nil {
		return nil, err
	}
	d := &Desk{estate: e, zone: zone, salt: randomSalt}
	if d.office, err = sla.NewCalendar(hours, zone); err != nil {
		return nil, err
	}
	d.playbooks = slices.Clone(e.CasePlaybooks)
	for _, p := range builtIn {
		if d.playbook(p.ID) == nil {
			d.playbooks = append(d.playbooks, p)
		}
	}
	return d, nil
}

// officeHours is the calendar that the estate names, or the usual one.
func officeHours(e *plantroom.Estate) (plantroom.Calendar, error) {
	if e.CaseHours == "" {
		week := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
		return plantroom.Calendar{ID: "office", Hours: []plantroom.Hours{{Days: week,
			Start: plantroom.Duration(officeOpens), End: plantroom.Duration(officeCloses)}}}, nil
	}
	i := slices.IndexFunc(e.Calendars, func(c plantroom.Calendar) bool { return c.ID == e.CaseHours })
	if i < 0 {
		return plantroom.Calendar{}, plantroom.Errorf(plantroom.CodeInvalid, "open the desk of residents' cases: the estate has no calendar %q: add it to calendars", e.CaseHours)
	}
	return e.Calendars[i], nil
}

func randomSalt() (s plantroom.Salt) {
	_, _ = rand.Read(s[:]) // it never fails: where it cannot, the program ends
	return s
}

// Playbooks lists the playbooks that a case can be opened with. The caller
// changes nothing in them.
func (d *Desk) Playbooks() []plantroom.CasePlaybook { return d.playbooks }

func (d *Desk) playbook(id string) *plantroom.CasePlaybook {
	if i := slices.IndexFunc(d.playbooks, func(p plantroom.CasePlaybook) bool { return p.ID == id }); i >= 0 {
		return &d.playbooks[i]
	}
	return nil
}

// ranks orders the roles of the staff: whoever has one may do what one below asks.
var ranks = map[string]int{"technician": 1, "engineer": 2, "manager": 3}

// staff returns somebody of the staff, nil where there is no such person.
func (d *Desk) staff(id plantroom.PersonID) *plantroom.Person {
	for i := range d.estate.People {
		if p := &d.estate.People[i]; p.ID == id && ranks[p.Role] > 0 {
			return p
		}
	}
	return nil
}

// count adds a time in the office's hours, or around the clock.
func (d *Desk) count(from plantroom.Instant, length plantroom.Duration, always bool) plantroom.Instant {
	if always {
		return from.Add(time.Duration(length))
	}
	return d.office.Add(from, time.Duration(length))
}

// dueOf says by when something has to be done that begins at an instant, and when
// the managers hear of it; nothing where it has no time.
func (d *Desk) dueOf(from plantroom.Instant, within plantroom.Duration, always bool) plantroom.CaseDue {
	if within <= 0 {
		return plantroom.CaseDue{}
	}
	at := d.count(from, within, always)
	managers := d.count(at, min(within/2, plantroom.Duration(longestGrace)), always)
	if managers.Sub(from) > never {
		return plantroom.CaseDue{}
	}
	return plantroom.CaseDue{At: at, Managers: managers}
}
