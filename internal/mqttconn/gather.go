package mqttconn

import "time"

const (
	// gatherFor is how long messages that come steadily may wait for each
	// other. It is more than the spool leaves between its groups, so that what
	// was read together is stored together.
	gatherFor = 120 * time.Millisecond
	// most is how many messages in that time are too many. Some brokers send
	// only so many ahead of the acknowledgements, mosquitto 20 by default: such
	// a one waits for us, and would look steady for ever.
	most = 19
	// probe is after how many gatherings messages are handled as they come for
	// once: then a broker shows that sends fewer ahead, and has waited for us.
	probe = 64
)

// begun is where the grid lies on which messages are read: the connections of
// a process then wake it together.
var begun = time.Now()

// gatherer decides when the next message is read. Messages that come steadily
// are left in the kernel for a while and then read together: a small machine
// spends most of its time on a message in waking threads for it. Those that
// come rarely, or fast, are read at once.
type gatherer struct {
	every time.Duration // 0: never
	grid  time.Time     // they are read whole times of every after it

	looked time.Time // when it was last decided whether they come steadily
	seen   uint64    // messages until then
	steady bool
	times  int // in a row that they did
}

// pause is how long to leave what comes next alone, now that all before it has
// been read and so many messages have been handled since the connection began.
func (g *gatherer) pause(now time.Time, handled uint64) time.Duration {
	if g.every <= 0 {
		return 0
	}
	if span := min(now.Sub(g.looked), time.Hour); span >= g.every*3/4 {
		g.look(span, time.Duration(handled-g.seen))
		g.looked, g.seen = now, handled
	}
	if !g.steady {
		return 0
	}
	return g.every - now.Sub(g.grid)%g.every
}

// look decides by the n messages that came within a span. Once they come
// steadily, some may stay away: one a time is what an uplink's answers are.
func (g *gatherer) look(span, n time.Duration) {
	few := n*g.every < span*3/4
	if g.steady {
		few = n*g.every < span/2
	}
	if few || n*g.every >= most*span {
		g.steady, g.times = false, 0
		return
	}
	g.times++
	g.steady = g.times%probe != 0
}
