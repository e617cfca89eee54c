package waste

import (
	"slices"
	"strconv"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// FullAt and EmptiedAt are the fills at which bin.full begins and ends. The
// distance between them keeps settling waste from flapping.
const (
	FullAt    = 0.85
	EmptiedAt = 0.70
)

func fullRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleFull,
		Title: plantroom.Text{En: "Bin full", Zh: "垃圾桶已满"},
		Doc: "The median of the last three fill samples is at or above 0.85; over when it is at or below 0.70. " +
			"Samples with an open lid or a tilted bin do not count. Each further sample at or below 0.70 is one clean cycle.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore},
		Clean:   1,
		Signals: []string{sigFill, sigLid, sigTilt},
		Steps: []plantroom.Step{
			{ID: "look", Proof: "photo", Title: plantroom.Text{En: "Photograph the waste point as found", Zh: "拍下到场时的投放点"}},
			{ID: "swap", Proof: "reading", Title: plantroom.Text{En: "Empty or swap the bin outside the lifts' peak hours", Zh: "避开电梯高峰清运或更换"}},
			{ID: "bulky", Proof: "note", Title: plantroom.Text{En: "Bag and take away what lies beside it; note whose renovation it came from", Zh: "清走桶外堆放物，记录来自哪户装修"}},
			{ID: "clean", Proof: "photo", Title: plantroom.Text{En: "Leave the place swept, lid shut, no smell towards the neighbours", Zh: "清扫现场，盖好桶盖，不影响邻居"}},
		},
		New: func(plantroom.Asset) plantroom.Detector { return new(fullDetector) },
	}
}

// samples is over how many samples the median is taken.
const samples = 3

// fullDetector compares the median of the last three samples with the two
// thresholds. A median is above a threshold exactly when most samples are, so
// it keeps only in which zone each sample lay: state that does not change
// with every reading.
type fullDetector struct{ s fullState }

type fullState struct {
	evidence.Episode
	gate
	Bins []register `json:"bins,omitempty"` // one per device
}

// register is the last samples of one device, newest last.
type register struct {
	Device plantroom.DeviceID `json:"d"`
	At     plantroom.Instant  `json:"t"`
	Zones  [samples]zone      `json:"z"`
	// Highs are the times of those samples that lie at or above FullAt, zero
	// for the others and once the bin is known to be full.
	Highs [samples]plantroom.Instant `json:"h"`
	Full  bool                       `json:"full,omitempty"`
}

// zone is where a sample lies.
type zone uint8

const (
	unknownZone zone = iota
	lowZone          // at or below EmptiedAt
	midZone
	highZone // at or above FullAt
)

func zoneOf(fill float64) zone {
	switch {
	case fill >= FullAt:
		return highZone
	case fill <= EmptiedAt:
		return lowZone
	}
	return midZone
}

// Observe takes a reading of fill, lid_open or tilt_deg.
func (d *fullDetector) Observe(r plantroom.Reading) plantroom.Verdict {
	if r.Signal == sigFill {
		d.sample(r)
	} else if d.s.put(r) {
		d.s.Touch()
	}
	return d.s.Verdict(0)
}

// Tick changes nothing: a bin is judged by its samples alone.
func (d *fullDetector) Tick(plantroom.Instant) plantroom.Verdict { return d.s.Verdict(0) }

func (d *fullDetector) sample(r plantroom.Reading) {
	reg := d.register(r.Device)
	if r.At <= reg.At {
		return
	}
	reg.At = r.At
	if d.s.shut() {
		return
	}
	z := zoneOf(r.Value.Num())
	if reg.push(z, r.At) {
		d.s.Touch()
	}
	switch {
	case !reg.Full && reg.most(highZone):
		d.s.Begin(reg.onset(), r.At, plantroom.Medium, isFull, percent(r.Value.Num())+" full, by "+string(r.Device))
		reg.Full, reg.Highs = true, [samples]plantroom.Instant{}
		d.s.Touch()
	case reg.Full && reg.most(lowZone):
		reg.Full = false
		d.s.Touch()
		d.over(r.At)
	case d.s.Active && reg.most(lowZone): // of an episode whose sensors were removed
		d.over(r.At)
	case z == lowZone:
		d.s.AddClean(1, r.At)
	}
}

// over ends an episode that no sensor holds open.
func (d *fullDetector) over(at plantroom.Instant) {
	if !d.anyFull() {
		d.s.End(at)
		d.s.AddClean(1, at)
	}
}

// Keep implements plantroom.Keeper.
func (d *fullDetector) Keep(has func(plantroom.DeviceID) bool) {
	before := len(d.s.Bins)
	d.s.Bins = slices.DeleteFunc(d.s.Bins, func(g register) bool { return !has(g.Device) })
	if d.s.gate.keep(has) || len(d.s.Bins) < before {
		d.s.Touch()
	}
}

// push shifts a sample in and reports whether that changed anything.
func (g *register) push(z zone, at plantroom.Instant) (changed bool) {
	before := *g
	copy(g.Zones[:], g.Zones[1:])
	copy(g.Highs[:], g.Highs[1:])
	g.Zones[samples-1], g.Highs[samples-1] = z, 0
	if z == highZone && !g.Full {
		g.Highs[samples-1] = at
	}
	return *g != before
}

// onset returns the time of the oldest high sample.
func (g *register) onset() plantroom.Instant {
	for _, at := range g.Highs {
		if !at.IsZero() {
			return at
		}
	}
	return g.At
}

// most reports whether the median lies in a zone at the end of the scale.
func (g *register) most(z zone) bool { return g.count(z) > samples/2 }

func (g *register) count(z zone) (n int) {
	for _, have := range g.Zones {
		if have == z {
			n++
		}
	}
	return n
}

func (d *fullDetector) register(dev plantroom.DeviceID) *register {
	for i := range d.s.Bins {
		if d.s.Bins[i].Device == dev {
			return &d.s.Bins[i]
		}
	}
	d.s.Bins = append(d.s.Bins, register{Device: dev})
	return &d.s.Bins[len(d.s.Bins)-1]
}

func (d *fullDetector) anyFull() bool {
	for i := range d.s.Bins {
		if d.s.Bins[i].Full {
			return true
		}
	}
	return false
}

func percent(fill float64) string { return strconv.FormatFloat(fill*100, 'f', 0, 64) + " %" }

// State returns what must survive a restart.
func (d *fullDetector) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *fullDetector) Restore(b []byte) error {
	var s fullState
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	for _, reg := range s.Bins {
		for _, z := range reg.Zones {
			if z > highZone {
				return plantroom.Errorf(plantroom.CodeInvalid, "detector state has a sample in the zone %d, which does not exist", z)
			}
		}
	}
	d.s = s
	return nil
}
