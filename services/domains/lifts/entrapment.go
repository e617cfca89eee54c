package lifts

import (
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// ConfirmDelay is how long a car has to stand behind closed doors with its
// alarm on before that alone is taken for an entrapment. A sound car waits
// some three seconds between closing its door and starting. Unverified.
const ConfirmDelay = 10 * time.Second

// MotionTrust is how long a car is believed to move after it has said so. No
// run lasts as long, even through a tower of sixty floors; if nothing came
// since, the word that it stopped was lost. Unverified.
const MotionTrust = 2 * time.Minute

func entrapmentRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleEntrapment,
		Title: plantroom.Text{En: "People trapped in a lift", Zh: "电梯困人"},
		Doc: "The lift reports an entrapment, or the car's alarm is on while the car cannot run or stands behind closed doors. " +
			"Where door and motion are not known an alarm opens at high severity as alarm_button, needing confirmation, and rises to life when confirmed. " +
			"An alarm in a car that runs, stands open or is known to be empty opens nothing: misuse, filtered in the spirit of EN 81-28. " +
			"That a car runs is believed for 2 min after it began to say so. " +
			"Released when the alarm ends, the car is empty, runs again, or its door opens at a landing.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore},
		Clean:   3,
		Signals: []string{sigFault, sigMode, sigCycles, sigAlarm, sigOccupied, sigDoor, sigDirection, evidence.SigOnline},
		Steps:   entrapmentSteps(),
		New:     func(plantroom.Asset) plantroom.Detector { return new(entrapmentDetector) },
	}
}

type entrapmentDetector struct{ s entrapmentState }

type entrapmentState struct {
	car
	Alarm     evidence.Newest   `json:"alarm,omitempty"`
	Occupied  evidence.Newest   `json:"occupied,omitempty"`
	Door      evidence.Newest   `json:"door,omitempty"`
	Direction evidence.Newest   `json:"direction,omitempty"`
	Stood     plantroom.Instant `json:"stood,omitzero"` // since when the car stands closed with its alarm on
	Ran       plantroom.Instant `json:"ran,omitzero"`   // since when an alarm counts for nothing because the car runs
}

// Observe takes a reading of one of the rule's signals.
func (d *entrapmentDetector) Observe(r plantroom.Reading) plantroom.Verdict {
	if d.s.put(r) {
		d.s.judge(r.At, true)
	}
	return d.s.Verdict(d.s.wake())
}

// Tick confirms an alarm in a car that has stood long enough, and counts clean
// time.
func (d *entrapmentDetector) Tick(now plantroom.Instant) plantroom.Verdict {
	d.s.judge(now, false)
	return d.s.Verdict(d.s.wake())
}

func (s *entrapmentState) put(r plantroom.Reading) (fresh bool) {
	var list *evidence.Newest
	switch r.Signal {
	case sigAlarm:
		list = &s.Alarm
	case sigOccupied:
		list = &s.Occupied
	case sigDoor:
		list = &s.Door
	case sigDirection:
		list = &s.Direction
	case evidence.SigOnline:
		return s.reach(r, evidence.Told(r.Device, s.Fault, s.Alarm))
	default:
		return s.car.put(r)
	}
	changed, fresh := list.Put(r)
	if r.Signal == sigAlarm {
		s.tell(r, fresh)
	}
	if changed {
		s.Touch()
	}
	return fresh
}

func (s *entrapmentState) judge(at plantroom.Instant, news bool) {
	if news {
		s.stand(at)
	}
	sev, cause, detail := s.trapped(at)
	doubt := s.doubt()
	switch {
	case s.Active:
		s.Raise(at, sev, cause, detail)
		if !news {
			break // time alone frees nobody
		}
		s.Release(at, !s.held(at))
		if f := s.worst(true); s.Released && !s.Lost && (f == nil || !f.Stops) {
			s.End(at)
		}
	case sev > plantroom.NoSeverity && !s.Stood.IsZero():
		s.Begin(s.Stood, at, sev, cause, detail)
	case sev > plantroom.NoSeverity && news:
		s.Begin(at, at, sev, cause, detail)
	case sev > plantroom.NoSeverity && !doubt.IsZero() && at >= doubt:
		s.Begin(max(s.Ran, s.Direction.Last().Since), at, sev, cause, detail)
	}
	if news {
		s.run(at)
	}
	if news || s.Active { // time may have begun an episode, but ends none
		s.settle(at)
	}
	s.prove(at)
}

// trapped says how grave the evidence for people in the car is, at a time.
func (s *entrapmentState) trapped(at plantroom.Instant) (sev plantroom.Severity, cause, detail string) {
	switch {
	case s.serviced():
		return plantroom.NoSeverity, "", ""
	case s.entrapped():
		return plantroom.Life, entrapmentFault, "the lift reports people trapped"
	case !s.alarm() || s.empty(0) || s.wayOut(0) || s.runs(0, at):
		return plantroom.NoSeverity, "", ""
	case s.stopped():
		return plantroom.Life, entrapmentFault, "the alarm is on in a car that cannot run"
	case !s.Stood.IsZero() && at >= s.Stood.Add(ConfirmDelay):
		return plantroom.Life, entrapmentFault, "the alarm is on in a car that stands behind closed doors"
	case !s.Stood.IsZero() || s.seen(at):
		return plantroom.NoSeverity, "", ""
	}
	return plantroom.High, alarmButton, "the alarm is on; nothing is known of door and motion that confirms or denies it"
}

// seen reports whether both the door and the motion of the car are known at a
// time.
func (s *entrapmentState) seen(at plantroom.Instant) bool {
	door, dir := s.Door.Last(), s.Direction.Last()
	doubt := s.doubt()
	return door != nil && door.Value.Str() != "unknown" && dir != nil && dir.Value.Str() != "unknown" &&
		(doubt.IsZero() || at < doubt)
}

// held reports whether, in an open episode, somebody may still be in the car
// at a time. Only news since its onset can say no.
func (s *entrapmentState) held(at plantroom.Instant) bool {
	if s.empty(s.Since) || s.wayOut(s.Since) || s.runs(s.Since, at) {
		return false
	}
	return s.calls() || s.Lost && !s.Released
}

// calls reports whether anything says that people are in need.
func (s *entrapmentState) calls() bool {
	return s.alarm() || s.entrapped() || s.Occupied.Any(plantroom.Bool(true))
}

// entrapped reports whether the lift itself says that people are trapped.
func (s *entrapmentState) entrapped() bool { return s.Fault.Any(plantroom.String(entrapmentFault)) }

// stand keeps Stood up to date. Whatever ends an episode ends it too, so that
// two episodes never begin at the same moment.
func (s *entrapmentState) stand(at plantroom.Instant) {
	stands := s.alarm() && s.closed() && !s.empty(0) && !s.wayOut(0) && !s.runs(0, at)
	switch {
	case stands && s.Stood.IsZero():
		s.Stood = at
		s.Touch()
	case !stands && !s.Stood.IsZero():
		s.Stood = 0
		s.Touch()
	}
}

// closed reports whether devices say that the car stands, and its door is
// closed.
func (s *entrapmentState) closed() bool {
	return s.Door.Any(plantroom.String("closed")) && s.Direction.Any(plantroom.String("none"))
}

// run keeps Ran up to date.
func (s *entrapmentState) run(at plantroom.Instant) {
	runs := !s.Active && !s.serviced() && s.alarm() && !s.empty(0) && !s.wayOut(0) && s.runs(0, at)
	switch {
	case runs && s.Ran.IsZero():
		s.Ran = at
		s.Touch()
	case !runs && !s.Ran.IsZero():
		s.Ran = 0
		s.Touch()
	}
}

func (s *entrapmentState) alarm() bool {
	return s.Alarm.Any(plantroom.Bool(true)) || s.Fault.Any(plantroom.String(alarmButton))
}

// stopped reports whether the car has a fault with which it cannot run.
func (s *entrapmentState) stopped() bool {
	f := s.worst(false)
	return f != nil && f.Stops
}

// empty reports whether the last word, later than since, is that nobody is in
// the car.
func (s *entrapmentState) empty(since plantroom.Instant) bool {
	it := s.Occupied.Last()
	return it != nil && it.Since > since && !it.Value.True()
}

// wayOut reports whether the last word, later than since, is that the door is
// open at a landing.
func (s *entrapmentState) wayOut(since plantroom.Instant) bool {
	it := s.Door.Last()
	return it != nil && it.Since > since && it.Value.Str() == "open" && !s.betweenLandings()
}

// runs reports whether the last word, later than since and to be believed at a
// time, is that a sound car is moving.
func (s *entrapmentState) runs(since, at plantroom.Instant) bool {
	it, doubt := s.Direction.Last(), s.doubt()
	return !doubt.IsZero() && at < doubt && it.Since > since && !s.stopped() && !s.entrapped()
}

// doubt returns from when on the last word, that the car is moving, is not
// believed any more; zero where the last word is another one.
func (s *entrapmentState) doubt() plantroom.Instant {
	it := s.Direction.Last()
	if it == nil || it.Value.Str() != "up" && it.Value.Str() != "down" {
		return 0
	}
	return it.Since.Add(MotionTrust)
}

// betweenLandings reports a fault with which an open door is no way out.
func (s *entrapmentState) betweenLandings() bool {
	for _, slug := range []string{outOfZone, movingDoorOpen, unintendedMotion} {
		if s.Fault.Any(plantroom.String(slug)) {
			return true
		}
	}
	return false
}

func (s *entrapmentState) wake() plantroom.Instant {
	if confirmed := s.Stood.Add(ConfirmDelay); !s.Stood.IsZero() {
		if sev, _, _ := s.trapped(confirmed); sev > s.Severity { // else it changes nothing
			return confirmed
		}
	}
	next := s.nextProof()
	if doubt := s.doubt(); !s.Active && !doubt.IsZero() && (next.IsZero() || doubt < next) {
		if sev, _, _ := s.trapped(doubt); sev > plantroom.NoSeverity { // else it changes nothing
			return doubt
		}
	}
	return next
}

// Keep implements plantroom.Keeper.
func (d *entrapmentDetector) Keep(has func(plantroom.DeviceID) bool) {
	s := &d.s
	if s.keep(has, &s.Alarm, &s.Occupied, &s.Door, &s.Direction) {
		s.Lost = s.Lost || s.Active && !s.calls()
		if !s.alarm() || !s.closed() {
			s.Stood = 0
		}
	}
}

// State returns what must survive a restart.
func (d *entrapmentDetector) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *entrapmentDetector) Restore(b []byte) error {
	var s entrapmentState
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	d.s = s
	return nil
}
