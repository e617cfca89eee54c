package evidence

import (
	"time"

	"plantroom"
)

// MaxClean is where the counting of clean cycles ends, so that a sound asset
// does not change its detector's state for ever. No rule or contract may ask
// for more.
const MaxClean = 100

// Episode is the part of a detector that all rules share: whether the
// condition holds, since when, and what has been seen since it went.
type Episode struct {
	Active   bool               `json:"active,omitempty"`
	Since    plantroom.Instant  `json:"since,omitzero"`
	At       plantroom.Instant  `json:"at,omitzero"`
	Cause    string             `json:"cause,omitempty"`
	Severity plantroom.Severity `json:"severity,omitempty"`
	Detail   string             `json:"detail,omitempty"`
	Released bool               `json:"released,omitempty"`
	Gone     plantroom.Instant  `json:"gone,omitzero"` // when the last episode ended; zero: there was none
	Clean    int                `json:"clean,omitempty"`

	dirty bool
}

// Begin opens an episode. Since is its onset and names it; at is the newest
// evidence. An episode that is open already stays as it is.
func (e *Episode) Begin(since, at plantroom.Instant, sev plantroom.Severity, cause, detail string) {
	if e.Active {
		return
	}
	*e = Episode{Active: true, Since: since, At: at, Severity: sev, Cause: cause, Detail: detail, dirty: true}
}

// Raise makes an open episode worse. It never makes one milder: the severity
// of an episode is the worst that it has seen. Evidence that is older than an
// onset which time alone has brought counts as of that.
func (e *Episode) Raise(at plantroom.Instant, sev plantroom.Severity, cause, detail string) {
	if !e.Active || sev <= e.Severity {
		return
	}
	e.At, e.Severity, e.Cause, e.Detail, e.dirty = max(at, e.Since), sev, cause, detail, true
}

// Release notes whether people are still held in an open episode.
func (e *Episode) Release(at plantroom.Instant, released bool) {
	if !e.Active || e.Released == released {
		return
	}
	e.At, e.Released, e.dirty = max(at, e.Since), released, true
}

// End closes the episode: from now on clean cycles count.
func (e *Episode) End(at plantroom.Instant) {
	if !e.Active {
		return
	}
	*e = Episode{Gone: at, At: at, Released: e.Released, dirty: true}
}

// Proving reports whether an episode has ended and clean cycles still count.
func (e *Episode) Proving() bool {
	return !e.Active && !e.Gone.IsZero() && e.Clean < MaxClean
}

// AddClean counts clean cycles seen at a time.
func (e *Episode) AddClean(n int, at plantroom.Instant) {
	if n <= 0 || !e.Proving() {
		return
	}
	e.Clean, e.At, e.dirty = min(e.Clean+n, MaxClean), at, true
}

// CleanByTime counts one clean cycle per full period since from, for rules
// whose proof is that nothing happens. The cycles carry the time at which they
// were complete, however late they are counted.
func (e *Episode) CleanByTime(from, now plantroom.Instant, period time.Duration) {
	n := int(min(now.Sub(from)/period, MaxClean))
	e.AddClean(n-e.Clean, from.Add(time.Duration(n)*period))
}

// NextClean returns when CleanByTime will count the next cycle, zero where
// nothing is to be proved.
func (e *Episode) NextClean(from plantroom.Instant, period time.Duration) plantroom.Instant {
	if !e.Proving() {
		return 0
	}
	return from.Add(time.Duration(e.Clean+1) * period)
}

// Touch notes that the detector's own state has changed in a way that must
// survive a restart.
func (e *Episode) Touch() { e.dirty = true }

// Verdict gives the present opinion, and takes note that it was given.
func (e *Episode) Verdict(wake plantroom.Instant) plantroom.Verdict {
	v := plantroom.Verdict{
		Active: e.Active, Since: e.Since, At: e.At, Cause: e.Cause, Severity: e.Severity,
		Detail: e.Detail, Clean: e.Clean, Released: e.Released, Wake: wake, Dirty: e.dirty,
	}
	e.dirty = false
	return v
}
