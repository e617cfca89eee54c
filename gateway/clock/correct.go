package clock

import (
	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Correct gives the records from a sequence number on, which are about to be
// sent, times of day where they have none, and returns how many of them may be
// sent: those behind wait for the clock. It changes the list; the records that
// it lists are not touched.
//
// A record that is given twice, also after a restart, gets the same time: a
// guess is on disk before Correct returns, and so is the time at which the
// clock was set. An error (CodeUnavailable) says that it could not be put there.
func (c *Clock) Correct(first uint64, records [][]byte) (int, error) {
	n, decided := c.correctAll(first, records)
	if decided {
		if err := c.save(); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// correctAll corrects records up to the first that waits, and reports whether
// what it has decided by is not on disk yet.
func (c *Clock) correctAll(first uint64, records [][]byte) (n int, undurable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ledger.runs) == 0 || first+uint64(len(records)) <= c.ledger.runs[0].from {
		return len(records), false
	}
	m := c.o.Kernel()
	var guesses, corrected uint64
	n = len(records)
	for i := range records {
		f := c.correct(first+uint64(i), &records[i], m)
		switch f {
		case exact:
			corrected++
		case guessed:
			guesses++
		}
		if f == undecided {
			n = i
			break
		}
	}
	c.stats.Corrected += corrected
	c.stats.Estimated += guesses
	return n, guesses+corrected > 0 && c.changes != c.written
}

// untouched is the fate of a record that has a time of day already.
const untouched fate = -1

// correct corrects one record.
func (c *Clock) correct(seq uint64, record *[]byte, m Moment) fate {
	r := c.ledger.find(seq)
	if r == nil {
		return untouched
	}
	rec, err := c.decoder.Record(*record)
	if err != nil {
		return untouched // the services show it
	}
	at := timeOf(&rec)
	if at == nil || !at.IsUnset() {
		return untouched // a device's own
	}
	f := r.fate(seq, m.ID)
	if f == undecided && c.waits(m) {
		return undecided
	}
	if f == exact {
		*at = place(*at, r.zero)
	} else {
		if f != guessed {
			r.note(seq, m.ID)
			f = guessed
			c.changes++
		}
		*at = place(*at, r.guess)
		estimate(&rec)
	}
	if b, err := wire.AppendRecord(nil, rec); err == nil { // it was one before
		*record = b
	}
	return f
}

// Connected says that records could be sent from now on. Those without a time
// of day wait for the clock until Options.Wait after the first such word, or
// after the first Correct, in a run of the program.
func (c *Clock) Connected() {
	m := c.o.Kernel()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits(m)
}

// waits reports whether records still wait for the clock.
func (c *Clock) waits(m Moment) bool {
	if c.until == 0 {
		c.until = m.Boot + max(c.o.Wait, 0)
	}
	return m.Boot < c.until
}

// timeOf is where a record has its time; nil: it has none that is corrected.
func timeOf(r *plantroom.Record) *plantroom.Instant {
	switch {
	case r.Gap != nil:
		return nil
	case r.Reject != nil:
		return &r.Reject.Received
	}
	return &r.Reading.At
}

// estimate marks a reading whose time was guessed.
func estimate(r *plantroom.Record) {
	if r.Reject == nil && r.Reading.Quality == plantroom.Good {
		r.Reading.Quality = plantroom.EstimatedTime
	}
}
