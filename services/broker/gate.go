package broker

import (
	"bytes"
	"context"
	"log/slog"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	rights "plantroom/internal/access"
)

// gate is the broker's hook that lets clients in and messages through.
type gate struct {
	mochi.HookBase
	access *access
	log    *slog.Logger
}

// ID names the hook.
func (g *gate) ID() string { return "plantroom-gate" }

// Provides says which of the broker's questions the gate answers.
func (g *gate) Provides(b byte) bool {
	return bytes.IndexByte([]byte{mochi.OnConnectAuthenticate, mochi.OnACLCheck}, b) >= 0
}

// OnConnectAuthenticate checks login and client id, and the last will too:
// the broker publishes it later without asking.
func (g *gate) OnConnectAuthenticate(cl *mochi.Client, pk packets.Packet) bool {
	username := string(pk.Connect.Username)
	reason := g.access.login(username, pk.Connect.Password, pk.Connect.ClientIdentifier)
	if reason == "" && pk.Connect.WillFlag && !g.access.mayPublish(username, pk.Connect.WillTopic) {
		reason = "its last will is on a topic that it may not publish on"
	}
	if reason == "" {
		return true
	}
	g.log.Warn("MQTT client turned away", "reason", reason, "user", rights.Clip(username), "client", rights.Clip(pk.Connect.ClientIdentifier), "from", cl.Net.Remote)
	return false
}

// OnACLCheck permits what the account names, and nothing else.
func (g *gate) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	username := string(cl.Properties.Username)
	if write && g.access.mayPublish(username, topic) || !write && g.access.maySubscribe(username, topic) {
		return true
	}
	g.log.Warn("MQTT client refused", "user", rights.Clip(username), "topic", rights.Clip(topic), "publish", write, "from", cl.Net.Remote)
	return false
}

// quiet turns down mochi's log: it warns of every client that goes.
type quiet struct{ slog.Handler }

// Enabled asks for the level at which Handle will log.
func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, l-(slog.LevelWarn-slog.LevelDebug))
}

// Handle logs a record two levels lower.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level -= slog.LevelWarn - slog.LevelDebug
	return q.Handler.Handle(ctx, r)
}

// WithAttrs keeps what comes of it quiet.
func (q quiet) WithAttrs(as []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(as)} }

// WithGroup keeps what comes of it quiet.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
