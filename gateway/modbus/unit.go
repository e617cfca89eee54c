package modbus

import (
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
)

// The signals that the gateway says of a device.
const (
	online = "online"
	stuck  = "bus_stuck"
)

const (
	defaultHeartbeat = time.Minute
	offlineAfter     = 3 // questions in a row without an answer
	firstRetry       = time.Second
	firstPause       = 5 * time.Second
	longestPause     = time.Minute
	shortestRefusal  = time.Minute      // before an illegal request is tried again
	longestRefusal   = 15 * time.Minute // it may be a device that was exchanged
)

// unit is one device on the link and what is known of it.
type unit struct {
	Device
	polls []*poll
	sent  map[string]sent // by signal

	failed int       // questions in a row without an answer
	until  time.Time // no question before
	known  bool      // has answered, or has been found silent
	up     bool      // answers; false until it is known
	err    error     // why not
}

// sent is what was last said of a signal.
type sent struct {
	value plantroom.Value
	at    time.Time
}

// poll is one request of a device, and when it is due.
type poll struct {
	*registers.Request
	unit    *unit
	period  time.Duration
	next    time.Time
	refused int // times in a row
}

func newUnit(d Device) *unit {
	if d.Heartbeat <= 0 {
		d.Heartbeat = defaultHeartbeat
	}
	u := &unit{Device: d, sent: map[string]sent{}}
	requests := d.Requests()
	for i := range requests {
		p := &poll{Request: &requests[i], unit: u, period: requests[i].Period}
		if d.Period > 0 {
			p.period = d.Period
		}
		u.polls = append(u.polls, p)
	}
	return u
}

// silence notes a question without an answer, and reports whether the device
// is off-line now. jitter draws a time below the one it is given.
func (u *unit) silence(now time.Time, err error, jitter func(time.Duration) time.Duration) bool {
	u.failed++
	u.err = err
	if u.failed < offlineAfter {
		u.until = now.Add(firstRetry)
		return false
	}
	pause := longestPause
	if n := u.failed - offlineAfter; n < 4 {
		pause = firstPause << n
	}
	u.until = now.Add(pause + jitter(pause/10)) // devices that failed together are not tried together
	u.known, u.up = true, false
	return true
}

// answer notes that the device is there.
func (u *unit) answer() { u.failed, u.until, u.known, u.up, u.err = 0, time.Time{}, true, true, nil }

// due is when the poll may be made.
func (p *poll) due() time.Time {
	if p.next.Before(p.unit.until) {
		return p.unit.until
	}
	return p.next
}

// done plans the next turn after an answer. Turns that were missed are not
// made up for.
func (p *poll) done(now time.Time) {
	p.refused = 0
	p.next = p.next.Add(p.period)
	if !p.next.After(now) {
		p.next = now.Add(p.period)
	}
}

// refusal plans the next turn after an exception.
func (p *poll) refusal(now time.Time, e Exception) {
	p.refused++
	if !e.lasts() {
		p.next = now.Add(p.period)
		return
	}
	wait := longestRefusal
	if n := p.refused - 1; n < 4 {
		wait = max(p.period, shortestRefusal<<n)
	}
	p.next = now.Add(wait)
}

// news leaves out what has been said less than a heartbeat ago.
func (u *unit) news(now time.Time, samples []plantroom.Sample) []plantroom.Sample {
	out := samples[:0]
	for _, s := range samples {
		last, said := u.sent[s.Signal]
		if said && last.value == s.Value && now.Sub(last.at) < u.Heartbeat {
			continue
		}
		u.sent[s.Signal] = sent{s.Value, now}
		out = append(out, s)
	}
	return out
}

// say makes a sample of what the gateway knows of the device.
func (u *unit) say(at plantroom.Instant, signal string, v bool) plantroom.Sample {
	return plantroom.Sample{Address: string(u.ID), Signal: signal, Value: plantroom.Bool(v), At: at}
}
