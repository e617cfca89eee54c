package detect

import (
	"fmt"
	"math"
	"time"

	"plantroom"
)

// The rules of silence.
const (
	RuleDeviceSilent  plantroom.RuleID = "device.silent"
	RuleGatewaySilent plantroom.RuleID = "gateway.silent"
)

// How silence is judged (guarantee G8).
const (
	// MissedIntervals without a sign of life make a device silent, but never
	// less than MinAllowance.
	MissedIntervals = 3
	MinAllowance    = time.Minute
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
		Name:        "devices",
		Measurement: plantroom.DeviceMeasurement,
		Title:       plantroom.Text{En: "Devices", Zh: "设备"},
		Kinds:       []string{"device", "gateway"},
		Signals:     plantroom.DeviceSignals(),
		Rules: []plantroom.Rule{
			{ID: RuleDeviceSilent, Title: plantroom.Text{En: "Device silent", Zh: "设备失联"}, Clocks: clocks, Clean: 1, Steps: steps,
				Doc: "No sign of life from a device of the asset for three of its intervals (at least 1 min) while its gateway was heard. " +
					"Each further interval in which all of them are heard is one clean cycle."},
			{ID: RuleGatewaySilent, Title: plantroom.Text{En: "Gateway silent", Zh: "网关失联"}, Clocks: clocks, Clean: 1, Steps: steps,
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
	*watch
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
	s.watch = e.newWatch(a.Asset, "devices", &plantroom.Rule{ID: RuleDeviceSilent, Clean: 1})
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
// says itself that the device cannot be reached. Of a backlog it is the
// source time that counts.
func (e *Engine) alive(now plantroom.Instant, d *device, r plantroom.Reading) {
	if d.silence == nil || r.At <= d.newest {
		return
	}
	if r.Signal == "online" && !r.Value.True() {
		return
	}
	d.newest = r.At
	seen := now
	if d.gateway != nil && d.gateway.behind {
		seen = min(r.At, now)
	}
	d.last = max(d.last, seen)
	if d.silent || d.silence.incident != nil {
		d.silent = false
		d.silence.report(e, now, d.last)
	}
}

// wake looks for devices that have become silent.
func (s *silence) wake(e *Engine, now plantroom.Instant) {
	s.waiting = false
	var next plantroom.Instant
	for _, d := range s.devices {
		if d.silent {
			continue
		}
		due := d.due(e)
		switch {
		case due > now:
			if next.IsZero() || due < next {
				next = due
			}
		case d.gateway != nil && !d.gateway.vouches(due):
			if !s.waiting {
				s.waiting = true
			}
			d.gateway.await(s)
		default:
			d.silent = true
		}
	}
	e.schedule.set(s.task, next)
	s.report(e, now, now)
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
		v.Active, v.Cause, v.Severity = true, "silent", plantroom.Medium
		if v.Detail != "" {
			v.Detail += "; "
		}
		v.Detail += fmt.Sprintf("%s: last heard %s, expected every %s", d.id, d.last, d.interval)
	}
	if inc := s.incident; !v.Active && inc != nil && inc.State == plantroom.IncidentClearing {
		v.Clean = int(at.Sub(inc.Cleared) / s.cycle)
	}
	e.apply(now, s.watch, &v)
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

// gateway is a gateway with what the engine keeps of it.
type gateway struct {
	*watch // nil: not in the estate, its silence is not judged
	task   *task

	heard  plantroom.Instant // last sign of life, on the server's clock
	silent bool
	// behind says that a backlog may be on its way: since the start or since
	// the gateway's return, no fresh reading has come.
	behind   bool
	floor    plantroom.Instant // since when its devices have had a chance to be heard
	drain    time.Duration     // the least lag of the backlog so far
	frontier plantroom.Instant // newest source time heard of it
	looked   plantroom.Instant // the frontier when parked detectors were last looked at

	parked   []*detection // waiting until the gateway has told what happened until their time
	awaiting []*silence   // waiting for a sign of life of the gateway

	channels []*channel // those heard through it last
	unsorted bool
	moved    bool // a channel has news since the last Take
}

func (e *Engine) addGateways(estate plantroom.Estate) {
	buildings := map[plantroom.ZoneID]plantroom.BuildingID{}
	for _, z := range estate.Zones {
		buildings[z.ID] = z.Building
	}
	for _, known := range estate.Gateways {
		g := e.gateway(known.ID)
		g.watch = e.newWatch(plantroom.Asset{
			ID: plantroom.AssetID(known.ID), Domain: "devices", Kind: "gateway",
			Building: buildings[known.Zone], Zone: known.Zone, Name: known.Name,
		}, "devices", &plantroom.Rule{ID: RuleGatewaySilent, Clean: 1})
		g.task = e.newTask(g)
		e.order = append(e.order, g)
	}
}

// gateway returns a gateway, a new one where it was never heard of.
func (e *Engine) gateway(id plantroom.GatewayID) *gateway {
	g := e.gateways[id]
	if g == nil {
		g = &gateway{}
		e.gateways[id] = g
	}
	return g
}

// start gives everything one full allowance from the first moment that the
// engine is told of.
func (e *Engine) start(now plantroom.Instant) {
	if !e.started.IsZero() {
		return
	}
	e.started = now
	for _, g := range e.order {
		g.catchUp(now)
		g.plan(e)
	}
	for _, s := range e.silences {
		e.schedule.set(s.task, s.nextDue(e))
	}
}

// Heard notes a sign of life of a gateway (a batch or a state message), or,
// with online false, its broker's word that it is gone.
func (e *Engine) Heard(now plantroom.Instant, gw plantroom.GatewayID, online bool) {
	e.start(now)
	g := e.gateway(gw)
	if online {
		e.hear(now, g)
		return
	}
	if g.watch != nil && !g.silent {
		g.fall(e, now, now, "offline", "its broker says that the connection is gone")
	}
}

// hear takes a sign of life of a gateway.
func (e *Engine) hear(now plantroom.Instant, g *gateway) {
	g.heard = max(g.heard, now)
	if len(g.awaiting) > 0 {
		for _, s := range g.awaiting {
			e.schedule.set(s.task, now)
		}
		g.awaiting = g.awaiting[:0]
	}
	if g.watch == nil || g.incident == nil {
		return
	}
	if g.silent {
		g.silent = false
		g.catchUp(now)
	}
	v := plantroom.Verdict{At: now}
	if g.incident.State == plantroom.IncidentClearing {
		v.Clean = int(now.Sub(g.incident.Cleared) / GatewayInterval)
	}
	e.apply(now, g.watch, &v)
	g.plan(e)
}

// fall makes a gateway silent.
func (g *gateway) fall(e *Engine, now, since plantroom.Instant, cause, detail string) {
	g.silent = true
	v := plantroom.Verdict{Active: true, Since: since, At: now, Cause: cause, Severity: plantroom.High, Detail: detail}
	e.apply(now, g.watch, &v)
	g.plan(e)
}

// wake looks whether a gateway has become silent, or has no backlog.
func (g *gateway) wake(e *Engine, now plantroom.Instant) {
	if g.behind && now >= g.floor.Add(Settle) {
		g.behind = false
		g.unpark(e, now)
	}
	heard := max(g.heard, e.started)
	if !g.silent && now >= heard.Add(GatewayInterval) {
		g.fall(e, now, heard.Add(GatewayInterval), "silent", fmt.Sprintf("nothing heard since %s", heard))
		return
	}
	g.plan(e)
}

// plan schedules the next look at a gateway.
func (g *gateway) plan(e *Engine) {
	if g.silent {
		e.schedule.set(g.task, 0)
		return
	}
	next := max(g.heard, e.started).Add(GatewayInterval)
	if g.behind {
		next = min(next, g.floor.Add(Settle))
	}
	e.schedule.set(g.task, next)
}

// catchUp expects a backlog from now on.
func (g *gateway) catchUp(now plantroom.Instant) {
	g.behind, g.floor, g.drain = true, now, math.MaxInt64
}

// follow takes a reading's source time as news of how far the gateway has
// told. A spool tells in order, so that a fresh reading ends the backlog. A
// late one that is less late than those before shows that it still drains; a
// device whose clock is wrong does not, because its lag stays the same.
func (g *gateway) follow(e *Engine, now, at plantroom.Instant) {
	g.frontier = max(g.frontier, min(at, now))
	if !g.behind {
		return
	}
	switch lag := now.Sub(at); {
	case lag <= Settle:
		g.behind, g.floor = false, now
		g.unpark(e, now)
	case lag < g.drain-time.Second:
		g.drain, g.floor = lag, now
	}
}

// horizon returns up to when it is known what the gateway's devices said.
func (g *gateway) horizon(now plantroom.Instant) plantroom.Instant {
	if g.silent || g.behind {
		return min(g.frontier, now)
	}
	return now
}

// vouches reports whether the gateway was heard after a device's allowance had
// run out: only then is it the device that is silent.
func (g *gateway) vouches(due plantroom.Instant) bool {
	return !g.silent && !g.behind && g.heard >= due
}

func (g *gateway) await(s *silence) { g.awaiting = append(g.awaiting, s) }

// unpark puts the waiting detectors back on the schedule when the gateway has
// told more.
func (g *gateway) unpark(e *Engine, now plantroom.Instant) {
	if len(g.parked) == 0 || g.horizon(now) == g.looked {
		return
	}
	g.looked = g.horizon(now)
	for _, d := range g.parked {
		d.parked = false
		e.schedule.set(d.task, d.due)
	}
	g.parked = g.parked[:0]
}
