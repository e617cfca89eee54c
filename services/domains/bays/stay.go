package bays

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// FreePeriod without a vehicle is one clean cycle: a car that only shunts
// comes back within it. Unverified.
const FreePeriod = time.Minute

// stay finds a vehicle that has stood longer than a limit.
type stay struct {
	cause    string
	severity plantroom.Severity
	limit    time.Duration

	s state
}

type state struct {
	evidence.Episode
	Occupied evidence.Newest `json:"occupied,omitempty"`
	Previous evidence.Newest `json:"previous,omitempty"`
	// Came is since when a vehicle stands there, zero while the bay is free.
	Came plantroom.Instant `json:"came,omitzero"`
	// Left is when the last vehicle left; Told, that an episode told of it.
	Left plantroom.Instant `json:"left,omitzero"`
	Told bool              `json:"told,omitempty"`
	// Past is set while an episode is open of a stop that was learnt of only
	// when it was over: the next look at the clock ends it.
	Past bool `json:"past,omitempty"`
	// Reach says whether the passing of time proves that the bay stays free.
	Reach evidence.Reach `json:"reach,omitzero"`
}

// Observe takes a reading of occupied, occupied_s or online.
func (d *stay) Observe(r plantroom.Reading) plantroom.Verdict {
	s := &d.s
	switch r.Signal {
	case sigOccupied:
		if changed, fresh := s.Occupied.Put(r); fresh {
			told := s.Previous.Of(r.Device) != nil // its times matter, so they have to be kept
			d.pass(r.At)
			d.occupy(r.At, s.Reach.Heard(r.Device, r.At) || changed || told)
			d.backdate(r.Device, told)
		}
	case sigPrevious:
		told := s.Previous.Of(r.Device) != nil
		if _, fresh := s.Previous.Put(r); fresh {
			s.Touch()
			d.backdate(r.Device, told)
		}
	case evidence.SigOnline:
		d.pass(r.At)
		if s.Reach.Put(r, evidence.Told(r.Device, s.Occupied)) {
			s.Touch()
		}
	}
	return s.Verdict(d.wake())
}

// Tick ends a grace, and counts free time.
func (d *stay) Tick(now plantroom.Instant) plantroom.Verdict {
	d.pass(now)
	return d.s.Verdict(d.wake())
}

// Keep implements plantroom.Keeper. A stop that is not too long yet is
// forgotten with the sensor that saw it.
func (d *stay) Keep(has func(plantroom.DeviceID) bool) {
	s := &d.s
	dropped := evidence.KeepAll(has, &s.Occupied, &s.Previous)
	if dropped && !s.Active && !s.Came.IsZero() && !s.Occupied.Any(plantroom.Bool(true)) {
		s.Came, s.Left, s.Told = 0, 0, false
	}
	if s.Reach.Keep(has, dropped) || dropped {
		s.Touch()
	}
}

// occupy follows what the sensors say: one that sees a vehicle is enough.
func (d *stay) occupy(at plantroom.Instant, keep bool) {
	s := &d.s
	if keep {
		s.Touch()
	}
	there := s.Occupied.Any(plantroom.Bool(true))
	switch {
	case there && s.Came.IsZero():
		s.Came, s.Past = at, false
		s.End(at)
		s.Touch()
		d.pass(at)
	case !there && !s.Came.IsZero():
		s.Came, s.Left, s.Told = 0, at, s.Active
		s.End(at)
		s.Touch()
	case !there && s.Left.IsZero(): // the first word: nobody knows what was before
		s.Left, s.Told = at, true
		s.Touch()
	}
}

// backdate uses a device's word on how long the state before its newest one
// lasted, once both have come. Either may come first. A heartbeat that repeats
// a duration is no news.
func (d *stay) backdate(dev plantroom.DeviceID, told bool) {
	s := &d.s
	now, prev := s.Occupied.Of(dev), s.Previous.Of(dev)
	if now == nil || prev == nil || now.At != prev.At || now.Since != now.At && !told {
		return
	}
	at, lasted := now.At, time.Duration(prev.Value.Num()*float64(time.Second))
	began := at.Add(-lasted)
	switch {
	case now.Value.True() && prev.Since == at && s.Came < at && began > s.Came && lasted > 0:
		d.another(began, at)
	case !now.Value.True() && s.Came.IsZero() && !s.Active && lasted > d.limit && (s.Left == at && !s.Told || s.Left < at && prev.Since == at):
		d.missed(began, at)
	}
}

// another handles a bay that was free meanwhile without our knowing: the
// vehicle that we counted has left, and a second one has come.
func (d *stay) another(left, came plantroom.Instant) {
	s := &d.s
	s.End(left)
	s.Came, s.Left, s.Told = came, left, false
	s.Touch()
	d.pass(came)
}

// missed handles a stop that we learn of, or learn to have been too long, only
// now that it is over. It is told as an episode all the same: an insurer may
// ask. Time ends it at once.
func (d *stay) missed(came, left plantroom.Instant) {
	s := &d.s
	s.Begin(came.Add(d.limit), left, d.severity, d.cause, fmt.Sprintf("stood from %s to %s, allowed %s; learnt when it left",
		came, left, plantroom.Duration(d.limit)))
	s.Left, s.Told, s.Past = left, true, true
}

// pass judges the passing of time.
func (d *stay) pass(now plantroom.Instant) {
	s := &d.s
	if s.Past && now >= s.Left {
		s.Past = false
		s.End(s.Left)
	}
	if due := d.due(); !due.IsZero() && now >= due {
		s.Begin(due, max(due, s.Came), d.severity, d.cause, fmt.Sprintf("stands since %s, allowed %s", s.Came, plantroom.Duration(d.limit)))
	}
	if s.Came.IsZero() && s.Proving() && s.Reach.Proves() {
		s.CleanByTime(s.Reach.From(s.Gone), now, FreePeriod)
	}
}

// due returns when the vehicle that stands there will have stood too long,
// zero where there is none or it has already.
func (d *stay) due() plantroom.Instant {
	if d.s.Active || d.s.Came.IsZero() {
		return 0
	}
	return d.s.Came.Add(d.limit)
}

func (d *stay) wake() plantroom.Instant {
	switch due := d.due(); {
	case d.s.Past:
		return d.s.Left
	case !due.IsZero():
		return due
	case d.s.Came.IsZero() && d.s.Reach.Proves():
		return d.s.NextClean(d.s.Reach.From(d.s.Gone), FreePeriod)
	}
	return 0
}

// State returns what must survive a restart.
func (d *stay) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *stay) Restore(b []byte) error {
	var s state
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	d.s = s
	return nil
}
