package detect

import (
	"fmt"
	"math"
	"slices"
	"time"

	"plantroom"
)

// gateway is a gateway with what the engine keeps of it.
type gateway struct {
	id     plantroom.GatewayID
	*watch // nil: not in the estate, its silence is not judged
	task   *task
	hearing
}

// hearing is what has been heard of a gateway.
type hearing struct {
	heard  plantroom.Instant // last sign of life, on the server's clock
	silent bool
	// behind says that a backlog may be on its way: since the start or since
	// the gateway's return, no fresh reading has come.
	behind   bool
	floor    plantroom.Instant // since when its devices have had a chance to be heard
	drain    time.Duration     // the least lag of the backlog so far
	frontier plantroom.Instant // newest source time heard of it
	looked   plantroom.Instant // the horizon when parked detectors were last looked at

	parked   []*detection // waiting until the gateway has told what happened until their time
	awaiting []*silence   // waiting for a sign of life of the gateway

	devices  []*device // those heard through it last
	unsorted bool
	moved    bool // a device has news since the last Take
}

func (g *gateway) forget() { g.hearing = hearing{} }

func (e *Engine) addGateways(estate plantroom.Estate) {
	buildings := map[plantroom.ZoneID]plantroom.BuildingID{}
	for _, z := range estate.Zones {
		buildings[z.ID] = z.Building
	}
	for _, known := range estate.Gateways {
		g := e.gateway(known.ID)
		g.watch = &watch{rule: RuleGatewaySilent, domain: plantroom.DevicesDomain, byRule: silenceClean, asset: plantroom.Asset{
			ID: plantroom.AssetID(known.ID), Domain: plantroom.DevicesDomain, Kind: "gateway",
			Building: buildings[known.Zone], Zone: known.Zone, Name: known.Name,
		}}
		e.know(g.watch)
		g.task = e.newTask(g)
		e.order = append(e.order, g)
	}
}

// gateway returns a gateway, a new one where it was never heard of.
func (e *Engine) gateway(id plantroom.GatewayID) *gateway {
	g := e.gateways[id]
	if g == nil {
		g = &gateway{id: id}
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
		g.fall(e, now, now, offlineCause, "its broker says that the connection is gone")
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
		g.fall(e, now, heard.Add(GatewayInterval), silentCause, fmt.Sprintf("nothing heard since %s", heard))
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

// await has devices looked at again when the gateway is next heard.
func (g *gateway) await(s *silence) {
	if !slices.Contains(g.awaiting, s) {
		g.awaiting = append(g.awaiting, s)
	}
}

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
