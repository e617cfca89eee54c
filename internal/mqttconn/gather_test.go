package mqttconn

import (
	"testing"
	"time"
)

// reader plays a connection whose messages come at given times, in their
// order, and reads them as a pipe does. It tells how often it woke, and how
// long a message waited at most.
func reader(every time.Duration, come []time.Duration) (woke int, longest time.Duration) {
	begin := time.Unix(0, 0)
	g := gatherer{every: every, grid: begin}
	now, read := time.Duration(0), 0
	for read < len(come) {
		if p := g.pause(begin.Add(now), uint64(read)); p > 0 {
			now += p
			woke++
		}
		if come[read] > now { // the read waits for it
			now = come[read]
			woke++
		}
		for read < len(come) && come[read] <= now {
			longest = max(longest, now-come[read])
			read++
		}
	}
	return woke, longest
}

// steadily gives n messages that are as far apart.
func steadily(n int, apart time.Duration) (come []time.Duration) {
	for i := range n {
		come = append(come, time.Hour+time.Duration(i)*apart)
	}
	return come
}

func TestMessagesThatComeSteadilyAreReadTogether(t *testing.T) {
	const every = 120 * time.Millisecond
	woke, longest := reader(every, steadily(6000, 10*time.Millisecond))
	if woke < 490 || woke > 620 {
		t.Errorf("a minute of a hundred a second woke it %d times, want some 500, and 80 to see whether more come", woke)
	}
	if longest > every {
		t.Errorf("a message waited %s, want at most %s", longest, every)
	}
}

func TestMessagesThatComeRarelyOrFastDoNotWait(t *testing.T) {
	const every = 120 * time.Millisecond
	for name, apart := range map[string]time.Duration{
		"one a second": time.Second, "six a second": 160 * time.Millisecond, "two hundred a second": 5 * time.Millisecond, "ten thousand a second": 100 * time.Microsecond,
	} {
		if _, longest := reader(every, steadily(3000, apart)); longest > 0 {
			t.Errorf("%s: a message waited %s", name, longest)
		}
	}
	if woke, longest := reader(0, steadily(3000, 10*time.Millisecond)); longest > 0 || woke != 3000 {
		t.Errorf("without gathering a message waited %s", longest)
	}
}

// A broker with mosquitto's default sends twenty messages and then waits for
// their acknowledgements.
func TestABrokerThatWaitsForAcknowledgementsIsNotKeptWaiting(t *testing.T) {
	var come []time.Duration
	at := time.Hour
	for range 100 {
		for range 20 {
			come = append(come, at)
		}
		at += 20 * time.Millisecond // until the disk has them
	}
	if _, longest := reader(120*time.Millisecond, come); longest > 0 {
		t.Errorf("a message waited %s", longest)
	}
}

// Others send fewer: RabbitMQ ten. Such a one looks steady, until it is seen
// what comes when nothing waits.
func TestABrokerThatSendsTenAheadIsFoundOut(t *testing.T) {
	begin := time.Unix(0, 0)
	g := gatherer{every: 120 * time.Millisecond, grid: begin}
	now, handled := time.Hour, uint64(0)
	take := func(n uint64, await time.Duration) { // messages that come a while after the last acknowledgements
		now += await
		if p := g.pause(begin.Add(now), handled); p > 0 {
			now += p
		}
		handled += n
	}
	for range 3000 { // it has little to say: one every 12 ms
		take(1, 12*time.Millisecond)
	}
	if !g.steady {
		t.Fatal("ten in 120 ms are not gathered")
	}
	from := now
	for range 2000 { // and now it has kept 20,000 for us
		take(10, 2*time.Millisecond)
	}
	if took := now - from; took > 20*time.Second {
		t.Errorf("20,000 messages that it had kept took %s", took)
	}
}
