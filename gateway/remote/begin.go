package remote

import (
	"fmt"
	"time"
)

// Begin puts to work what is to run at a start: the configuration on
// probation, else the proven one, else the gateway's own file. The error is
// that of the own file: then nothing can run.
func (k *Keeper) Begin(site Site) error {
	if k.disk.ownWanted() {
		k.forget()
	}
	if n := k.Book().Probation; n != 0 && k.continueProbation(site, n) {
		return nil
	}
	if n := k.Book().Proven; n != 0 {
		swap, err := k.ready(site, n)
		if err == nil {
			swap()
			k.log.Info("the configuration of the services is at work", "serial", n)
			return nil
		}
		k.log.Error("the configuration of the services cannot be used any more; the gateway's own file is", "serial", n, "error", err)
		k.giveUp(fmt.Sprintf("at a start it could not be used any more: %v", err))
	}
	swap, err := site.Prepare(nil)
	if err != nil {
		return err
	}
	swap()
	k.tidy()
	return nil
}

// continueProbation starts once more with a configuration on probation, and
// reports false where it went back instead. A start is counted before it is
// made, so that one which ends the gateway counts.
func (k *Keeper) continueProbation(site Site, n uint64) bool {
	b := k.Book()
	if b.Starts++; b.Starts > MaxStarts {
		k.back(n, fmt.Sprintf("the gateway was started %d times with it, and each time it ended before the services had acknowledged anything", MaxStarts))
		return false
	}
	if k.save(b) != nil { // a start that is not counted could be the first of endlessly many
		k.back(n, "the gateway was started, and that could not be written down")
		return false
	}
	k.enter(b)
	swap, err := k.ready(site, n)
	if err != nil {
		k.back(n, fmt.Sprintf("at a start it could not be used: %v", err))
		return false
	}
	k.log.Warn("a configuration of the services is at work on probation", "serial", n, "start", b.Starts, "probation", k.o.Probation)
	k.watch(site, swap)
	return true
}

// back notes that a configuration on probation is given up. What runs is the
// caller's to change.
func (k *Keeper) back(n uint64, why string) {
	k.log.Error("a configuration of the services is taken back", "serial", n, "reason", why)
	b := k.Book().revert(why, now())
	_ = k.save(b) // Look tries again, and each start until then goes back, too
	k.enter(b)
}

// giveUp notes that the gateway's own file counts from now on.
func (k *Keeper) giveUp(why string) {
	b := k.Book().own(why, now())
	_ = k.save(b) // as above
	k.enter(b)
}

// forget does what somebody on site has asked for.
func (k *Keeper) forget() {
	if n := k.Book().Running(); n != 0 {
		k.log.Info("the gateway's own file is at work again, as somebody has asked on site", "instead_of", n)
		k.giveUp("somebody has put the gateway's own file back, on site")
	}
	if k.stale() { // the wish has to outlive the book that it changes
		return
	}
	if err := k.disk.fs.Remove(k.disk.path(ownName)); err != nil {
		k.complain("the wish for the gateway's own file cannot be removed", err)
	}
}

// watch puts a configuration to work, and begins to time its probation.
func (k *Keeper) watch(site Site, swap func()) {
	swap()
	_, k.acks = site.Uplink()
	k.began, k.passed = time.Now(), false
}

func (k *Keeper) tidy() {
	if k.stale() { // the book on disk may need what this one does not
		return
	}
	if err := k.disk.tidy(k.Book()); err != nil {
		k.log.Warn("old configurations stay on disk", "dir", k.o.Dir, "error", err)
	}
}
