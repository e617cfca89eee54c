package mqttconn

import "time"

// most is how many messages may come within one Gather. It must be below 20,
// which is what mosquitto sends ahead of the acknowledgements by default: such
// a broker waits for us, and would look steady for ever.
const most = 16

// gatherer decides when the next message is read. Messages that come steadily
// are left in the kernel for a while and then read together: a small machine
// spends most of its time on a message in waking threads for it. Those that
// come rarely, or fast, are read at once.
type gatherer struct {
	every time.Duration // 0: never

	since  time.Time // when the last look was, or the sleep after it ended
	seen   uint64    // messages until the last look
	steady bool
}

// pause is how long to leave what comes next alone, now that all before it has
// been read and so many messages have been handled since the connection began.
func (g *gatherer) pause(now time.Time, handled uint64) time.Duration {
	elapsed := now.Sub(g.since)
	if g.every <= 0 || !g.steady && elapsed < g.every {
		return 0
	}
	n := time.Duration(handled - g.seen)
	span := max(elapsed, g.every)
	g.seen = handled
	g.steady = n*g.every >= span && n*g.every < most*span
	g.since = now
	if !g.steady || elapsed >= g.every {
		return 0
	}
	wait := g.every - elapsed
	g.since = now.Add(wait)
	return wait
}
