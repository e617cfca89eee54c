package scenario

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/sim/world"
)

// OnWorld does an act to the virtual estate and says it in words. ok is false
// for an act that happens to Plantroom instead, for which it takes a stage.
func (a Act) OnWorld(w *world.World) (says string, ok bool, err error) {
	switch {
	case a.Fault != nil:
		return fmt.Sprintf("%s stops: %s", a.Fault.Lift, a.Fault.Cause), true, w.Fault(a.Fault.Lift, a.Fault.Cause)
	case a.Trap != nil:
		return fmt.Sprintf("%s stops between floors with somebody in it", a.Trap.Lift), true, w.Trap(a.Trap.Lift)
	case a.Free != nil:
		return fmt.Sprintf("the people in %s are out", a.Free.Lift), true, w.Free(a.Free.Lift)
	case a.Mode != nil:
		return fmt.Sprintf("%s is switched to %s", a.Mode.Lift, a.Mode.To), true, w.SetMode(a.Mode.Lift, a.Mode.To)
	case a.Leak != nil:
		return fmt.Sprintf("water escapes in %s", a.Leak.Zone), true, w.Leak(a.Leak.Zone, a.Leak.Floors)
	case a.Isolate != nil:
		return fmt.Sprintf("the water of %s is closed", a.Isolate.Zone), true, w.Isolate(a.Isolate.Zone)
	case a.Cut != nil:
		return fmt.Sprintf("the rope in %s is cut", a.Cut.Zone), true, w.Cut(a.Cut.Zone)
	case a.Fill != nil:
		return fmt.Sprintf("%s fills to %.0f %% within %s", a.Fill.Bin, 100*a.Fill.To, a.Fill.Over), true, w.Fill(a.Fill.Bin, a.Fill.To, time.Duration(a.Fill.Over))
	case a.Collect != nil:
		return fmt.Sprintf("%s is emptied", a.Collect.Bin), true, w.Collect(a.Collect.Bin)
	case a.Park != nil:
		return fmt.Sprintf("a car stops on %s", a.Park.Bay), true, w.Park(a.Park.Bay, time.Duration(a.Park.For))
	case a.Leave != nil:
		return fmt.Sprintf("the car on %s drives off", a.Leave.Bay), true, w.Leave(a.Leave.Bay)
	case a.Repair != nil:
		return fmt.Sprintf("somebody repairs %s without a word", a.Repair.Asset), true, w.Repair(a.Repair.Asset)
	}
	return "", false, nil
}

// act does one line of the scenario's do list and says it in words.
func (p *play) act(a Act) (string, error) {
	if says, ok, err := a.OnWorld(p.world); ok {
		return says, err
	}
	if says, ok, err := p.onWires(a); ok {
		return says, err
	}
	return p.actOnStage(a)
}

// actOnStage does what happens to Plantroom rather than to the estate.
func (p *play) actOnStage(a Act) (string, error) {
	switch {
	case a.Silence != nil:
		p.later(a.Silence.For, "the radio of "+string(a.Silence.Device)+" works again", func() error {
			return p.world.Silence(a.Silence.Device, false)
		})
		return fmt.Sprintf("the radio of %s fails", a.Silence.Device), p.world.Silence(a.Silence.Device, true)
	case a.Network != nil:
		return p.network(a.Network)
	case a.Server != nil:
		p.later(a.Server.Down, "the server is started again", func() error { return p.server.start(p.ctx, p.now) })
		return "the server is killed", p.server.kill()
	case a.InfluxDB != nil:
		p.server.tsdb.away = true
		p.later(a.InfluxDB.Down, "InfluxDB answers again", func() error { p.server.tsdb.away = false; return nil })
		return "InfluxDB is gone", nil
	case a.Gateway != nil:
		return p.powerCut(a.Gateway)
	case a.Duplicate != nil:
		return p.duplicate(a.Duplicate)
	case a.Late != nil:
		return p.hold(a.Late)
	case a.Message != nil:
		return p.message(a.Message)
	case a.Press != nil:
		p.presses.add(press{at: p.now, actor: a.Press.actor(), asset: a.Press.Asset, do: a.Press.Action, note: a.Press.Note, code: a.Press.Code, proof: a.Press.Proof})
		return "", nil
	case a.Office != nil:
		p.presses.add(press{at: p.now, office: a.Office, asset: a.Office.Asset, do: a.Office.Action})
		return "", nil
	case a.Works != nil:
		return p.server.works(p.ctx, p.now, a.Works)
	case a.Case != nil:
		return p.server.residents(p.ctx, p.now, a.Case)
	case a.Alert != nil:
		return p.alert(a.Alert)
	}
	return "", plantroom.Errorf(plantroom.CodeInternal, "an act of the language is not played")
}

// message lets a gateway hear something that the world did not say.
func (p *play) message(a *MessageAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	payload, err := a.bytes()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s hears %d bytes on %s", s.id, len(payload), a.Topic),
		s.hear([]world.Emission{{At: p.now, Gateway: s.id, Topic: a.Topic, Payload: payload}})
}

// bytes is the payload as it goes over the air.
func (a *MessageAct) bytes() ([]byte, error) {
	if a.Hex == "" {
		return []byte(a.Payload), nil
	}
	return hex.DecodeString(strings.ReplaceAll(a.Hex, " ", ""))
}

func (p *play) site(id plantroom.GatewayID) (*site, error) {
	if s := p.sites[id]; s != nil {
		return s, nil
	}
	return nil, plantroom.Errorf(plantroom.CodeNotFound, "the estate has no gateway %q", id)
}

func (p *play) network(a *NetworkAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	s.offline = true
	p.later(a.Down, string(s.id)+" has its network back", func() error {
		s.offline = false
		s.next = max(s.ack.Stored+1, s.spool.Base())
		return p.report(s)
	})
	return fmt.Sprintf("%s loses its network", s.id), nil
}

func (p *play) powerCut(a *GatewayAct) (string, error) {
	s, err := p.site(a.ID)
	if err != nil {
		return "", err
	}
	says := string(s.id) + " has its power back"
	if a.Unset > 0 {
		says += ", and its clock shows 1970 for " + a.Unset.String()
	}
	p.later(a.Down, says, func() error {
		if err := s.start(p.now, a.Unset); err != nil {
			return err
		}
		held := s.held
		s.held = nil
		if err := p.report(s); err != nil {
			return err
		}
		return s.hear(held)
	})
	return fmt.Sprintf("%s loses its power", s.id), s.stop()
}

func (p *play) duplicate(a *DuplicateAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	for range a.Times {
		if s.last == nil || !p.server.up() {
			break
		}
		if err := p.deliver(s, s.last); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("the last batch of %s arrives %d times more", s.id, a.Times), nil
}

func (p *play) hold(a *DeviceAct) (string, error) {
	i := slices.IndexFunc(p.estate.Devices, func(d plantroom.Device) bool { return d.ID == a.Device })
	if i < 0 {
		return "", plantroom.Errorf(plantroom.CodeNotFound, "the estate has no device %q", a.Device)
	}
	s := p.sites[p.estate.Devices[i].Gateway]
	s.late[a.Device] = []world.Emission{}
	p.later(a.For, fmt.Sprintf("the messages of %s arrive, newest first", a.Device), func() error {
		es := s.late[a.Device]
		delete(s.late, a.Device)
		slices.Reverse(es)
		for i := range es {
			if err := s.hear(es[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("the messages of %s hang in the air", a.Device), nil
}

// InWorld reports whether the act happens to the estate, and not to Plantroom.
func (a Act) InWorld() bool {
	return a.Silence == nil && a.Network == nil && a.Server == nil && a.InfluxDB == nil && a.Gateway == nil &&
		a.Duplicate == nil && a.Late == nil && a.Message == nil && a.Press == nil && a.Office == nil && a.Works == nil && a.Case == nil && a.Alert == nil && !a.wired()
}
