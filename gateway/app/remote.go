package app

import (
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app/config"
	"plantroom/gateway/remote"
	"plantroom/gateway/uplink"
)

// lookEvery is how often a probation is looked at.
const lookEvery = time.Second

// openRemote makes the keeper of configurations, where the file wants one.
func (a *App) openRemote() (err error) {
	r := a.own.Remote
	if r == nil {
		return nil
	}
	a.sent = make(chan []byte, 1)
	a.remote, err = remote.Open(remote.Options{Dir: r.Dir, Estate: a.own.Estate, Gateway: a.own.Gateway, Keys: r.Public,
		Probation: time.Duration(r.Probation), Logger: a.log})
	return err
}

// looks ticks when the keeper is to look; never without one.
func (a *App) looks() (<-chan time.Time, func()) {
	if a.remote == nil {
		return nil, func() {}
	}
	t := time.NewTicker(lookEvery)
	return t.C, t.Stop
}

// begin starts the parts of the gateway's own file, or of the configuration
// that the services have sent.
func (a *App) begin() error {
	if a.remote != nil {
		return a.remote.Begin(a)
	}
	return a.follow(a.own)
}

// follow puts the gateway's own file to work, or what the services have sent
// as it is read beside that file.
func (a *App) follow(own config.Config) (err error) {
	was := a.own
	a.own = own
	var swap func()
	if a.remote != nil {
		err = a.remote.Reload(a)
	} else if swap, err = a.Prepare(nil); err == nil {
		swap()
	}
	if err != nil {
		a.own = was
	}
	return err
}

// Prepare implements remote.Site. Everything that can fail comes first; then
// the parts that have changed are exchanged, and the others are not touched.
func (a *App) Prepare(c *wire.Config) (swap func(), err error) {
	cfg, serial := a.own, uint64(0)
	if c != nil {
		serial = c.Serial
		if cfg, err = a.own.Sent(c.Files, a.sandbox.Compile); err != nil {
			return nil, err
		}
	}
	fresh, err := a.build(cfg)
	if err != nil {
		return nil, err
	}
	return func() {
		a.moveBy(cfg) // before what brings readings to it
		stopped, started := exchange(a.parts, fresh)
		a.reflexes.reach(fresh)
		a.mu.Lock()
		a.parts, a.cfg = fresh, cfg
		a.mu.Unlock()
		a.log.Info("the file is at work", "parts_stopped", stopped, "parts_started", started, "configuration", serial)
	}, nil
}

// Uplink implements remote.Site.
func (a *App) Uplink() (connected bool, acks uint64) {
	st := uplinkStats(a.parts)
	return st.Connected, st.Acks
}

// errand is what the uplink carries beside readings.
func (a *App) errand() uplink.Errand {
	if a.remote == nil {
		return nil
	}
	return errand{a.remote, a.sent}
}

type errand struct {
	*remote.Keeper
	sent chan []byte
}

// Deliver implements uplink.Errand. Only the newest configuration counts.
func (e errand) Deliver(message []byte) {
	for {
		select {
		case e.sent <- message:
			return
		default:
		}
		select {
		case <-e.sent:
		default:
		}
	}
}

// RemoteHealth is which configuration is at work.
type RemoteHealth struct {
	Running   uint64            `json:"running"`             // 0: the gateway's own file
	Probation bool              `json:"probation,omitempty"` // of the one that runs
	Highest   uint64            `json:"highest"`             // serials up to here are refused
	Last      uint64            `json:"last,omitempty"`      // the newest that was judged
	Outcome   string            `json:"outcome"`             // unsent, pending, applied, refused, reverted
	Detail    string            `json:"detail,omitempty"`
	At        plantroom.Instant `json:"at,omitzero"`
	Problem   string            `json:"problem,omitempty"`
}

// remoteHealth is nil where no configurations are taken.
func remoteHealth(k *remote.Keeper, deaf string) *RemoteHealth {
	if k == nil {
		return nil
	}
	b := k.Book()
	h := &RemoteHealth{Running: b.Running(), Probation: b.Probation != 0, Highest: b.Highest,
		Last: b.Last.Serial, Outcome: b.Last.Outcome.String(), Detail: b.Last.Detail, At: b.Last.At, Problem: k.Trouble()}
	if h.Problem == "" && deaf != "" {
		h.Problem = "configurations cannot be heard: " + deaf
	}
	return h
}
