package remote

import (
	"fmt"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Offer takes a message that has come. One that is for this gateway, signed,
// new and without faults is put to work, on probation; of any other the answer
// says why not.
func (k *Keeper) Offer(site Site, message []byte) {
	w := Word{Sum: plantroom.Hash(wire.SumOfConfig(message)), Outcome: wire.Refused, At: now()}
	c, err := k.o.Keys.Open(message, k.o.Estate, k.o.Gateway)
	w.Serial = c.Serial
	book := k.Book()
	switch {
	case err != nil:
		k.pass(w, err)
	case w.Sum == book.Last.Sum: // it is retained, and comes with each connection
		k.enter(book)
	case c.Serial <= book.Highest:
		k.pass(w, plantroom.Errorf(plantroom.CodeConflict, "its serial %d is not above %d, the highest that was judged here: it is an old one that somebody sends again, or the server was set back; send it with a new serial", c.Serial, book.Highest))
	default:
		k.judge(site, &c, w, message)
	}
}

// pass answers for what changes nothing here: it is not noted, so that nobody
// without the key can make this gateway write.
func (k *Keeper) pass(w Word, err error) {
	w.Detail = err.Error()
	k.mu.Lock()
	again := k.passing != nil && k.passing.Detail == w.Detail
	k.passing = &w
	k.mu.Unlock()
	if !again { // one line, however often it comes
		k.log.Error("a configuration is refused", "serial", w.Serial, "error", err)
	}
	k.tell()
}

func (k *Keeper) judge(site Site, c *wire.Config, w Word, message []byte) {
	swap, err := site.Prepare(c)
	if err != nil {
		k.log.Error("a configuration is refused", "serial", w.Serial, "error", err)
		w.Detail = err.Error()
		b := k.Book().judged(w)
		_ = k.save(b) // Look tries again; meanwhile it would be judged again, with the same outcome
		k.enter(b)
		return
	}
	b := k.Book().try(w)
	if err = k.disk.write(configName(c.Serial), message); err == nil {
		err = k.disk.save(b)
	}
	if err != nil {
		// The book may be written after all: then Look, which writes the
		// one that we have, has to say that we stay with it.
		k.mu.Lock()
		k.unsaved = true
		k.mu.Unlock()
		k.pass(w, fmt.Errorf("it cannot be written down, and is not put to work without that; it is judged again at the next connection: %w", err))
		return
	}
	k.enter(b)
	k.log.Warn("a configuration of the services is put to work, on probation", "serial", c.Serial, "issued", c.Issued, "probation", k.o.Probation)
	k.watch(site, swap)
	k.tidy()
}

// Look does what has come due: a probation ends, or what could not be written
// is written. It is to be called every second or so.
func (k *Keeper) Look(site Site) {
	b := k.Book()
	if b.Probation == 0 {
		if k.stale() && k.save(b) == nil {
			k.tidy()
		}
		return
	}
	connected, acks := site.Uplink()
	if acks < k.acks { // another uplink counts
		k.acks = 0
	}
	switch ran := time.Since(k.began); {
	case k.passed || connected && acks > k.acks:
		k.passed = true
		if b = b.prove(now()); k.save(b) == nil {
			k.enter(b)
			k.log.Info("the configuration of the services is proven", "serial", b.Proven, "after", ran.Round(time.Second))
			k.tidy()
		}
	case ran >= k.o.Probation:
		why := "the services have not acknowledged anything within " + plantroom.Duration(k.o.Probation).String()
		if !connected {
			why = "the uplink was not connected within " + plantroom.Duration(k.o.Probation).String()
		}
		k.back(b.Probation, why)
		k.retreat(site)
	}
}

// retreat puts to work what is left: the proven configuration, or the
// gateway's own file. Where not even that can be prepared, what runs goes on.
func (k *Keeper) retreat(site Site) {
	n := k.Book().Proven
	swap, err := k.ready(site, n)
	if err != nil && n != 0 {
		k.log.Error("the configuration of the services before it cannot be used any more; the gateway's own file is", "serial", n, "error", err)
		k.giveUp("")
		swap, err = k.ready(site, 0)
	}
	if err != nil {
		k.log.Error("nothing can be put back: the gateway goes on as it is until its own file is corrected and it is restarted", "error", err)
		return
	}
	swap()
	k.tidy()
}

// Reload puts what runs to work again, after the gateway's own file has
// changed; or that file itself, where somebody has asked for it on site.
func (k *Keeper) Reload(site Site) error {
	wanted := k.disk.ownWanted()
	n := k.Book().Running()
	if wanted {
		n = 0
	}
	swap, err := k.ready(site, n)
	if err != nil {
		return err
	}
	if wanted {
		k.forget()
	}
	swap()
	return nil
}
