package main

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

// process is the plugin's program, started and spoken to as Grafana does.
type process struct {
	data   grpcplugin.DataClient
	health grpcplugin.DiagnosticsClient
	calls  grpcplugin.ResourceClient
	stream grpcplugin.StreamClient

	kill func()
}

// start starts the program. What it logs goes to our standard error.
func start(program string) (*process, error) {
	client := goplugin.NewClient(&goplugin.ClientConfig{
		Cmd:              exec.Command(program),
		HandshakeConfig:  goplugin.HandshakeConfig{ProtocolVersion: grpcplugin.ProtocolVersion, MagicCookieKey: grpcplugin.MagicCookieKey, MagicCookieValue: grpcplugin.MagicCookieValue},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data": &grpcplugin.DataGRPCPlugin{}, "diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource": &grpcplugin.ResourceGRPCPlugin{}, "stream": &grpcplugin.StreamGRPCPlugin{}}},
		Logger: hclog.NewNullLogger(), Stderr: os.Stderr, SkipHostEnv: true,
	})
	p := &process{kill: client.Kill}
	if err := p.dispense(client); err != nil {
		client.Kill()
		return nil, err
	}
	return p, nil
}

func (p *process) dispense(client *goplugin.Client) error {
	rpc, err := client.Client()
	if err != nil {
		return err
	}
	for name, take := range map[string]func(any) bool{
		"data":        func(v any) (ok bool) { p.data, ok = v.(grpcplugin.DataClient); return ok },
		"diagnostics": func(v any) (ok bool) { p.health, ok = v.(grpcplugin.DiagnosticsClient); return ok },
		"resource":    func(v any) (ok bool) { p.calls, ok = v.(grpcplugin.ResourceClient); return ok },
		"stream":      func(v any) (ok bool) { p.stream, ok = v.(grpcplugin.StreamClient); return ok },
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
