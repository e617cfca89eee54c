package source

import (
	"sync"

	"plantroom"
)

// maxLane is how many messages may wait in one lane. It is more than a broker
// keeps by default while the gateway is away (mosquitto: 1,000); beyond it a
// message becomes a reject, since waiting would hold up the other devices.
const maxLane = 4096

// lanes do what takes long beside the handler: each lane in the order of its
// messages, in a goroutine that ends when nothing is left to do.
type lanes struct {
	mu      sync.Mutex
	waiting map[string][]func() // by lane; a lane without a goroutine is not in it
}

// add puts work into a lane. It does not wait; false means that the lane is
// full.
func (l *lanes) add(lane string, work func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue, running := l.waiting[lane]
	if len(queue) >= maxLane {
		return false
	}
	if l.waiting == nil {
		l.waiting = map[string][]func(){}
	}
	l.waiting[lane] = append(queue, work)
	if !running {
		go l.run(lane)
	}
	return true
}

// run does what is in a lane.
func (l *lanes) run(lane string) {
	for {
		l.mu.Lock()
		queue := l.waiting[lane]
		if len(queue) == 0 {
			delete(l.waiting, lane)
			l.mu.Unlock()
			return
		}
		work := queue[0]
		queue[0] = nil
		l.waiting[lane] = queue[1:]
		l.mu.Unlock()
		work()
	}
}

// leave puts the rest of a message's decoding into its lane, where the message
// is taken in once all of it is there; false means that the lane is full. A
// speaker has its turn after that, as after any message.
func (s *Source) leave(m plantroom.Message, late bool, samples []plantroom.Sample, later *plantroom.Later, done func(error)) bool {
	return s.lanes.add(later.Lane, func() {
		more, err := s.guarded(m, later.Do)
		s.hand(m, late, append(samples, more...), err, done)
		s.takeTurn(false)
	})
}
