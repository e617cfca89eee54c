package site

import (
	"context"
	"encoding/json"
	"path"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"plantroom"
	"plantroom/internal/mqttconn"
	"plantroom/services/dispatch"
	calls "plantroom/services/notify/mqtt"
	"plantroom/sim/scenario"
)

// connect opens a connection for calls, the first one with an error that says what to
// do instead of trying again.
func (s *site) connect(ctx context.Context, once bool) (*mqttconn.Conn, error) {
	o := mqttconn.Options{URL: s.opt.Broker, ClientID: string(s.opt.Estate.ID) + "-site-calls", Username: s.opt.Calls, PasswordFile: s.opt.Password(s.opt.Calls)}
	conn, err := mqttconn.Connect(ctx, o, mqttconn.Session{Persistent: true, Once: once, Handle: s.hear})
	if err != nil {
		return nil, refused(s.opt.Calls, err)
	}
	if err := conn.SubscribeAll(ctx, calls.Topic(s.opt.Estate.ID, "+")); err != nil {
		conn.Close()
		return nil, refused(s.opt.Calls, err)
	}
	return conn, nil
}

// hear takes a call. One that cannot be read is nobody's: it is let go.
func (s *site) hear(m mqtt.Message) {
	defer m.Ack()
	var ev dispatch.Event
	if err := json.Unmarshal(m.Payload(), &ev); err != nil {
		s.opt.Logger.Warn("a call cannot be read", "topic", m.Topic(), "error", err)
		return
	}
	s.phones.Take(path.Base(m.Topic()), ev.ID, ev)
}

// done is how many of the steps of a contractor are behind an order.
var done = map[plantroom.OrderState]int{plantroom.Dispatched: 0, plantroom.Reopened: 0, plantroom.Acknowledged: 1, plantroom.Attended: 2}

// goOn does what a contractor has left to do about an order that was given out before.
// Their link went to a phone that nobody has any more, so the office does it for
// them, over the API. Where the order has moved meanwhile, that is refused and told.
func (s *site) goOn(ctx context.Context, o plantroom.WorkOrder) {
	behaviour, scripted := s.opt.Scenario.Contractors[o.Contractor]
	behind, waits := done[o.State]
	if !scripted || !waits {
		return
	}
	steps := behaviour.Steps(true)
	if behind >= len(steps) || behind > 0 && behaviour.Decline != nil {
		return
	}
	begun := s.clock.Now()
	if behind > 0 {
		begun = begun.Add(-steps[behind-1].After)
	}
	for _, step := range steps[behind:] {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(s.clock.Real(begun.Add(step.After)).Time())):
		}
		if err := s.step(ctx, o, step); err != nil && ctx.Err() == nil {
			s.tell(s.clock.Now(), "office", string(step.Do)+" on "+string(o.ID)+": "+err.Error())
			return
		}
	}
}

// step is one of them.
func (s *site) step(ctx context.Context, o plantroom.WorkOrder, step scenario.Step) error {
	if step.Repair {
		if err := s.player.Repair(o.Asset); err != nil {
			return err
		}
	}
	if err := s.server.press(ctx, o.ID, step.Do, string(o.Contractor), scenario.Note(step.Do)); err != nil {
		return err
	}
	s.tell(s.clock.Now(), "office", string(step.Do)+" on "+string(o.ID)+", "+string(o.Asset)+", for "+string(o.Contractor))
	return nil
}
