package waste

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// The temperatures of bin.fire, in degrees Celsius. A closed bin in summer sun
// stays below 65; smouldering paper is far above 90. Unverified.
const (
	HotAt  = 70.0 // one sample: high, needing confirmation; two: life
	FireAt = 90.0 // one sample: life. A burning bin may not send a second one
	CoolAt = 50.0
)

// CoolPeriod below CoolAt is one clean cycle: embers are found again by then.
const CoolPeriod = 10 * time.Minute

func fireRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleFire,
		Title: plantroom.Text{En: "Fire in a bin", Zh: "垃圾桶起火"},
		Doc: "The bin reports burning, or 90 °C, or 70 °C twice: life. 70 °C once: high, needing confirmation. " +
			"Over below 50 °C and without a report of burning. Each 10 min so is one clean cycle; while a sensor says that it is offline none is counted.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore},
		Clean:   1,
		Signals: []string{sigTemp, sigStatus, evidence.SigOnline},
		Steps: []plantroom.Step{
			{ID: "call", Proof: "person", Title: plantroom.Text{En: "Call the fire service; do not wait until somebody has looked", Zh: "立即报火警，不要等现场确认"}},
			{ID: "clear", Proof: "person", Title: plantroom.Text{En: "Keep people and vehicles away and shut doors and vents near the bin", Zh: "疏散人车，关闭附近门窗和风口"}},
			{ID: "fight", Proof: "note", Title: plantroom.Text{En: "Only if it is small and you have a way out: extinguisher, lid half shut, from upwind", Zh: "仅在火小且有退路时，上风向半开盖灭火"}},
			{ID: "watch", Proof: "reading", Title: plantroom.Text{En: "Flood it and watch that it stays cold", Zh: "浇透并观察不复燃"}},
			{ID: "record", Proof: "photo", Title: plantroom.Text{En: "Photograph the damage, note the cause, replace bin and sensor", Zh: "拍照记录损失和原因，更换桶和传感器"}},
		},
		New: func(plantroom.Asset) plantroom.Detector { return new(fireDetector) },
	}
}

// fireDetector watches heat. It remembers in which band each device lies,
// not the temperature itself.
type fireDetector struct{ s fireState }

type fireState struct {
	evidence.Episode
	Status evidence.Newest   `json:"status,omitempty"`
	Heat   evidence.Newest   `json:"heat,omitempty"` // cool, warm, hot or fire, per device
	Cool   plantroom.Instant `json:"cool,omitzero"`  // since when nothing is warm or burning after an episode
	Reach  evidence.Reach    `json:"reach,omitzero"`
}

// The bands of temperature.
const (
	cool = "cool"
	warm = "warm" // neither begins nor ends anything
	hot  = "hot"
	fire = "fire"
)

func band(celsius float64) string {
	switch {
	case celsius >= FireAt:
		return fire
	case celsius >= HotAt:
		return hot
	case celsius >= CoolAt:
		return warm
	}
	return cool
}

// Observe takes a reading of temperature_c, status or online.
func (d *fireDetector) Observe(r plantroom.Reading) plantroom.Verdict {
	s := &d.s
	switch r.Signal {
	case sigStatus:
		changed, fresh := s.Status.Put(r)
		if fresh && r.Value.Str() == "burning" {
			s.burn(r, plantroom.Life, fire, "the bin reports that it burns")
		}
		s.after(r, changed, fresh)
	case sigTemp:
		was := s.Heat.Of(r.Device)
		twice := was != nil && (was.Value.Str() == hot || was.Value.Str() == fire)
		celsius := r.Value.Num()
		r.Value = plantroom.String(band(celsius))
		changed, fresh := s.Heat.Put(r)
		if fresh {
			s.heat(r, celsius, twice)
		}
		s.after(r, changed, fresh)
	case evidence.SigOnline:
		s.prove(r.At)
		if s.Reach.Put(r, evidence.Told(r.Device, s.Heat, s.Status)) {
			s.Touch()
		}
	}
	return s.Verdict(s.wake())
}

// Tick counts clean time.
func (d *fireDetector) Tick(now plantroom.Instant) plantroom.Verdict {
	d.s.prove(now)
	return d.s.Verdict(d.s.wake())
}

// Keep implements plantroom.Keeper.
func (d *fireDetector) Keep(has func(plantroom.DeviceID) bool) {
	s := &d.s
	dropped := evidence.KeepAll(has, &s.Status, &s.Heat)
	if s.Reach.Keep(has, dropped) || dropped {
		s.Touch()
	}
}

func (s *fireState) heat(r plantroom.Reading, celsius float64, twice bool) {
	switch b := r.Value.Str(); {
	case b == fire, b == hot && twice:
		s.burn(r, plantroom.Life, fire, fmt.Sprintf("%.0f °C, by %s", celsius, r.Device))
	case b == hot:
		s.burn(r, plantroom.High, heat, fmt.Sprintf("%.0f °C once, by %s: needs confirming", celsius, r.Device))
	}
}

func (s *fireState) burn(r plantroom.Reading, sev plantroom.Severity, cause, detail string) {
	s.Begin(r.At, r.At, sev, cause, detail)
	s.Raise(r.At, sev, cause, detail)
}

// after ends the episode when nothing is warm or burning any more.
func (s *fireState) after(r plantroom.Reading, changed, fresh bool) {
	told := fresh && r.Value.Str() != "unknown"
	if fresh && s.Active && s.quiet() && (told || !s.Reach.Fewer) {
		s.End(r.At)
	}
	if back := told && s.Reach.Heard(r.Device, r.At); changed || back {
		s.Touch()
	}
	if fresh {
		s.settle(r.At)
		s.prove(r.At)
	}
}

func (s *fireState) quiet() bool {
	for i := range s.Heat {
		if s.Heat[i].Value.Str() != cool {
			return false
		}
	}
	return !s.Status.Any(plantroom.String("burning"))
}

// settle keeps Cool up to date.
func (s *fireState) settle(at plantroom.Instant) {
	calm := s.Proving() && s.quiet()
	switch {
	case calm && s.Cool.IsZero():
		s.Cool = at
		s.Touch()
	case !calm && !s.Cool.IsZero():
		s.Cool = 0
		s.Touch()
	}
}

func (s *fireState) prove(now plantroom.Instant) {
	if !s.Cool.IsZero() && s.Reach.Proves() {
		s.CleanByTime(s.Reach.From(s.Cool), now, CoolPeriod)
	}
}

func (s *fireState) wake() plantroom.Instant {
	if s.Cool.IsZero() || !s.Reach.Proves() {
		return 0
	}
	return s.NextClean(s.Reach.From(s.Cool), CoolPeriod)
}

// State returns what must survive a restart.
func (d *fireDetector) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *fireDetector) Restore(b []byte) error {
	var s fireState
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	d.s = s
	return nil
}
