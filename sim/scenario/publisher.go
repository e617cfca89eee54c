package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/gateway/app/config"
	"plantroom/gateway/intake"
	local "plantroom/gateway/source"
	"plantroom/sim/world"
)

// publisher is a device with an account at a gateway's own broker. It keeps
// what it has published until that is acknowledged, and publishes it again on
// its next connection, in order.
type publisher struct {
	waiting []world.Emission
	again   plantroom.Instant // of its next connection
}

// Loss is when a gateway loses its power while a message is on its way.
type Loss string

// The moments.
const (
	BeforeDisk Loss = "before_disk" // nothing of it is on disk
	AfterDisk  Loss = "after_disk"  // it is on disk, and not acknowledged
)

// newLocal makes a source of the gateway's own broker.
func newLocal(h *config.Heard, spool intake.Spool) (*local.Local, error) {
	s := h.Source()
	spoken, err := newSource(s, spool)
	if err != nil {
		return nil, err
	}
	return local.NewLocal(local.LocalOptions{Name: s.Name, Topics: spoken.topics, Decoder: spoken.decoder, Intake: spoken.intake}), nil
}

// publish has the gateway take all messages that a device waits with, one after
// the other. Each is acknowledged, and forgotten, when it is on disk.
func (s *site) publish(account string) error {
	p := s.publishers[account]
	for len(p.waiting) > 0 {
		if err := s.receive(p.waiting[0]); err != nil {
			return err
		}
		p.waiting = p.waiting[1:]
	}
	return nil
}

// receive is a message at the gateway's own broker; it returns when that is on
// disk. One on a topic of no source is heard by nobody.
func (s *site) receive(e world.Emission) error {
	i := slices.IndexFunc(s.locals, func(l *local.Local) bool { return subscribed(l.Topics(), e.Topic) })
	if i < 0 {
		return nil
	}
	return s.settle(func(taken receipts) {
		s.locals[i].Hear(plantroom.Message{Topic: e.Topic, Payload: e.Payload, Received: e.At}, taken())
	})
}

// connectAgain lets the devices publish that have waited for the gateway.
func (s *site) connectAgain(now plantroom.Instant) error {
	for _, account := range s.accounts() {
		p := s.publishers[account]
		if len(p.waiting) == 0 || p.again > now {
			continue
		}
		for i := range p.waiting { // they come now, whenever they were measured
			p.waiting[i].At = now
		}
		if err := s.publish(account); err != nil {
			return err
		}
	}
	return nil
}

// accounts lists the devices that have published, in a fixed order.
func (s *site) accounts() []string {
	var out []string
	for account := range s.publishers {
		out = append(out, account)
	}
	slices.Sort(out)
	return out
}

// longestReconnect bounds how long a device waits before it connects again.
const longestReconnect = 5 * time.Second

// disconnect has the devices find out, one after the other, that the gateway
// is there again.
func (s *site) disconnect(back plantroom.Instant) {
	for _, account := range s.accounts() {
		wait := time.Second + time.Duration(dice(s.seed+uint64(back), account).Int64N(int64(longestReconnect-time.Second)))
		s.publishers[account].again = back.Add(wait)
	}
}

// PublishAct is a message at a gateway's own broker, at QoS 1.
type PublishAct struct {
	Gateway plantroom.GatewayID `json:"gateway"`
	Account string              `json:"account"`
	Topic   string              `json:"topic"`
	Payload string              `json:"payload"`
	Dies    Loss                `json:"dies"` // the gateway; "": it does not
	Down    Offset              `json:"down"`
}

func (p *play) publish(a *PublishAct) (string, error) {
	s, err := p.site(a.Gateway)
	if err != nil {
		return "", err
	}
	if s.publishers[a.Account] == nil {
		s.publishers[a.Account] = &publisher{}
	}
	d := s.publishers[a.Account]
	d.waiting = append(d.waiting, world.Emission{At: p.now, Gateway: s.id, Topic: a.Topic, Payload: []byte(a.Payload)})
	says := fmt.Sprintf("%s publishes %d bytes to %s", a.Account, len(a.Payload), s.id)
	switch {
	case s.dark || d.again > p.now:
		return says + ", which is not there", nil
	case a.Dies == "":
		return says, s.publish(a.Account)
	case a.Dies == AfterDisk:
		for _, e := range d.waiting { // taken in, and the acknowledgements are never sent
			if err := s.receive(e); err != nil {
				return "", err
			}
		}
	}
	power, err := p.powerCut(&GatewayAct{ID: s.id, Down: a.Down})
	return fmt.Sprintf("%s: %s %s", says, power, strings.ReplaceAll(string(a.Dies), "_", " it is on ")), err
}
