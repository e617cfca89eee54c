package detect

import (
	"fmt"
	"time"

	"plantroom"
)

// The rules of silence.
const (
	RuleDeviceSilent  plantroom.RuleID = "device.silent"
	RuleGatewaySilent plantroom.RuleID = "gateway.silent"
)

// The causes of silence: nothing was heard, or a broker says that a gateway is gone.
const (
	silentCause  = "silent"
	offlineCause = "offline"
)

// How silence is judged (guarantee G8).
const (
	// MissedIntervals without a sign of life make a device silent, but never
	// less than MinAllowance.
	MissedIntervals = 3
	MinAllowance    = time.Minute
	// silenceClean is how many clean cycles prove that something is heard again.
	silenceClean = 1
	// GatewayInterval is the longest time between two signs of life of a
	// gateway: a batch or a state message.
	GatewayInterval = time.Minute
	// Settle is how late a reading may be and still be news, and how long
	// after its return a gateway may take to begin with its backlog.
	Settle = time.Minute
)

// Devices returns the domain of the devices and gateways themselves, so that
// boards and contracts can name it. Its rules have no New: the engine judges
// silence itself, because it needs the gateways for it.
func Devices() plantroom.Domain {
	steps := []plantroom.Step{
		{ID: "power", Proof: "note", Title: plantroom.Text{En: "Check power, battery and antenna on site", Zh: "现场检查供电、电池和天线"}},
		{ID: "restart", Proof: "note", Title: plantroom.Text{En: "Restart it, and note what its lamps show", Zh: "重启并记录指示灯状态"}},
		{ID: "heard", Proof: "reading", Title: plantroom.Text{En: "See that it is heard again", Zh: "确认恢复上报"}},
	}
	clocks := []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Restore}
	const house = "house default, unverified"
	return plantroom.Domain{
		Name:        plantroom.DevicesDomain,
		Measurement: plantroom.DeviceMeasurement,
		Title:       plantroom.Text{En: "Devices", Zh: "设备"},
		Kinds:       []string{"device", "gateway"},
		Signals:     plantroom.DeviceSignals(),
		Causes:      map[string]plantroom.Text{silentCause: {En: "silent", Zh: "无信号"}, offlineCause: {En: "offline", Zh: "离线"}},
		Rules: []plantroom.Rule{
			{ID: RuleDeviceSilent, Title: plantroom.Text{En: "Device silent", Zh: "设备失联"}, Clocks: clocks, Clean: silenceClean, Steps: steps,
				Doc: "No sign of life from a device of the asset for three of its intervals (at least 1 min) while its gateway was heard. " +
					"Each further interval in which all of them are heard is one clean cycle."},
			{ID: RuleGatewaySilent, Title: plantroom.Text{En: "Gateway silent", Zh: "网关失联"}, Clocks: clocks, Clean: silenceClean, Steps: steps,
				Doc: "Nothing was heard of a gateway for 1 min, or its broker says that it is gone. Its devices are not judged meanwhile. " +
					"Each further minute in which it is heard is one clean cycle."},
		},
		Targets: []plantroom.Window{
			{Clock: plantroom.Acknowledge, Severity: plantroom.Low, Length: plantroom.Duration(time.Hour), From: plantroom.FromDispatched, Source: house},
			{Clock: plantroom.Acknowledge, Severity: plantroom.High, Length: plantroom.Duration(15 * time.Minute), From: plantroom.FromDispatched, Source: house},
			{Clock: plantroom.Restore, Severity: plantroom.Low, Length: plantroom.Duration(24 * time.Hour), From: plantroom.FromRaised, Source: house},
			{Clock: plantroom.Restore, Severity: plantroom.High, Length: plantroom.Duration(4 * time.Hour), From: plantroom.FromRaised, Source: house},
		},
	}
}

// silence judges the devices of one asset together: there is one incident per
// rule and asset.
type silence struct {
	watch
	devices []*device // those with an interval
	cycle   time.Duration
	task    *task
	waiting bool
}

func (e *Engine) addSilence(a *asset) {
	s := &silence{}
	for _, d := range a.devices {
		if d.interval > 0 {
			d.silence = s
			s.devices = append(s.devices, d)
			s.cycle = max(s.cycle, time.Duration(d.interval))
		}
	}
	if len(s.devices) == 0 {
		return
	}
	s.watch = watch{rule: RuleDeviceSilent, domain: plantroom.DevicesDomain, byRule: silenceClean, asset: a.Asset}
	e.know(&s.watch)
	s.task = e.newTask(s)
	e.silences = append(e.silences, s)
}

func (d *device) allowance() time.Duration {
	return max(MissedIntervals*time.Duration(d.interval), MinAllowance)
}

// due returns when the device will have been silent for too long.
func (d *device) due(e *Engine) plantroom.Instant {
	from := max(d.last, e.started)
	if d.gateway != nil {
		from = max(from, d.gateway.floor)
	}
	return from.Add(d.allowance())
}

// alive takes a reading as a sign of life, unless it repeats an old one or
// says itself that the device cannot be reached: the gateway says so of a
// wired one, its bridge of others. Of a backlog it is the
// source time that counts.
func (e *Engine) alive(now plantroom.Instant, d *device, r plantroom.Reading) {
	if d.silence == nil || r.At <= d.newest || r.At == d.lead.newest || r.At > now && r.At < d.lead.newest {
		return
	}
	if r.Signal == "online" && !r.Value.True() || r.Signal == "bus_stuck" && r.Value.True() {
		return
	}
	d.newest = max(d.newest, min(r.At, now))
	if r.At > now {
		d.lead.newest = r.At
	}
	seen := now
	if d.gateway != nil && d.gateway.behind {
		seen = min(r.At, now)
	}
	d.last = max(d.last, seen)
	if d.silence.incident != nil {
		d.silent = false
		d.silence.report(e, now, d.last)
	}
}

// wake looks for devices that have become silent.
func (s *silence) wake(e *Engine, now plantroom.Instant) {
	var next plantroom.Instant
	fell := false
	s.waiting = false
	for _, d := range s.devices {
		if d.silent {
			continue
		}
		switch due := d.due(e); {
		case due > now:
			if next.IsZero() || due < next {
				next = due
			}
		case d.gateway != nil && !d.gateway.vouches(due):
			s.waiting = true
			d.gateway.await(s)
		default:
			d.silent, fell = true, true
		}
	}
	e.schedule.set(s.task, next)
	if fell {
		s.report(e, now, now)
	}
}

// report applies the verdict on the asset's devices.
func (s *silence) report(e *Engine, now, at plantroom.Instant) {
	v := plantroom.Verdict{At: at}
	for _, d := range s.devices {
		if !d.silent {
			continue
		}
		if due := d.due(e); !v.Active || due < v.Since {
			v.Since = due
		}
		v.Active, v.Cause, v.Severity = true, silentCause, plantroom.Medium
		if v.Detail != "" {
			v.Detail += "; "
		}
		v.Detail += fmt.Sprintf("%s: last heard %s, expected every %s", d.id, d.last, d.interval)
	}
	if inc := s.incident; !v.Active && inc != nil && inc.State == plantroom.IncidentClearing {
		v.Clean = int(at.Sub(inc.Cleared) / s.cycle)
	}
	e.apply(now, &s.watch, &v)
	if !v.Active && s.task.due.IsZero() && !s.waiting {
		e.schedule.set(s.task, s.nextDue(e))
	}
}

// nextDue returns when the first of the devices will have been silent for too
// long.
func (s *silence) nextDue(e *Engine) plantroom.Instant {
	var next plantroom.Instant
	for _, d := range s.devices {
		if due := d.due(e); !d.silent && (next.IsZero() || due < next) {
			next = due
		}
	}
	return next
}
