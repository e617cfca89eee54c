package sensor

import (
	"testing"
	"time"

	"plantroom/gateway/sensor/gpioline"
)

const ms = time.Millisecond

// train plays levels to a tally, active first, each for so long.
type train struct {
	t      *tally
	at     time.Duration
	number uint32
	active bool
}

func begun(most float64) *train {
	return &train{t: newTally(10*ms, most, false, time.Hour), at: time.Hour}
}

func (tr *train) levels(each ...time.Duration) *train {
	for _, d := range each {
		tr.number++
		tr.active = !tr.active
		tr.t.edge(gpioline.Edge{At: tr.at, Active: tr.active, Number: tr.number})
		tr.at += d
	}
	return tr
}

func (tr *train) pulses(n int, on, off time.Duration) *train {
	for range n {
		tr.levels(on, off)
	}
	return tr
}

func (tr *train) expect(t *testing.T, name string, pulses uint64, f flaws) {
	t.Helper()
	tr.t.settle(instant(tr.at))
	if got, flaws := tr.t.take(); got != pulses || flaws != f {
		t.Errorf("%s: counted %d, %+v; want %d, %+v", name, got, flaws, pulses, f)
	}
}

func TestPulsesAreCountedByTheKernelsTimes(t *testing.T) {
	begun(50).pulses(7, 30*ms, 90*ms).expect(t, "an S0 output", 7, flaws{})
	begun(50).levels(30*ms).expect(t, "a pulse that has not ended", 1, flaws{})
	begun(50).levels(9*ms).expect(t, "one that is not long enough yet", 0, flaws{})
	begun(50).levels(10*ms, time.Second, 9*ms, time.Second).expect(t, "just long enough, and just not", 1, flaws{})
	begun(50).levels(ms, ms, 2*ms, ms, 50*ms, ms, ms, 500*ms).expect(t, "a contact that bounces both ways", 1, flaws{})
	begun(50).levels(50*ms, 5*ms, 50*ms, 500*ms).expect(t, "a pause that is too short", 1, flaws{})
	begun(50).pulses(1000, 10*ms, 10*ms).expect(t, "the stated maximum", 1000, flaws{})

	late := begun(50)
	late.t = newTally(10*ms, 50, true, late.at)
	late.active = true
	late.levels(time.Second, 50*ms).expect(t, "what was active at the start may have been counted before", 1, flaws{})
}

func TestMoreThanCanBePromisedIsNoted(t *testing.T) {
	begun(20).pulses(30, 20*ms, 20*ms).expect(t, "25 a second where 20 are the most", 30, flaws{Fast: true})
	begun(20).pulses(100, 25*ms, 25*ms).expect(t, "20 a second where 20 are the most", 100, flaws{})
	begun(50).pulses(300, ms, ms).expect(t, "a line that swings", 0, flaws{Noisy: true})
	begun(0.1).pulses(2, time.Second, 9*time.Second).expect(t, "one pulse in ten seconds", 2, flaws{})
	begun(0.1).pulses(3, 100*ms, 100*ms).expect(t, "three in a second where one in ten is the most", 3, flaws{Fast: true})

	lost := begun(50).pulses(2, 30*ms, 30*ms)
	lost.number += 6
	lost.pulses(2, 30*ms, 30*ms).expect(t, "edges that the kernel has dropped", 4, flaws{Lost: 6})

	again := begun(50)
	again.number, again.t.last = 1<<32-2, 1<<32-2
	again.pulses(3, 30*ms, 30*ms).expect(t, "the numbers begin again", 3, flaws{})
}

func TestASecondThatIsOverIsForgotten(t *testing.T) {
	tr := begun(20).pulses(30, 20*ms, 20*ms)
	tr.expect(t, "too fast", 30, flaws{Fast: true})
	tr.pulses(5, 50*ms, 400*ms).expect(t, "and then slow", 5, flaws{})
}

// What a counter needs for each edge that it has read. Reading is in
// gpioline's benchmark; the kernel's half takes a board.
func BenchmarkTally(b *testing.B) {
	tr := begun(100)
	for b.Loop() {
		tr.levels(10 * ms)
	}
	if n, _ := tr.t.take(); int(n) < b.N/2-1 {
		b.Errorf("%d pulses in %d edges", n, b.N)
	}
}
