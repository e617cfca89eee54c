package integration

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/mqttconn"
	"plantroom/services/history"
)

// howGatewaysAre is what boards ask of gateways.
func (h *house) howGatewaysAre(ctx context.Context) (map[plantroom.GatewayID]history.GatewayItem, error) {
	token, err := os.ReadFile(h.ViewerTokenFile())
	if err != nil {
		return nil, err
	}
	text, err := get(ctx, h.URL()+"/api/v1/history/gateways", strings.TrimSpace(string(token)))
	if err != nil {
		return nil, err
	}
	var got struct{ Items []history.GatewayItem }
	err = json.Unmarshal([]byte(text), &got)
	all := map[plantroom.GatewayID]history.GatewayItem{}
	for _, g := range got.Items {
		all[g.Gateway] = g
	}
	return all, err
}

// Gateways as they are built say how full their spools are, and one that is gone
// is silent, with what it said last.
func (h *house) gatewaysTell(t *testing.T) {
	within(t, soon, "every gateway has told", func(ctx context.Context) error {
		all, err := h.howGatewaysAre(ctx)
		for _, g := range h.Estate.Gateways {
			i := all[g.ID]
			err = errors.Join(err, unless(i.Version != "" && i.Clock != "" && !i.Heard.IsZero() && !i.Silent && i.Backlog != nil && i.Used != nil && *i.Limit > *i.Used && i.Share != nil,
				"%s: %+v", g.ID, i))
		}
		return err
	})
	const gone = "gw-b4"
	h.Gateways[gone].Stop()
	c, err := mqttconn.Connect(t.Context(), mqttconn.Options{URL: "tcp://" + h.Broker(), ClientID: gone + "-last", Username: gone, PasswordFile: h.Path("data/secrets/mqtt-" + gone)}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	state, err := wire.AppendState(nil, wire.State{Gateway: gone, Version: "1.4.0", Epoch: 1, Base: 1, Next: 41})
	if err != nil {
		t.Fatal(err)
	}
	for leaf, payload := range map[wire.Leaf][]byte{wire.StateLeaf: state, wire.Up: []byte("not a batch")} {
		if err := c.SendAndWait(t.Context(), wire.Topic(h.Estate.ID, gone, leaf), false, payload); err != nil {
			t.Fatal(err)
		}
	}
	within(t, soon, gone+" is silent", func(ctx context.Context) error {
		all, err := h.howGatewaysAre(ctx)
		i := all[gone]
		return errors.Join(err, unless(i.Silent && !i.Since.IsZero() && i.Backlog != nil && *i.Backlog == 40 && i.Share != nil && i.QuarantinedNow > 0, "%+v", i))
	})
}
