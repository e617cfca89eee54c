package live

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains/bays"
	"plantroom/services/domains/leaks"
	"plantroom/services/domains/lifts"
	"plantroom/services/domains/waste"
	"plantroom/sim/world"
)

// How an estate goes on that somebody has left in the middle of a fault.
const (
	freedAfter = 2 * time.Minute // somebody who is trapped
	heardAfter = 8 * time.Minute // a radio that was broken
	overFull   = 0.97            // what a bin is that was found to be full
)

// Resume brings the estate, before Run, to where open incidents say that it is:
// a lift that has failed has still failed, and says so first. Of one whose repair has
// yet to be proved the technician is still there, and makes test runs. What the world
// does not know is left as it is.
func (p *Player) Resume(open []plantroom.Incident) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, in := range open { // first what is repaired: something else may be broken there
		if in.State == plantroom.IncidentClearing && (in.Rule == lifts.RuleFault || in.Rule == lifts.RuleEntrapment) {
			if err := p.world.Repair(in.Asset); err != nil {
				return fmt.Errorf("go on from %s on %s: %w", in.Rule, in.Asset, err)
			}
		}
	}
	for _, in := range open {
		if in.State != plantroom.IncidentOpen {
			continue
		}
		if err := p.resume(in); err != nil {
			return fmt.Errorf("go on from %s on %s: %w", in.Rule, in.Asset, err)
		}
	}
	return nil
}

func (p *Player) resume(in plantroom.Incident) error {
	w, now := p.world, p.world.Now()
	switch in.Rule {
	case lifts.RuleFault:
		return w.Fault(in.Asset, in.Cause)
	case lifts.RuleEntrapment:
		p.later(now.Add(freedAfter), func(w *world.World) (string, error) {
			return fmt.Sprintf("the people in %s get out", in.Asset), w.Free(in.Asset)
		})
		return w.Trap(in.Asset)
	case leaks.RuleWet:
		return w.FoundWet(p.zoneOf(in.Asset))
	case leaks.RuleCableBreak:
		return w.Cut(p.zoneOf(in.Asset))
	case waste.RuleFull:
		return w.FoundFull(in.Asset, overFull)
	case bays.RuleForbiddenStop, bays.RuleOverstay:
		return w.Park(in.Asset, 0)
	case detect.RuleDeviceSilent:
		return p.silence(in.Asset)
	}
	return nil
}

// silence breaks the radios of an asset for a while.
func (p *Player) silence(a plantroom.AssetID) error {
	for _, d := range p.opt.Estate.Devices {
		if d.Asset != a {
			continue
		}
		if err := p.world.Silence(d.ID, true); err != nil {
			return err
		}
		p.later(p.world.Now().Add(heardAfter), func(w *world.World) (string, error) {
			return fmt.Sprintf("the radio of %s works again", d.ID), w.Silence(d.ID, false)
		})
	}
	return nil
}

func (p *Player) zoneOf(a plantroom.AssetID) plantroom.ZoneID {
	for _, x := range p.opt.Estate.Assets {
		if x.ID == a {
			return x.Zone
		}
	}
	return ""
}
