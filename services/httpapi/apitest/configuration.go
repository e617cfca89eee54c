package apitest

import (
	"context"
	"slices"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/gatewayconfig"
)

// Configure signs and keeps a configuration, and sends it nowhere. It is part
// of httpapi.Gateways.
func (h *House) Configure(ctx context.Context, actor string, gw plantroom.GatewayID, files []wire.ConfigFile) (c plantroom.Configuration, err error) {
	if !slices.ContainsFunc(h.estate.Gateways, func(g plantroom.Gateway) bool { return g.ID == gw }) {
		return c, plantroom.Errorf(plantroom.CodeNotFound, "there is no gateway %q", gw)
	}
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = h.Sign.Issue(tx, h.Now(), gatewayconfig.Order{Estate: h.estate.ID, Gateway: gw, Files: files, By: actor})
		return err
	})
	return c, err
}

// Says tells of gateway gw-b1 only, which runs its own file.
func (h *House) Says(gw plantroom.GatewayID) (wire.Answer, bool) {
	return wire.Answer{Gateway: gw}, gw == "gw-b1"
}

// Configured sends a gateway a file, on which it has answered.
func (h *House) Configured(gw plantroom.GatewayID, outcome, detail string) {
	h.t.Helper()
	c, err := h.Configure(context.Background(), "person:operator", gw, []wire.ConfigFile{{Name: "gateway.yaml"}})
	if err != nil {
		h.t.Fatal(err)
	}
	c.Outcome, c.Detail, c.Answered = outcome, detail, h.Now()
	h.update(func(tx plantroom.Tx) error { return tx.AnswerConfiguration(c) })
}
