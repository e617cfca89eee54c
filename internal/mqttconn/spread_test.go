package mqttconn

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// comeback plays gateways whose broker goes away at one moment and is back
// after a time. It tells how many of them try in the busiest second after its
// return, how many do so in the busiest second of the minute before, and how
// long after its return the last one is connected.
func comeback(seed uint64, gateways int, away time.Duration) (back, before int, last time.Duration) {
	tries := map[time.Duration]int{} // by second, counted from the return
	for i := range gateways {
		b := Backoff{random: rand.New(rand.NewPCG(seed, uint64(i)))}
		at := time.Duration(0)
		for at < away {
			at += b.Next()
			tries[(at-away).Round(time.Second)]++
		}
		last = max(last, at-away)
	}
	for second, n := range tries {
		switch {
		case second > 0:
			back = max(back, n)
		case second < 0 && second > -time.Minute:
			before = max(before, n)
		}
	}
	return back, before, last
}

// docs/gateway.md gives these numbers.
func TestAThousandGatewaysDoNotComeBackInOneMoment(t *testing.T) {
	for _, c := range []struct {
		away         time.Duration
		back, before int           // at most
		last         time.Duration // at most
	}{
		{5 * time.Second, 250, 1200, time.Minute},
		{10 * time.Minute, 60, 70, time.Minute},
	} {
		var back, before []int
		var late time.Duration
		for seed := range uint64(50) {
			k, n, last := comeback(seed, 1000, c.away)
			back, before, late = append(back, k), append(before, n), max(late, last)
		}
		t.Logf("1,000 gateways whose broker was away for %s: in the busiest second %d to %d are back, all after %s; while it was away %d to %d tried",
			c.away, slices.Min(back), slices.Max(back), late.Round(time.Second), slices.Min(before), slices.Max(before))
		if slices.Max(back) > c.back || slices.Max(before) > c.before || late > c.last {
			t.Errorf("away for %s: %d and %d in the busiest second, all back after %s; want at most %d, %d and %s",
				c.away, slices.Max(back), slices.Max(before), late, c.back, c.before, c.last)
		}
	}
}

func TestGatewaysThatStartTogetherAreSpreadOverTheFirstSecond(t *testing.T) {
	for seed := range uint64(50) {
		tenths := map[time.Duration]int{}
		for i := range 1000 {
			b := Backoff{random: rand.New(rand.NewPCG(seed, uint64(i)))}
			tenths[b.Next().Truncate(100*time.Millisecond)]++
		}
		for at, n := range tenths {
			if n > 150 || at > time.Second {
				t.Errorf("seed %d: %d of 1,000 try within a tenth of a second, at %s", seed, n, at)
			}
		}
	}
}
