package app

import (
	"context"
	"slices"
	"sync"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/gatewayconfig"
	"plantroom/services/httpapi/live"
)

// gatewayKey is the secret with which configurations are signed.
const gatewayKey = "gateway-config.pem"

// gateways sends gateways their files, and hears what becomes of them. It is
// the httpapi.Gateways of the server.
type gateways struct {
	server *Server
	key    *gatewayconfig.Key

	mu    sync.Mutex
	said  map[plantroom.GatewayID]wire.Answer
	words map[plantroom.GatewayID]int // since it was sent one; what it says itself of which one it means counts for nothing
}

// maxWords is how often the word on one configuration may change while a
// server runs. Three times is usual. The ledger is never cut, so a gateway that
// is broken into must not fill it.
const maxWords = 32

func newGateways(s *Server) (*gateways, error) {
	key, err := gatewayconfig.LoadOrCreateKey(s.secrets.path(gatewayKey))
	if err != nil {
		return nil, err
	}
	return &gateways{server: s, key: key, said: map[plantroom.GatewayID]wire.Answer{}, words: map[plantroom.GatewayID]int{}}, nil
}

// GatewayKey returns the public half of the key with which a server's data
// directory signs configurations, and makes the key where there is none.
func GatewayKey(data string) ([]byte, error) {
	dir := secrets{secretsIn(data)}
	if err := dir.make(); err != nil {
		return nil, err
	}
	k, err := gatewayconfig.LoadOrCreateKey(dir.path(gatewayKey))
	if err != nil {
		return nil, err
	}
	return k.Public()
}

// present is the estate as it is served now: that of the running spine, once
// there is one.
func (g *gateways) present() plantroom.Estate {
	if r := g.server.spine.Load(); r != nil {
		return r.estate
	}
	return g.server.cfg.Estate
}

// Says implements httpapi.Gateways.
func (g *gateways) Says(gw plantroom.GatewayID) (wire.Answer, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, ok := g.said[gw]
	return a, ok
}

// Configure implements httpapi.Gateways. What is kept is sent, now or as soon
// as there is a broker.
func (g *gateways) Configure(ctx context.Context, actor string, gw plantroom.GatewayID, files []wire.ConfigFile) (plantroom.Configuration, error) {
	s, e := g.server, g.present()
	var c plantroom.Configuration
	if !slices.ContainsFunc(e.Gateways, func(have plantroom.Gateway) bool { return have.ID == gw }) {
		return c, plantroom.Errorf(plantroom.CodeNotFound, "there is no gateway %q in estate %s", gw, e.ID)
	}
	said, _ := g.Says(gw)
	err := s.store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = g.key.Issue(tx, s.now(), gatewayconfig.Order{Estate: e.ID, Gateway: gw, Files: files, By: actor, Above: said.Highest})
		return err
	})
	if err != nil {
		return c, err
	}
	g.mu.Lock()
	delete(g.words, gw)
	g.mu.Unlock()
	s.hub.Publish(live.Gateway, string(gw), s.now())
	g.publish(c)
	return c, nil
}

func (g *gateways) publish(c plantroom.Configuration) {
	s := g.server
	if err := s.uplinks.retain(wire.Topic(s.cfg.Estate.ID, c.Gateway, wire.ConfigLeaf), c.Message); err != nil {
		s.log.Warn("configure a gateway: it is not sent yet", "gateway", c.Gateway, "serial", c.Serial, "error", err, "next", "it is sent by itself once the broker is there")
	}
}

// republish sends each gateway its newest configuration again. A gateway that
// has judged it already says so.
func (g *gateways) republish(ctx context.Context) {
	s := g.server
	var all []plantroom.Configuration
	err := s.store.View(ctx, func(tx plantroom.Tx) (err error) {
		all, err = tx.Configurations()
		return err
	})
	if err != nil {
		s.log.Error("configure gateways: what was sent before cannot be read", "error", err, "next", "it is tried again with the next connection to the broker")
		return
	}
	for _, c := range all {
		g.publish(c)
	}
}

// note remembers an answer, and reports whether it is to be kept.
func (g *gateways) note(a wire.Answer) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	was, known := g.said[a.Gateway]
	g.said[a.Gateway] = a
	another := !known || was != a // else it is told again, in case that it could not be kept
	if another {
		g.words[a.Gateway]++
	}
	n := g.words[a.Gateway]
	if another && n == maxWords+1 {
		g.server.log.Warn("configure gateways: a gateway changes its word too often; it is not kept any more", "gateway", a.Gateway, "serial", a.Serial, "next", "find out who speaks in its name; the next configuration starts anew")
	}
	return n <= maxWords
}

// hear takes what a gateway says.
func (g *gateways) hear(ctx context.Context, topic string, payload []byte) {
	s := g.server
	a, err := gatewayconfig.Hear(g.present(), topic, payload)
	if err != nil {
		s.log.Warn("configure gateways: an answer cannot be used", "topic", topic[:min(len(topic), 200)], "error", err, "next", "see which gateway says so")
		return
	}
	if !g.note(a) {
		return
	}
	var news bool
	err = s.store.Update(ctx, func(tx plantroom.Tx) (err error) {
		news, err = gatewayconfig.Answered(tx, s.now(), a)
		return err
	})
	switch {
	case err != nil:
		s.log.Error("configure gateways: what a gateway says cannot be kept", "gateway", a.Gateway, "error", err, "next", "it says it again with its next connection")
	case news:
		s.log.Info("configure gateways: a gateway has answered", "gateway", a.Gateway, "serial", a.Serial, "outcome", a.Outcome.String(), "detail", a.Detail)
		s.hub.Publish(live.Gateway, string(a.Gateway), s.now())
	}
}
