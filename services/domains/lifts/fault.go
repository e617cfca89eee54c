package lifts

import (
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// LowDelay is how long a fault of low severity has to last before it counts.
// Such faults (a call button held down, a door kept open by a removal, a
// load cell confused by a trolley) are made by people and mostly gone within
// the minute; nobody is in danger meanwhile. Graver faults count at once: a
// controller reports them only after retries of its own. Unverified.
const LowDelay = time.Minute

func faultRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleFault,
		Title: plantroom.Text{En: "Lift fault", Zh: "电梯故障"},
		Doc: "The lift reports a fault in a mode that counts. In inspection and out_of_service nothing opens; " +
			"an open episode stays open when the mode changes to one of these, and a fault that is still there when they are left opens then.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore},
		Clean:   3,
		Signals: []string{sigFault, sigMode, sigCycles, evidence.SigOnline},
		Steps:   faultSteps(),
		New:     func(plantroom.Asset) plantroom.Detector { return new(faultDetector) },
	}
}

type faultDetector struct{ s faultState }

type faultState struct {
	car
	Onset plantroom.Instant `json:"onset,omitzero"` // since when there has been a fault that counts
}

// Observe takes a reading of fault, mode, cycles or online.
func (d *faultDetector) Observe(r plantroom.Reading) plantroom.Verdict {
	if d.s.put(r) {
		d.s.judge(r.At, true)
	}
	return d.s.Verdict(d.s.wake())
}

// Tick ends the delay of a low fault, and counts clean time.
func (d *faultDetector) Tick(now plantroom.Instant) plantroom.Verdict {
	d.s.judge(now, false)
	return d.s.Verdict(d.s.wake())
}

// judge compares what is known with the episode. Only a reading (news) begins
// or ends something; time alone confirms what is pending and counts proof.
func (s *faultState) judge(at plantroom.Instant, news bool) {
	own := s.worst(false)
	counts := own != nil && !s.serviced()
	switch {
	case s.Active && s.worst(true) == nil && !s.Lost:
		s.End(at)
	case s.Active && counts:
		s.Raise(at, own.Severity, own.Slug, own.Title.En)
	case !s.Active:
		s.pend(at, news, counts)
		if due := s.due(); !due.IsZero() && at >= due {
			s.Begin(s.Onset, max(at, s.Onset), own.Severity, own.Slug, own.Title.En)
			s.Onset = 0
		}
	}
	if news {
		s.settle(at)
	}
	s.prove(at)
}

// pend notes the onset of a fault that counts, and forgets one that went.
func (s *faultState) pend(at plantroom.Instant, news, counts bool) {
	switch {
	case counts && news && s.Onset.IsZero():
		s.Onset = at
		s.Touch()
	case !counts && !s.Onset.IsZero():
		s.Onset = 0
		s.Touch()
	}
}

// due returns when a pending fault is to be believed, zero where none pends.
func (s *faultState) due() plantroom.Instant {
	own := s.worst(false)
	switch {
	case s.Onset.IsZero() || own == nil:
		return 0
	case own.Severity <= plantroom.Low:
		return s.Onset.Add(LowDelay)
	}
	return s.Onset
}

func (s *faultState) wake() plantroom.Instant {
	if due := s.due(); !due.IsZero() {
		return due
	}
	return s.nextProof()
}

// Keep implements plantroom.Keeper.
func (d *faultDetector) Keep(has func(plantroom.DeviceID) bool) {
	if d.s.keep(has) {
		d.s.Lost = d.s.Lost || d.s.Active && d.s.worst(true) == nil
	}
}

// State returns what must survive a restart.
func (d *faultDetector) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *faultDetector) Restore(b []byte) error {
	var s faultState
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	d.s = s
	return nil
}
