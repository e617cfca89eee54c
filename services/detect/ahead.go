package detect

import "plantroom"

// lead is what is kept of a device's readings whose source time lay after the
// server's. They are judged as of their arrival: a clock that was ahead once
// must not hide what is true until the server's clock has caught up.
type lead struct {
	bySignal []plantroom.Instant // the newest such time; nil: there was none yet
	newest   plantroom.Instant   // of all signals

	// The last arrival, so that the parts of one message keep one time and
	// messages that arrive together keep their order.
	arrived, raw, at plantroom.Instant
}

// of returns the newest time ahead of a signal, zero for none.
func (l *lead) of(signal int) plantroom.Instant {
	if l.bySignal == nil {
		return 0
	}
	return l.bySignal[signal]
}

// note keeps a time ahead of a signal; signals is how many there are.
func (l *lead) note(signal, signals int, raw plantroom.Instant) {
	if l.bySignal == nil {
		l.bySignal = make([]plantroom.Instant, signals)
	}
	l.bySignal[signal] = max(l.bySignal[signal], raw)
	l.newest = max(l.newest, raw)
}

// place says as of when a reading is judged that bears a time.
func (l *lead) place(now, raw plantroom.Instant) plantroom.Instant {
	if raw <= now {
		return raw
	}
	switch {
	case l.arrived != now:
		l.arrived, l.raw, l.at = now, raw, now
	case raw > l.raw:
		l.raw, l.at = raw, l.at+1
	case raw < l.raw:
		return now
	}
	return l.at
}

// next takes a reading of a signal as the next one, and says as of when it is
// judged: right after the one before.
func (d *device) next(signal int) plantroom.Instant {
	d.latest[signal]++
	return d.latest[signal]
}

// fresh reports whether a reading of a signal that bears a time is news, says
// as of when it is judged, and takes note of it. Among those that are ahead
// the newer one is news, whatever came between; what is ahead no more is
// compared with what was judged.
func (d *device) fresh(signal int, now, raw plantroom.Instant) (at plantroom.Instant, news bool) {
	latest, ahead := d.latest[signal], d.lead.of(signal)
	at = d.lead.place(now, raw)
	switch {
	case raw <= latest, raw == ahead, raw > now && raw < ahead:
		return at, false
	case raw > now:
		at = max(at, latest+1)
		d.lead.note(signal, len(d.latest), raw)
	}
	d.latest[signal] = at
	return at, true
}
