package clock

import (
	"time"

	"plantroom"
)

// ledger is what has to outlive the process: which records bear times of a
// clock that was not set, and what becomes of those times. It is pure.
type ledger struct {
	epoch uint64            // of the spool; numbers of another one mean nothing
	last  plantroom.Instant // the newest time of day that was known or guessed
	boot  BootID            // the boot in which the clock was last set
	zero  plantroom.Instant // the time of day at the start of that boot
	dark  BootID            // the boot that was last begun without a clock
	start plantroom.Instant // the guess at the time of day at the start of that one
	runs  []run             // ascending
}

// run is a run of the program that began while the clock was not set. No two
// have a record in common: what the program holds in memory ends with it.
type run struct {
	boot  BootID
	from  uint64            // first sequence number
	to    uint64            // last one; 0: it goes on
	guess plantroom.Instant // the time of day at the start of the boot, guessed: not before what was known, so most likely too early
	zero  plantroom.Instant // the same, known; zero: not yet
	// guessed is the last record that is sent with the guess. It is on disk
	// before that record is sent.
	guessed uint64
}

// maxRuns bounds the file. Beyond, the two oldest runs become one.
const maxRuns = 48

// earliest is what a guess is never before: the services take no earlier time.
const earliest = plantroom.Instant(1_577_836_800_000_000_000) // 2020-01-01T00:00:00Z

// reserve is how many more records than needed are noted as guessed at once,
// so that a gateway whose clock is never set does not write the ledger for
// each batch. They may get a guess although the clock has been set meanwhile.
const reserve = 100

// adopt makes the ledger that of a spool. Where the ledger could not be read
// (known is false), the spool's records may bear any time.
func (l *ledger) adopt(epoch, base, next uint64, m Moment, known bool) {
	if l.epoch != epoch {
		l.epoch, l.runs = epoch, nil
	}
	if !known && base < next {
		l.runs = []run{{from: base, to: next - 1, guess: l.guess(m)}}
	}
	for i := range l.runs {
		if l.runs[i].to == 0 {
			l.runs[i].to = next - 1
		}
	}
	l.trim(base)
}

// trim forgets runs whose records have left the spool, or that have none.
func (l *ledger) trim(base uint64) {
	kept := l.runs[:0]
	for _, r := range l.runs {
		if r.to == 0 || r.to >= max(base, r.from) {
			kept = append(kept, r)
		}
	}
	l.runs = kept
}

// begin notes a run of the program whose clock is not set. All runs of a boot
// have one guess, so that times of a boot keep their order and their distances.
func (l *ledger) begin(next uint64, m Moment) {
	if l.dark != m.ID || l.start.IsZero() {
		l.dark, l.start = m.ID, l.guess(m)
	}
	l.runs = append(l.runs, run{boot: m.ID, from: next, guess: l.start})
	if len(l.runs) > maxRuns {
		first, second := l.runs[0], &l.runs[1]
		second.from, second.boot, second.zero = first.from, BootID{}, 0
		second.guessed = max(second.guessed, first.guessed)
		l.runs = l.runs[1:]
	}
}

// guess is the time of day at the start of a boot, as far as anybody can say:
// what the system's clock makes of it (fake-hwclock and systemd put it forward
// to the last shutdown), and not before what was known then.
func (l *ledger) guess(m Moment) plantroom.Instant { return max(m.zero(), l.last, earliest) }

// set notes that the clock is set, and reports whether that is news.
func (l *ledger) set(m Moment) bool {
	news := l.boot != m.ID || l.zero.IsZero()
	l.boot, l.zero = m.ID, m.zero()
	for i := range l.runs {
		if r := &l.runs[i]; r.boot == m.ID && r.zero.IsZero() {
			r.zero, news = l.zero, true
		}
	}
	return news
}

// isSet reports whether the clock has been set in a boot.
func (l *ledger) isSet(boot BootID) bool { return l.boot == boot && !l.zero.IsZero() }

// now is the time of day, or the best guess at it.
func (l *ledger) now(m Moment) plantroom.Instant {
	switch {
	case l.isSet(m.ID):
		return l.zero.Add(m.Boot)
	case l.dark == m.ID:
		return l.start.Add(m.Boot)
	}
	return l.guess(m).Add(m.Boot)
}

// find returns the run of a record; nil: its time is a time of day.
func (l *ledger) find(seq uint64) *run {
	for i := len(l.runs) - 1; i >= 0; i-- {
		if r := &l.runs[i]; seq >= r.from {
			if r.to == 0 || seq <= r.to {
				return r
			}
			return nil
		}
	}
	return nil
}

// fate is what becomes of a time of a clock that was not set.
type fate int

const (
	exact     fate = iota // the time of day is known
	guessed               // it is guessed, and that is noted
	guessNow              // it has to be guessed, and that is not noted yet
	undecided             // the clock may still be set
)

// fate decides about a record of the run.
func (r *run) fate(seq uint64, boot BootID) fate {
	switch {
	case seq <= r.guessed:
		return guessed
	case !r.zero.IsZero():
		return exact
	case r.boot == boot:
		return undecided
	}
	return guessNow
}

// note notes that a record of the run is sent with the guess.
func (r *run) note(seq uint64, boot BootID) {
	r.guessed = seq + reserve
	if r.to != 0 && r.boot != boot {
		r.guessed = r.to // its clock will not be set any more
	}
}

// place makes a time of day of a time of a clock that was not set.
func place(at, zero plantroom.Instant) plantroom.Instant {
	return zero.Add(time.Duration(at - plantroom.Unset))
}
