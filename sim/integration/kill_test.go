package integration

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/sim/stack"
)

// busy is a morning on which much goes wrong; at forty times the speed it is
// over in half a minute. The water needs nine minutes to the floor below, and
// the office is not there to stop it before.
const busy = `residents: true
contractors:
  quicklift: {acknowledge: 1m30s, arrive: 4m, fix: 5m}
  office: {acknowledge: 1m30s, arrive: 4m, fix: 20m}
do:
  - {at: 2m, fault: {lift: b1-l1, cause: door_close_fault}}
  - {at: 3m, leak: {zone: b2-14c, floors: 2}}
  - {at: 5m, trap: {lift: b3-l2}}
  - {at: 8m, free: {lift: b3-l2}}
  - {at: 11m, fault: {lift: b4-l1, cause: position_lost}}
  - {at: 14m, fault: {lift: b2-l1, cause: drive_motor_fault}}
  - {at: 16m, trap: {lift: b1-l2}}
  - {at: 18m, free: {lift: b1-l2}}
`

// troubles is what the story has to come to, each once.
var troubles = map[plantroom.AssetID]plantroom.RuleID{
	"b1-l1": "lift.fault", "b2-14c-wc": "leak.wet", "b2-13c-wc": "leak.wet", "b3-l2": "lift.entrapment",
	"b4-l1": "lift.fault", "b2-l1": "lift.fault", "b1-l2": "lift.entrapment",
}

// eachTroubleOnce checks that no replay has made a second episode of one
// event, and that no kill has swallowed one.
func eachTroubleOnce(h *house) {
	h.t.Helper()
	for asset, rule := range troubles {
		h.incident(rule, asset)
	}
	all, err := h.Incidents(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	n := map[plantroom.AssetID]int{}
	for _, in := range all {
		if troubles[in.Asset] == in.Rule {
			n[in.Asset]++
		}
	}
	for asset, rule := range troubles {
		if n[asset] != 1 {
			h.t.Errorf("%s on %s happened once and is %d incidents", rule, asset, n[asset])
		}
	}
}

// Each part dies, several times and at any moment, and the estate does not
// wait for it. The broker of the devices is one of the parts: what it had and
// had not yet handed over may go down with it, because no gateway has accepted
// it; everything else has to arrive.
func TestKilledInTurnsNothingAcceptedIsLostAndNothingHappensTwice(t *testing.T) {
	h := open(t, plan{apart: true, speed: 40, story: busy})
	turns := []struct {
		name  string
		parts []*stack.Process
	}{
		{"a gateway", []*stack.Process{h.Gateways["gw-b1"]}},
		{"the server", []*stack.Process{h.Server}},
		{"the uplink's broker", []*stack.Process{h.uplink.Process}},
		{"influxd", []*stack.Process{h.influxd}},
		{"server and influxd", []*stack.Process{h.influxd, h.Server}},
		{"broker and gateway", []*stack.Process{h.uplink.Process, h.Gateways["gw-b3"]}},
	}
	rounds := 2
	if testing.Short() {
		rounds, turns = 1, turns[:4]
	}
	for round := range rounds {
		for _, turn := range turns {
			h.hears(60)
			h.tell(h.clock.Now(), "the test", "kills "+turn.name)
			for _, p := range turn.parts {
				p.Kill()
			}
			h.hears(60)
			h.back(turn.parts...)
		}
		if round == 0 {
			h.killField(false)
		}
	}
	eachTroubleOnce(h)
	h.audit(0)
}

// Whatever a broker forgets, the gateways still have.
func TestABrokerThatIsWipedCostsNothingThatAGatewayHas(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run kills brokers, but does not wipe them")
	}
	h := open(t, plan{apart: true, speed: 40, story: busy})
	for range 3 {
		h.uplink.saved(t, h.states())
		h.hears(60)
		h.uplink.Kill()
		h.uplink.wipe(t)
		h.hears(60)
		h.back(h.uplink.Process)
	}
	h.killField(true)
	h.hears(60)
	eachTroubleOnce(h)
	h.audit(0)
}

// killField kills the broker of the devices, in the midst of their messages.
// What it had taken and no gateway had accepted by then is in doubt: at most
// what was sent after the mark, before which everything had arrived. Wiped, it
// forgets who listens to it, and the devices wait until the gateways have come
// back.
func (h *house) killField(wipe bool) {
	h.t.Helper()
	h.field.saved(h.t, h.sessions())
	mark := h.mark()
	h.hears(60)
	again := h.hush()
	h.t.Cleanup(again)
	h.field.Kill()
	if wipe {
		h.field.wipe(h.t)
	}
	h.drained()
	var have content
	within(h.t, soon, "InfluxDB answers", func(ctx context.Context) (err error) {
		have, err = stored(ctx, h.Stack)
		return err
	})
	h.t.Logf("%d of %d readings may have gone down with the broker of the devices", h.book.doubt(mark, have), h.book.count()-mark)
	if lost := h.book.missing(mark, have); len(lost) > 0 {
		h.t.Fatalf("%d readings are gone that were in InfluxDB before the broker of the devices died: %q", len(lost), lost[:min(len(lost), 5)])
	}
	h.back(h.field.Process)
	if wipe {
		h.listening()
	}
	again()
}

// mark waits until everything that had been sent at one moment is in InfluxDB,
// and returns how much that was. The estate goes on meanwhile. Of two such
// moments the second is close by: everybody is connected by then.
func (h *house) mark() (sent int) {
	h.t.Helper()
	for range 2 {
		h.listening()
		sent = h.book.count()
		within(h.t, reconnected, fmt.Sprintf("the first %d readings are in InfluxDB", sent), func(ctx context.Context) error {
			have, err := stored(ctx, h.Stack)
			lost := h.book.missing(sent, have)
			return errors.Join(err, unless(len(lost) == 0, "%d are missing: %q", len(lost), lost[:min(len(lost), 5)]))
		})
	}
	return sent
}

// states are the topics that the uplink's broker keeps while the gateways are
// connected to it.
func (h *house) states() []string {
	var topics []string
	for id := range h.Gateways {
		topics = append(topics, wire.Topic(h.Estate.ID, id, wire.StateLeaf))
	}
	return topics
}

// sessions are the client ids whose messages the devices' broker keeps.
func (h *house) sessions() []string {
	var ids []string
	for id := range h.Gateways {
		for _, source := range []string{"boxes", "zigbee", "lorawan"} {
			ids = append(ids, string(id)+"-"+source)
		}
	}
	return ids
}

// drained waits until the gateways' spools are empty: all that they have
// accepted is stored.
func (h *house) drained() {
	h.t.Helper()
	h.each("has drained its spool", func(g stack.Health) error {
		return unless(g.Spool.Records == 0, "%d records wait", g.Spool.Records)
	})
}

// listening waits until the gateways are connected to everything.
func (h *house) listening() {
	h.t.Helper()
	h.each("is connected", stack.Health.Err)
}

func (h *house) each(what string, check func(stack.Health) error) {
	h.t.Helper()
	for id := range h.Gateways {
		within(h.t, reconnected, fmt.Sprintf("%s %s", id, what), func(ctx context.Context) error {
			g, err := h.GatewayHealth(ctx, id)
			if err != nil {
				return err
			}
			return check(g)
		})
	}
}
