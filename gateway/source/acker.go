package source

import (
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// acker holds the messages of one connection that are not acknowledged yet,
// and acknowledges them in the order of their arrival, as MQTT 3.1.1 asks for
// [MQTT-4.6.0-2], from a goroutine of its own: paho's Ack may wait for the
// network, and whoever reports a message done must not.
type acker struct {
	failed chan error // the first message that could not be stored

	mu      sync.Mutex
	waiting []*entry // in order of arrival
	closed  bool     // no more messages are entered
	backlog backlog

	wake  chan struct{} // something is ready
	empty chan struct{} // nothing is waiting
	stop  chan struct{}
}

// entry is one message.
type entry struct {
	acker *acker
	m     mqtt.Message
	at    time.Time // of its arrival
	late  bool      // it was sent before that
	ready atomic.Bool
}

func newAcker() *acker {
	a := &acker{
		failed: make(chan error, 1), wake: make(chan struct{}, 1),
		empty: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	go a.run()
	return a
}

// enter notes a message, and gives nil where no more are taken.
func (a *acker) enter(m mqtt.Message) *entry {
	e := &entry{acker: a, m: m, at: time.Now()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	e.late = a.backlog.holds(e.at, len(a.waiting) > 0) || m.Duplicate()
	a.waiting = append(a.waiting, e)
	return e
}

// connected notes whether the broker had kept our session.
func (a *acker) connected(kept bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.backlog.connected(time.Now(), kept)
}

// done reports the end of a message: its readings are durable, or err says
// why not. Then the message stays without acknowledgement, and so do those
// that come after it.
func (e *entry) done(err error) {
	a := e.acker
	if err != nil {
		a.mu.Lock()
		a.closed = true
		a.mu.Unlock()
		offer(a.failed, err)
		return
	}
	e.ready.Store(true)
	offer(a.wake, struct{}{})
}

// offer sends where there is room: the channels here hold one value, and a
// second one would say nothing new.
func offer[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

// run acknowledges until close.
func (a *acker) run() {
	var ready []*entry
	for {
		select {
		case <-a.wake:
		case <-a.stop:
			return
		}
		ready = a.take(ready[:0])
		for i, e := range ready {
			e.m.Ack()
			ready[i] = nil
		}
	}
}

// take removes the messages at the head that are done.
func (a *acker) take(ready []*entry) []*entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for n < len(a.waiting) && a.waiting[n].ready.Load() {
		n++
	}
	ready = append(ready, a.waiting[:n]...)
	clear(a.waiting[:n])
	a.waiting = a.waiting[n:]
	if len(a.waiting) == 0 {
		a.backlog.idle = time.Now()
		offer(a.empty, struct{}{})
	}
	return ready
}

// oldest returns how long the oldest message waits.
func (a *acker) oldest(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 {
		return 0
	}
	return now.Sub(a.waiting[0].at)
}

// refuse takes no more messages, and reports whether some are without
// acknowledgement.
func (a *acker) refuse() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	return len(a.waiting) > 0
}

// settle takes no more messages and waits until those before are acknowledged,
// at most for a time.
func (a *acker) settle(patience time.Duration) {
	a.refuse()
	t := time.NewTimer(patience)
	defer t.Stop()
	for a.oldest(time.Now()) > 0 {
		select {
		case <-a.empty:
		case <-t.C:
			return
		}
	}
}

// close ends the goroutine. What is not acknowledged stays so.
func (a *acker) close() { close(a.stop) }
