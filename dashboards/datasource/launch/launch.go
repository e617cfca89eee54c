// Package launch starts the plugin's built program and speaks to it as Grafana
// does: its handshake, then gRPC. What stands in for Grafana, what measures and
// what tests the program share it; the plugin itself has no use for it.
package launch

import (
	"fmt"
	"io"
	"os/exec"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// Program is the plugin's program while it runs.
type Program struct {
	Data      grpcplugin.DataClient
	Health    grpcplugin.DiagnosticsClient
	Resources grpcplugin.ResourceClient
	Stream    grpcplugin.StreamClient

	PID  int
	Kill func()
}

// Start starts the program at a path. What it logs goes to logs.
func Start(path string, logs io.Writer) (*Program, error) {
	cmd := exec.Command(path)
	client := goplugin.NewClient(&goplugin.ClientConfig{
		Cmd:              cmd,
		HandshakeConfig:  goplugin.HandshakeConfig{ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data": &grpcplugin.DataGRPCPlugin{}, "diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource": &grpcplugin.ResourceGRPCPlugin{}, "stream": &grpcplugin.StreamGRPCPlugin{}}},
		Logger: hclog.NewNullLogger(), Stderr: logs, SkipHostEnv: true,
	})
	p := &Program{Kill: client.Kill}
	if err := p.dispense(client); err != nil {
		client.Kill()
		return nil, fmt.Errorf("start the plugin %s: %w", path, err)
	}
	p.PID = cmd.Process.Pid
	return p, nil
}

func (p *Program) dispense(client *goplugin.Client) error {
	rpc, err := client.Client()
	if err != nil {
		return err
	}
	for name, take := range map[string]func(any) bool{
		"data":        func(v any) (ok bool) { p.Data, ok = v.(grpcplugin.DataClient); return ok },
		"diagnostics": func(v any) (ok bool) { p.Health, ok = v.(grpcplugin.DiagnosticsClient); return ok },
		"resource":    func(v any) (ok bool) { p.Resources, ok = v.(grpcplugin.ResourceClient); return ok },
		"stream":      func(v any) (ok bool) { p.Stream, ok = v.(grpcplugin.StreamClient); return ok },
	} {
		v, err := rpc.Dispense(name)
		if err != nil {
			return err
		}
		if !take(v) {
			return fmt.Errorf("its part %q is a %T", name, v)
		}
	}
	return nil
}
