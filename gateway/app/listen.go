package app

import (
	"plantroom/gateway/app/config"
	"plantroom/gateway/binding"
	"plantroom/gateway/broker"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
)

// listen is the gateway's own broker with what its devices speak. They are one
// part: were a source exchanged alone, the broker would acknowledge messages in
// between that nobody hears.
type listen struct {
	broker *broker.Broker
	heard  []heard
}

// heard is one source of the broker.
type heard struct {
	name   string
	source *source.Local
	intake *intake.Intake
	binder *binding.Binder
}

func (a *App) listen(c *config.Listen) (*part, error) {
	p, err := a.newPart("listen", c, nil)
	if err != nil {
		return nil, err
	}
	p.listen = &listen{}
	o := broker.Options{Addresses: c.Addresses, TLS: c.TLS, Accounts: c.Accounts, Clock: a.clock.At, Wall: a.clock.Wall, Backoff: a.o.Backoff, Logger: a.log}
	for i := range c.Sources {
		s := c.Sources[i].Source()
		f, err := a.family(s)
		if err != nil {
			return nil, err
		}
		h := heard{name: "listen/" + s.Name, intake: intake.New(a.gate("listen/"+s.Name), f.binder), binder: f.binder}
		h.source = source.NewLocal(source.LocalOptions{Name: s.Name, Topics: f.topics, Decoder: f.decoder, Intake: a.tap(p, h.intake, a.hear), Clock: a.clock.At, Logger: a.log})
		p.listen.heard = append(p.listen.heard, h)
		o.Sources = append(o.Sources, h.source)
	}
	if p.listen.broker, err = broker.New(o); err != nil {
		return nil, err
	}
	p.run = p.listen.broker.Run
	return p, nil
}

// follow goes on from the sources of the same names that these replace.
func (l *listen) follow(was *listen) {
	for _, h := range l.heard {
		for _, w := range was.heard {
			if h.name == w.name {
				h.binder.Continue(w.binder)
			}
		}
	}
}
