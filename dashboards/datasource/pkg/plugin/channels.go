package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"plantroom/dashboards/datasource/pkg/query"
)

// maxChannels is how many live channels are remembered. One takes some hundred
// bytes; the one that was asked for longest ago is forgotten first, and comes
// back with the next refresh of its panel.
const maxChannels = 1000

// prefix is what the paths of our channels begin with.
const prefix = "events/"

// Channels remembers what each live channel is of. Grafana names a channel by a
// path of 160 letters at most, which a filter does not fit into, so the path is
// a digest and what it stands for is kept here, for the process: an instance
// goes with its settings, and streams have to live on.
//
// It is lost when the process ends. A channel that Grafana then asks for is
// unknown until its panel is refreshed.
type Channels struct {
	Pause func(ctx context.Context, tries int) // between two tries of a stream; nil: 1 s, doubled up to 30 s

	mu    sync.Mutex
	known map[string]*channel
	clock uint64 // counts uses, to know the one used longest ago
}

// channel is one filter of one data source in one organisation.
type channel struct {
	org   int64
	uid   string
	query query.Query

	used uint64
	seq  *int64        // the newest event that subscribers have; nil: none was given out
	of   string        // the server whose number that is
	stop func()        // ends the run that is on
	done chan struct{} // closed when that has ended
}

// open remembers a query and returns the channel that tells of what is new in it.
func (c *Channels) open(org int64, uid string, q query.Query) string {
	id := digest(org, uid, q)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*channel{}
	}
	ch := c.known[id]
	if ch == nil {
		if len(c.known) >= maxChannels {
			c.forget()
		}
		ch = &channel{org: org, uid: uid, query: q}
		c.known[id] = ch
	}
	c.clock++
	ch.used = c.clock
	return "ds/" + uid + "/" + prefix + id
}

// forget drops the channel that was used longest ago and on which nothing runs.
func (c *Channels) forget() {
	oldest := ""
	for id, ch := range c.known {
		if ch.stop == nil && (oldest == "" || ch.used < c.known[oldest].used) {
			oldest = id
		}
	}
	delete(c.known, oldest)
}

// digest names a filter: the same question gets the same channel, whatever the
// order of its words, and another organisation another one.
func digest(org int64, uid string, q query.Query) string {
	for _, l := range []*[]string{&q.Building, &q.Asset, &q.Domain, &q.Contractor, &q.Severity, &q.Rule, &q.Order} {
		*l = slices.Sorted(slices.Values(*l))
	}
	q.Points, q.Measure, q.By, q.Clock, q.State = 0, "", nil, nil, nil
	b, err := json.Marshal(struct {
		Org   int64
		UID   string
		Query query.Query
	}{org, uid, q})
	if err != nil { // a Query can always be written
		b = nil
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// find returns the channel of a path, nil where none is known.
func (c *Channels) find(path string) *channel {
	id, ours := strings.CutPrefix(path, prefix)
	if !ours {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.known[id]
	if ch != nil {
		c.clock++
		ch.used = c.clock
	}
	return ch
}

// begin makes a run the only one of its channel: one that is on is ended first.
// The run has to call the function that it gets when it is over.
func (c *Channels) begin(ctx context.Context, ch *channel) (context.Context, func()) {
	for {
		c.mu.Lock()
		if ch.stop == nil {
			run, cancel := context.WithCancel(ctx)
			done := make(chan struct{})
			ch.stop, ch.done = cancel, done
			c.mu.Unlock()
			return run, func() {
				cancel()
				c.mu.Lock()
				ch.stop, ch.done = nil, nil
				c.mu.Unlock()
				close(done)
			}
		}
		stop, done := ch.stop, ch.done
		c.mu.Unlock()
		stop()
		<-done
	}
}

// seen is the newest event of a server that subscribers have. After the settings
// were changed to another one its number means nothing there.
func (c *Channels) seen(ch *channel, server string) *int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ch.of != server {
		return nil
	}
	return ch.seq
}

// saw notes it. A run that is on knows better than a subscriber that comes, unless
// it still follows the server of earlier settings.
func (c *Channels) saw(ch *channel, server string, seq int64, running bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if running || ch.stop == nil || ch.of != server {
		ch.seq, ch.of = &seq, server
	}
}

func (c *Channels) pause(ctx context.Context, tries int) {
	if c.Pause != nil {
		c.Pause(ctx, tries)
		return
	}
	wait := time.NewTimer(min(time.Second<<min(tries, 5), 30*time.Second))
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}
