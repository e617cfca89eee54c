package app

import (
	"fmt"
	"time"

	"plantroom/gateway/spool"
)

const (
	// turnPace is how seldom Run's loop turns.
	turnPace = time.Second
	// statusPace is how often the line for people is looked at.
	statusPace = 10 * time.Second
	// maxReload is how long a reload may take before it counts as stuck: parts
	// that are exchanged say goodbye to their brokers first.
	maxReload = 5 * time.Minute
)

// manager keeps the service manager informed until stop is called: a line for
// people, and that the gateway is alive. The two are apart, since the line looks
// at every part and the other must not wait for any.
//
// Alive is what a new process would do better: Run's loop turns, the spool's
// committer takes what waits for it unless it is at the disk, and the locks
// of spool and uplink are given back. A disk that is full, fails or hangs, a broker
// that is away, a bus that is stuck are none of that: /health says them, a
// restart would cure none, and would cost what wired sensors measure meanwhile.
func (a *App) manager() (stop func()) {
	n := a.o.Manager
	if n == nil {
		return func() {}
	}
	end := make(chan struct{})
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		every(statusPace, end, func() { a.tell(n.Status(a.summary())) })
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		if n.Watchdog() == 0 {
			return
		}
		d := dog{turn: a.turn, pulse: a.pulse, patience: n.Watchdog()}
		every(max(n.Watchdog()/4, time.Millisecond), end, func() {
			why := d.look(time.Now())
			if why == "" || a.stopping.Load() { // how long that may take is the manager's to know
				a.tell(n.Alive())
			} else {
				a.log.Error("the gateway is stuck; the service manager will end and restart it", "why", why)
			}
		})
	}()
	return func() {
		close(end)
		<-done
		<-done
	}
}

// every calls f until end.
func every(pace time.Duration, end <-chan struct{}, f func()) {
	t := time.NewTicker(pace)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f()
		case <-end:
			return
		}
	}
}

// tell notes that the manager could not be told something.
func (a *App) tell(err error) {
	if err != nil {
		a.log.Warn("the service manager does not listen", "error", err)
	}
}

// summary is the line for people.
func (a *App) summary() string {
	h := a.Health()
	text := fmt.Sprintf("%s, %d sources, %d readings wait for the services", h.Status, len(h.Sources), h.Spool.Records)
	if len(h.Problems) > 0 {
		text += ": " + h.Problems[0]
	}
	return text
}

// turn is when Run's loop has last turned, or may be thought to: a reload has
// its time. It goes by the monotonic clock: the other may be set by years.
func (a *App) turn() time.Time { return a.begun.Add(time.Duration(a.turned.Load())) }

// turns notes that Run's loop turns, and may take so long for what it does now.
func (a *App) turns(leave time.Duration) { a.turned.Store(int64(time.Since(a.begun) + leave)) }

// pulse looks at what must not be locked for long.
func (a *App) pulse() spool.Pulse {
	a.mu.Lock()
	parts := a.parts
	a.mu.Unlock()
	uplinkStats(parts)
	return a.spool.Pulse()
}

// dog finds out whether the gateway makes progress. It is used by one
// goroutine.
type dog struct {
	turn     func() time.Time
	pulse    func() spool.Pulse // may never return
	patience time.Duration

	asked  chan spool.Pulse // of a look that has not returned; nil: none
	since  time.Time        // when it was asked
	last   spool.Pulse
	waited time.Time // since when last has not changed although records wait
}

// look says why the gateway is stuck, and "" while it is not. It does not wait:
// what it asks for is there at the next look.
func (d *dog) look(now time.Time) string {
	select {
	case p := <-d.asked:
		d.asked = nil
		if !p.Waiting || p.Writing || p.Groups != d.last.Groups {
			d.waited = time.Time{}
		} else if d.waited.IsZero() {
			d.waited = now
		}
		d.last = p
	default:
	}
	if d.asked == nil {
		d.asked, d.since = make(chan spool.Pulse, 1), now
		go func(c chan<- spool.Pulse) { c <- d.pulse() }(d.asked)
	}
	half := d.patience / 2
	switch {
	case now.Sub(d.turn()) > d.patience:
		return "its main loop does not turn"
	case now.Sub(d.since) > half:
		return "a lock of the spool or of the uplink is not given back"
	case !d.waited.IsZero() && now.Sub(d.waited) > half:
		return "the spool's committer does not take the readings that wait for it"
	}
	return ""
}
