package site

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"plantroom"
	"plantroom/gateway/app"
	"plantroom/gateway/app/config"
	"plantroom/sim/estates"
)

// fieldPassword is the file with a gateway's password at the broker of its devices.
func (s *site) fieldPassword(g plantroom.GatewayID) string {
	return filepath.Join(s.opt.Dir, "devices-"+string(g))
}

// startGateways runs a gateway for each of the estate, and waits until all have
// started. The spools are those of the last time.
func (s *site) startGateways(ctx context.Context) (n int, stop func(), err error) {
	own, end := context.WithCancel(context.WithoutCancel(ctx)) // they outlive the devices
	var all sync.WaitGroup
	stop = func() { end(); all.Wait() }
	started := make(chan error, len(s.opt.Estate.Gateways))
	for i, g := range s.opt.Estate.Gateways {
		cfg, err := s.gateway(g.ID, i)
		if err != nil {
			stop()
			return 0, nil, err
		}
		all.Go(func() {
			err := app.Run(own, cfg, app.Options{Version: "sim", Logger: s.opt.Logger.With("gateway", g.ID), Ready: func(string) { started <- nil }})
			if own.Err() != nil {
				return
			}
			err = fmt.Errorf("gateway %s has ended: %w", g.ID, err)
			s.broken <- err
			started <- err
		})
	}
	for range s.opt.Estate.Gateways {
		if err := <-started; err != nil {
			stop()
			return 0, nil, err
		}
	}
	return len(s.opt.Estate.Gateways), stop, nil
}

// gateway writes the file of the i-th gateway, and reads it as a gateway does.
func (s *site) gateway(id plantroom.GatewayID, i int) (config.Config, error) {
	g := estates.Gateway{ID: id, Broker: s.opt.Broker, Username: string(id), PasswordFile: s.opt.Password(string(id)),
		SiteBroker: s.field.URL(), SiteUsername: string(id), SitePassword: s.fieldPassword(id), Spool: filepath.Join(s.opt.Dir, "spool-"+string(id))}
	if g.PasswordFile == "" {
		g.Username = ""
	}
	if s.opt.Health > 0 {
		g.Health = fmt.Sprintf("127.0.0.1:%d", s.opt.Health+i)
	}
	src, err := estates.GatewayFile(s.opt.Estate, g)
	if err != nil {
		return config.Config{}, err
	}
	file := filepath.Join(s.opt.Dir, string(id)+".yaml")
	if err := os.WriteFile(file, src, 0o600); err != nil {
		return config.Config{}, err
	}
	return config.Load(file)
}

// newSecret makes a random password, and puts it into a file that only we can read.
func newSecret(path, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	text := rand.Text()
	return text, os.WriteFile(path, []byte(text+"\n"), 0o600)
}
