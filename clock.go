package plantroom

import "time"

// ClockKind is the promise that a clock times.
type ClockKind string

// The clocks. Release exists only where people are trapped.
const (
	Acknowledge ClockKind = "acknowledge" // a human has taken the order
	Attend      ClockKind = "attend"      // somebody is on site
	Release     ClockKind = "release"     // trapped people are out
	Restore     ClockKind = "restore"     // the asset works again, proved by its sensor
)

// ClockStart is the event from which a window runs.
type ClockStart string

// The starts. FromOccurred is source time and may lie long before the order.
const (
	FromOccurred     ClockStart = "occurred"
	FromRaised       ClockStart = "raised"
	FromDispatched   ClockStart = "dispatched"
	FromAcknowledged ClockStart = "acknowledged"
)

// ClockStop is the event that keeps a promise.
type ClockStop string

// The stops.
const (
	UntilAcknowledged ClockStop = "acknowledged" // a human has accepted the order
	UntilAttended     ClockStop = "attended"     // somebody has pressed "arrived"
	UntilReleased     ClockStop = "released"     // the sensor says that nobody is trapped any more
	UntilProved       ClockStop = "proved"       // the sensor has proved the repair
	UntilFixed        ClockStop = "fixed"        // the contractor has said so, and no sensor has contradicted it
)

// Stops returns the events that can keep a promise of this kind, the usual one
// first; none for a kind that does not exist.
func (k ClockKind) Stops() []ClockStop {
	switch k {
	case Acknowledge:
		return []ClockStop{UntilAcknowledged}
	case Attend:
		return []ClockStop{UntilAttended}
	case Release:
		return []ClockStop{UntilReleased}
	case Restore:
		return []ClockStop{UntilProved, UntilFixed}
	}
	return nil
}

// Keeps returns the event that keeps a window.
func (w *Window) Keeps() ClockStop { return w.Clock.keeps(w.Until) }

// Keeps returns the event that keeps the promise.
func (c *Clock) Keeps() ClockStop { return c.Kind.keeps(c.Until) }

func (k ClockKind) keeps(until ClockStop) ClockStop {
	if stops := k.Stops(); until == "" && len(stops) > 0 {
		return stops[0]
	}
	return until
}

// ClockState is where a clock stands.
type ClockState string

// The states of a clock. A breached clock goes on counting until it is
// stopped, so that the lateness is known. It becomes met only where a sensor's
// source time shows, later, that the promise had been kept by its due time.
const (
	ClockWaiting  ClockState = "waiting" // its starting event has not happened
	ClockRunning  ClockState = "running"
	ClockPaused   ClockState = "paused"
	ClockMet      ClockState = "met"
	ClockBreached ClockState = "breached"
	ClockVoid     ClockState = "void" // the order was cancelled or the promise fell away
)

// Marks are the parts of a window, in percent, at which somebody is told.
var Marks = [...]int{50, 80, 100}

// Clock is a promise being timed on one work order.
type Clock struct {
	Kind     ClockKind  `json:"kind"`
	State    ClockState `json:"state"`
	From     ClockStart `json:"from"`
	Window   Duration   `json:"window"`
	Calendar CalendarID `json:"calendar,omitempty"` // on which the window counts; "": around the clock
	Until    ClockStop  `json:"until,omitempty"`    // what keeps the promise; "" on clocks that are older than the field: the usual
	Basis    string     `json:"basis"`              // which promise, and which laxer one it has overruled: "contract quicklift", "profile cn-urban: …"
	Source   string     `json:"source,omitempty"`   // where that promise is written
	Sure     Certainty  `json:"sure,omitempty"`     // how well Source is known; "": it is a contract, or nobody has said
	Profile  string     `json:"profile,omitempty"`  // whose window it is, where it is the law's
	Contract ContractID `json:"contract,omitempty"` // whose window it is; "": the law's, or a default of the house
	ByLaw    bool       `json:"by_law,omitempty"`   // the law speaks of it: it never pauses
	Of       OrderID    `json:"of,omitempty"`       // the order that it comes from, where that was merged or split
	Started  Instant    `json:"started,omitzero"`   // zero while waiting
	Half     Instant    `json:"half,omitzero"`      // when 50 % of the window are used up, on the calendar and without pauses
	Most     Instant    `json:"most,omitzero"`      // the same of 80 %
	Due      Instant    `json:"due,omitzero"`       // the same of all of it
	Paused   Instant    `json:"paused,omitzero"`    // since when it pauses; kept where it was stopped in a pause
	Stopped  Instant    `json:"stopped,omitzero"`   // when the promise was kept, early or late
	Breached Instant    `json:"breached,omitzero"`  // the Due that passed; zero again once a breach was corrected
	Noticed  Instant    `json:"noticed,omitzero"`   // when the breach was found; long after Due only where nobody could look
	Marked   int        `json:"marked,omitempty"`   // the highest of Marks that has taken effect
	Resumed  Instant    `json:"resumed,omitzero"`   // since when it goes on, after a repair that did not last; zero: it never did
	Spent    Duration   `json:"spent,omitzero"`     // what was used up by then on its calendar; more than Window where it was late
}

// Open reports whether the clock still counts.
func (c *Clock) Open() bool {
	return c.State == ClockWaiting || c.State == ClockRunning || c.State == ClockPaused ||
		c.State == ClockBreached && c.Stopped.IsZero()
}

// Used returns the part of the window that is used up at now: 0 before the
// start, above 1 after the due time. It is exact at the start and at each mark,
// and goes evenly between them; a clock that pauses stands still.
func (c *Clock) Used(now Instant) float64 {
	if c.Started.IsZero() || c.Due <= c.Started {
		return 0
	}
	now = c.at(now)
	from, part := c.Started, 0.0
	if !c.Resumed.IsZero() {
		from, part = c.Resumed, float64(c.Spent)/float64(c.Window)
	}
	for _, m := range []struct {
		at   Instant
		part float64
	}{{c.Half, 0.5}, {c.Most, 0.8}, {c.Due, 1}} {
		if m.at <= from { // not known, as in what was stored before there were calendars
			continue
		}
		if now <= m.at || m.part == 1 {
			return part + (m.part-part)*float64(now-from)/float64(m.at-from)
		}
		from, part = m.at, m.part
	}
	if c.wasLate() {
		part += float64(max(0, now-from)) / float64(c.Window)
	}
	return part
}

// at is the moment that counts for the clock: when it was stopped, or since
// when it pauses.
func (c *Clock) at(now Instant) Instant {
	switch {
	case !c.Paused.IsZero():
		return c.Paused
	case !c.Stopped.IsZero():
		return c.Stopped
	}
	return now
}

// Left returns the time on the wall until the clock is due; negative once it is
// late. A clock that pauses keeps what it had.
func (c *Clock) Left(now Instant) time.Duration {
	if c.wasLate() {
		return time.Duration(c.Window-c.Spent) - c.at(now).Sub(c.Resumed)
	}
	return c.Due.Sub(c.at(now))
}

// Took returns how long a clock that is stopped has run, pauses included; a time
// in which a repair seemed to hold is not.
func (c *Clock) Took() time.Duration {
	if !c.Resumed.IsZero() {
		return time.Duration(c.Spent) + c.Stopped.Sub(c.Resumed)
	}
	return c.Stopped.Sub(c.Started)
}

// wasLate reports whether the clock was late already when it went on after a
// repair that did not last. Its lateness then counts from there.
func (c *Clock) wasLate() bool { return !c.Resumed.IsZero() && c.Due <= c.Resumed }
