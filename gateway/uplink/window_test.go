package uplink

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom/firmware-bridge/wire"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func newWindow(limit int) *window {
	w := &window{limit: limit, timeout: 30 * time.Second}
	w.connected()
	return w
}

func TestUntilItIsAnsweredItSendsOneBatchOnly(t *testing.T) {
	w := newWindow(4)
	if !w.open() || w.next != 1 {
		t.Fatalf("at first: open %v from %d, want open from 1", w.open(), w.next)
	}
	w.sent(1, 10, start)
	if w.open() {
		t.Fatal("a second batch is permitted before the first answer")
	}
	w.receive(wire.Ack{Seen: 10})
	for i := range 4 {
		if !w.open() {
			t.Fatalf("after the answer: closed at batch %d of 4", i+1)
		}
		w.sent(w.next, 10, start)
	}
	if w.open() {
		t.Fatal("a fifth batch is permitted in a window of four")
	}
}

func TestARestartedGatewayDoesNotRepeatWhatTheServicesHave(t *testing.T) {
	w := newWindow(4)
	w.sent(501, 10, start) // the spool's base
	w.receive(wire.Ack{Stored: 900, Seen: 1000})
	if w.next != 1001 {
		t.Errorf("goes on at %d, want 1001", w.next)
	}
}

func TestWithoutAnAnswerInTimeItReturnsToTheLastOne(t *testing.T) {
	w := newWindow(4)
	w.sent(1, 10, start)
	w.receive(wire.Ack{Seen: 10})
	w.sent(11, 10, start)
	w.sent(21, 10, start.Add(time.Second))
	if w.expire(start.Add(29 * time.Second)) {
		t.Error("gave up after 29 s")
	}
	if !w.expire(start.Add(30*time.Second)) || w.next != 11 {
		t.Errorf("after 30 s: goes on at %d, want 11", w.next)
	}
	w.sent(11, 10, start)
	if w.open() {
		t.Error("sends more than a probe after a timeout")
	}
}

func TestALostConnectionIsResumedFromTheLastAnswer(t *testing.T) {
	w := newWindow(4)
	w.sent(1, 10, start)
	w.receive(wire.Ack{Stored: 5, Seen: 10})
	w.sent(11, 10, start)
	w.connected()
	if w.next != 11 || !w.deadline().IsZero() {
		t.Errorf("goes on at %d with a deadline at %v, want 11 and none", w.next, w.deadline())
	}
}

func TestARewindIsFollowedOnceAndCountsByStored(t *testing.T) {
	w := newWindow(2)
	w.sent(1, 10, start)
	w.receive(wire.Ack{Stored: 10, Seen: 10})
	w.sent(11, 10, start)
	w.sent(21, 10, start)
	ask := wire.Ack{Stored: 10, Seen: 30, Rewind: true}
	w.receive(ask)
	if w.next != 11 {
		t.Fatalf("goes on at %d, want 11", w.next)
	}
	w.sent(11, 10, start)
	w.receive(ask) // repeated: it is on its way
	if w.next != 21 || len(w.flight) != 1 {
		t.Fatalf("a repeated wish: at %d with %d under way, want 21 and 1", w.next, len(w.flight))
	}
	w.sent(21, 10, start)
	if w.open() {
		t.Error("what was judged, but not stored again, left the window")
	}
	w.receive(wire.Ack{Stored: 30, Seen: 30})
	if !w.open() || w.next != 31 {
		t.Errorf("after the replay: open %v at %d, want open at 31", w.open(), w.next)
	}
}

func TestAConnectionLostDuringAReplayGoesOnWithTheReplay(t *testing.T) {
	w := newWindow(2)
	w.sent(1, 10, start)
	w.receive(wire.Ack{Stored: 2, Seen: 10, Rewind: true})
	w.sent(3, 4, start)
	w.connected()
	if w.next != 3 {
		t.Errorf("goes on at %d, want 3: records 3 to 10 are not stored", w.next)
	}
}

func TestServicesThatWereSetBackGetTheRecordsAgain(t *testing.T) {
	w := newWindow(4)
	w.sent(1, 100, start)
	w.receive(wire.Ack{Stored: 0, Seen: 100})
	w.sent(101, 10, start)
	w.receive(wire.Ack{Stored: 0, Seen: 40}) // restored from a backup
	if !w.expire(start.Add(time.Minute)) || w.next != 41 {
		t.Errorf("goes on at %d, want 41", w.next)
	}
}

// TestEverythingArrivesWhateverIsLost runs the window against services that
// keep order, over a network that loses batches and answers and breaks, with
// services that forget what they have not stored.
func TestEverythingArrivesWhateverIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const total = 200
		w := newWindow(rapid.IntRange(1, 5).Draw(t, "window"))
		far := &services{}
		now := start
		for step := 0; far.stored < total; step++ {
			if step > 5000 {
				t.Fatalf("no end: stored %d, seen %d, next %d, under way %d", far.stored, far.seen, w.next, len(w.flight))
			}
			now = now.Add(time.Second)
			trouble := step < 1000 // afterwards the network is good, and everything has to arrive
			what := "send"
			if trouble {
				what = rapid.SampledFrom([]string{"send", "send", "send", "store", "answer", "answer", "lose", "drop", "break", "forget", "wait"}).Draw(t, "what")
			}
			switch what {
			case "send", "lose":
				if first := w.next; w.open() && first <= total {
					n := int(min(rapid.Uint64Range(1, 20).Draw(t, "records"), total+1-first))
					w.sent(first, n, now)
					if what == "send" {
						far.batch(first, n)
					}
				}
			case "store":
				far.stored = far.queued
			case "answer":
				w.receive(far.answer())
			case "break":
				w.connected()
			case "forget":
				far.queued = far.stored
				far.rewind = far.stored < far.seen
			case "wait":
				now = now.Add(time.Minute)
			}
			if !trouble {
				far.stored = far.queued
				w.receive(far.answer())
			}
			w.expire(now)
			if len(w.flight) > w.limit {
				t.Fatalf("%d batches under way in a window of %d", len(w.flight), w.limit)
			}
		}
	})
}

// services is what the other end does with batches: judge in order, store
// later, and ask again for what it lost in between.
type services struct {
	seen   uint64 // judged
	queued uint64 // judged and in memory, in order, behind stored
	stored uint64
	rewind bool
}

func (s *services) batch(first uint64, n int) {
	last := first + uint64(n) - 1
	if first > s.seen+1 {
		return // out of order
	}
	s.seen = max(s.seen, last)
	if first <= s.queued+1 {
		s.queued = max(s.queued, last)
		s.rewind = s.queued < s.seen
	} else {
		s.rewind = true
	}
}

func (s *services) answer() wire.Ack {
	return wire.Ack{Stored: s.stored, Seen: s.seen, Rewind: s.rewind}
}
