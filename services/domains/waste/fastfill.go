package waste

import (
	"math"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

// A bin that gains FastRise of its volume within FastWindow is being filled
// with something other than households' waste: a household bin takes a day or
// more for that. Unverified.
const (
	FastRise   = 0.50
	FastWindow = time.Hour
)

// slots divide the window, so that its least fill is known without keeping
// every sample. A sample leaves the window up to one slot late.
const (
	slots      = 4
	slotLength = FastWindow / slots
)

func fastFillRule() plantroom.Rule {
	return plantroom.Rule{
		ID:    RuleFastFill,
		Title: plantroom.Text{En: "Bin fills fast", Zh: "垃圾桶填充异常快"},
		Doc: "Fill has risen by 0.50 or more within an hour, by two samples at either end, so that one bad echo is no rise. Samples whose time was estimated tell nothing. " +
			"Over when an hour holds no such rise any more, or the bin is emptied. Each further sample is one clean cycle.",
		Clocks:  []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore},
		Clean:   1,
		Signals: []string{sigFill, sigLid, sigTilt},
		Steps: []plantroom.Step{
			{ID: "look", Proof: "photo", Title: plantroom.Text{En: "See what is being thrown in and photograph it", Zh: "查看投放物并拍照"}},
			{ID: "who", Proof: "note", Title: plantroom.Text{En: "Check which flats have a works permit; speak to them before writing to them", Zh: "核对装修许可，先当面沟通"}},
			{ID: "haul", Proof: "note", Title: plantroom.Text{En: "Offer the estate's own haul, bagged, outside the lifts' peak hours", Zh: "安排物业袋装清运，避开电梯高峰"}},
			{ID: "room", Proof: "reading", Title: plantroom.Text{En: "Make room before the households' waste comes", Zh: "在居民投放高峰前腾出空间"}},
		},
		New: func(plantroom.Asset) plantroom.Detector { return new(fastDetector) },
	}
}

// fastDetector follows each device's fill over the last hour.
type fastDetector struct{ s fastState }

type fastState struct {
	evidence.Episode
	gate
	Trails []trail `json:"trails,omitempty"`
}

// trail is the recent fill of one device, in whole percent.
type trail struct {
	Device plantroom.DeviceID `json:"d"`
	At     plantroom.Instant  `json:"t"`
	Last   int                `json:"last"` // the newest sample; -1 before the first
	Lows   []low              `json:"lows,omitempty"`
	Fast   bool               `json:"fast,omitempty"`
}

// low is the least fill of a slot of time that two samples running agree on.
type low struct {
	Slot int64 `json:"s"` // source time in slots
	Fill int   `json:"f"`
}

// Observe takes a reading of fill, lid_open or tilt_deg.
func (d *fastDetector) Observe(r plantroom.Reading) plantroom.Verdict {
	if r.Signal == sigFill {
		d.sample(r)
	} else if d.s.put(r) {
		d.s.Touch()
	}
	return d.s.Verdict(0)
}

// Tick changes nothing: without a new sample nobody knows whether the bin
// still fills.
func (d *fastDetector) Tick(plantroom.Instant) plantroom.Verdict { return d.s.Verdict(0) }

func (d *fastDetector) sample(r plantroom.Reading) {
	if r.Quality == plantroom.EstimatedTime {
		return // hours of a backlog that are all dated now are no rise within an hour
	}
	t := d.trail(r.Device)
	if r.At <= t.At {
		return
	}
	t.At = r.At
	if d.s.shut() {
		return
	}
	first := t.Last < 0
	rise, changed := t.push(int(math.Round(r.Value.Num()*100)), int64(r.At)/int64(slotLength))
	if changed {
		d.s.Touch()
	}
	fast := rise >= FastRise*100
	if fast != t.Fast {
		t.Fast = fast
		d.s.Touch()
	}
	switch {
	case fast:
		d.s.Begin(r.At, r.At, plantroom.Low, fastFill,
			percent(float64(rise)/100)+" more within "+FastWindow.String()+", by "+string(r.Device))
	case d.s.Active && first: // it has not seen how the bin fills
	case d.s.Active && !d.anyFast():
		d.s.End(r.At)
		d.s.AddClean(1, r.At)
	case !d.s.Active:
		d.s.AddClean(1, r.At)
	}
}

// Keep implements plantroom.Keeper.
func (d *fastDetector) Keep(has func(plantroom.DeviceID) bool) {
	before := len(d.s.Trails)
	d.s.Trails = slices.DeleteFunc(d.s.Trails, func(t trail) bool { return !has(t.Device) })
	if d.s.gate.keep(has) || len(d.s.Trails) < before {
		d.s.Touch()
	}
}

// push takes a sample and returns the rise within the window, in percent of
// the bin. Two samples running make a point: their greater one is a low, their
// lesser one a high.
func (t *trail) push(fill int, slot int64) (rise int, changed bool) {
	before := t.Last
	t.Last = fill
	if before < 0 {
		return 0, true
	}
	changed = before != fill
	for len(t.Lows) > 0 && t.Lows[0].Slot <= slot-slots {
		t.Lows = t.Lows[1:]
		changed = true
	}
	least := max(before, fill)
	if n := len(t.Lows); n == 0 || t.Lows[n-1].Slot < slot {
		t.Lows = append(t.Lows, low{Slot: slot, Fill: least})
		changed = true
	} else if least < t.Lows[n-1].Fill {
		t.Lows[n-1].Fill = least
		changed = true
	}
	for _, l := range t.Lows {
		least = min(least, l.Fill)
	}
	return min(before, fill) - least, changed
}

func (d *fastDetector) trail(dev plantroom.DeviceID) *trail {
	for i := range d.s.Trails {
		if d.s.Trails[i].Device == dev {
			return &d.s.Trails[i]
		}
	}
	d.s.Trails = append(d.s.Trails, trail{Device: dev, Last: -1})
	return &d.s.Trails[len(d.s.Trails)-1]
}

func (d *fastDetector) anyFast() bool {
	for i := range d.s.Trails {
		if d.s.Trails[i].Fast {
			return true
		}
	}
	return false
}

// State returns what must survive a restart.
func (d *fastDetector) State() []byte { return evidence.Save(1, &d.s) }

// Restore takes back what State returned.
func (d *fastDetector) Restore(b []byte) error {
	var s fastState
	if err := evidence.Load(b, 1, &s); err != nil {
		return err
	}
	d.s = s
	return nil
}
