package app

import (
	"cmp"
	"slices"
	"time"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
)

// maxDevices bounds the devices that the page and the metrics list; the counts
// are of all.
const maxDevices = 1000

// DeviceHealth is when one device was heard, and how often it is to be.
type DeviceHealth struct {
	Device   plantroom.DeviceID `json:"device"`
	Source   string             `json:"source"`
	Interval plantroom.Duration `json:"interval,omitempty"` // the longest time that it is to be quiet; absent: nobody has said
	Heard    plantroom.Instant  `json:"heard,omitzero"`     // absent: not since the start
	Overdue  bool               `json:"overdue,omitempty"`
}

// DevicesHealth is all devices that the sources know.
type DevicesHealth struct {
	Known   int            `json:"known"`
	Overdue int            `json:"overdue"`
	List    []DeviceHealth `json:"list"` // those that are overdue first; 1,000 at most
}

// defaultBeat is the heartbeat of wired sensors whose section says none.
const defaultBeat = plantroom.Duration(time.Minute)

func beat(d plantroom.Duration) plantroom.Duration {
	if d > 0 {
		return d
	}
	return defaultBeat
}

// polled is how often a Modbus device is heard: at each heartbeat, or where it
// is asked more rarely, when it is asked.
func polled(d *config.Slave) plantroom.Duration {
	every := max(beat(d.Heartbeat), d.Period)
	if d.Period == 0 && d.Layout != nil {
		for _, b := range d.Layout.Blocks {
			every = max(every, plantroom.Duration(b.Period))
		}
	}
	return every
}

// lives adds the devices of a source. wall gives the time of day to what was
// heard before the clock was set.
func (h *DevicesHealth) lives(source string, b *binding.Binder, now, begun plantroom.Instant, wall func(plantroom.Instant) plantroom.Instant) {
	for _, l := range b.Lives() {
		l.Heard = wall(l.Heard)
		d := DeviceHealth{Device: l.Device, Source: source, Interval: plantroom.Duration(l.Interval), Heard: l.Heard, Overdue: l.Overdue(now, begun)}
		h.Known++
		if d.Overdue {
			h.Overdue++
		}
		h.List = append(h.List, d)
	}
}

// sort puts those first that are overdue, and cuts the list.
func (h *DevicesHealth) sort() {
	slices.SortStableFunc(h.List, func(a, b DeviceHealth) int {
		if a.Overdue != b.Overdue {
			return map[bool]int{true: -1, false: 1}[a.Overdue]
		}
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Source, b.Source))
	})
	h.List = h.List[:min(len(h.List), maxDevices)]
}

// deviceHealth asks all sources. The caller holds a.mu.
func (a *App) deviceHealth(now plantroom.Instant) DevicesHealth {
	h := DevicesHealth{List: []DeviceHealth{}}
	begun := a.clock.WallOf(a.clock.At(a.begun))
	for _, p := range a.parts {
		if p.binder != nil {
			h.lives(p.key, p.binder, now, begun, a.clock.WallOf)
		}
		if p.listen != nil {
			for _, heard := range p.listen.heard {
				h.lives(heard.name, heard.binder, now, begun, a.clock.WallOf)
			}
		}
	}
	h.sort()
	return h
}
