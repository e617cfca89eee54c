package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

// behind is how many packets a subscriber may be behind before it is let go.
const behind = 64

// channels keeps one RunStream for each channel that somebody hears, as Grafana
// does: the first who comes starts it and the last who goes ends it.
type channels struct {
	start func(ctx context.Context, path string, packet func([]byte)) // returns when the stream ends

	mu   sync.Mutex
	open map[string]*channel
	runs sync.WaitGroup
}

// channel is one that somebody hears.
type channel struct {
	subscribers map[chan []byte]bool
	stop        func() // nil: it does not run yet
}

// hear makes a subscriber, for whom packets are kept from now on. The channel is
// closed where the stream ends, or where its packets were not taken in time.
func (c *channels) hear(path string) (packets chan []byte, leave func()) {
	packets = make(chan []byte, behind)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[string]*channel{}
	}
	ch := c.open[path]
	if ch == nil {
		ch = &channel{subscribers: map[chan []byte]bool{}}
		c.open[path] = ch
	}
	ch.subscribers[packets] = true
	return packets, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(path, ch, packets)
	}
}

// drop lets a subscriber go, and with the last one the stream. c.mu is held.
func (c *channels) drop(path string, ch *channel, packets chan []byte) {
	if !ch.subscribers[packets] {
		return
	}
	delete(ch.subscribers, packets)
	close(packets)
	if len(ch.subscribers) > 0 {
		return
	}
	if ch.stop != nil {
		ch.stop()
	}
	if c.open[path] == ch {
		delete(c.open, path)
	}
}

// run lets a channel's stream run, where it does not yet.
func (c *channels) run(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := c.open[path]
	if ch == nil || ch.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ch.stop = cancel
	c.runs.Go(func() {
		defer cancel()
		c.start(ctx, path, func(packet []byte) {
			c.mu.Lock()
			defer c.mu.Unlock()
			for packets := range ch.subscribers {
				select {
				case packets <- packet:
				default:
					c.drop(path, ch, packets)
				}
			}
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		for packets := range ch.subscribers {
			c.drop(path, ch, packets)
		}
	})
}

// end stops all streams and waits for them.
func (c *channels) end() {
	c.mu.Lock()
	for path, ch := range c.open {
		for packets := range ch.subscribers {
			c.drop(path, ch, packets)
		}
	}
	c.mu.Unlock()
	c.runs.Wait()
}

// stream subscribes and sends what comes as server-sent events, a frame in each,
// the backlog first.
func (h *host) stream(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("path")
	packets, leave := h.live.hear(path)
	defer leave()
	sub, err := h.plugin.Stream.SubscribeStream(r.Context(), &pluginv2.SubscribeStreamRequest{PluginContext: h.context(), Path: path})
	switch {
	case err != nil:
		refuse(w, http.StatusInternalServerError, "the plugin does not answer: "+err.Error())
		return
	case sub.Status == pluginv2.SubscribeStreamResponse_NOT_FOUND:
		refuse(w, http.StatusNotFound, "there is no such channel: ask its query first")
		return
	case sub.Status != pluginv2.SubscribeStreamResponse_OK:
		refuse(w, http.StatusForbidden, "the plugin lets nobody in here")
		return
	}
	h.live.run(path)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	for packet := sub.Data; ; {
		if len(packet) > 0 && event(w, packet) != nil || out.Flush() != nil {
			return
		}
		var ok bool
		select {
		case packet, ok = <-packets:
			if !ok {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// event writes a frame, in one line as the format wants it.
func event(w http.ResponseWriter, frame []byte) error {
	line := bytes.NewBufferString("data: ")
	if err := json.Compact(line, frame); err != nil {
		return err
	}
	line.WriteString("\n\n")
	_, err := w.Write(line.Bytes())
	return err
}

// runStream hands on what the plugin sends until ctx or the stream ends.
func (h *host) runStream(ctx context.Context, path string, packet func([]byte)) {
	s, err := h.plugin.Stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: h.context(), Path: path})
	for err == nil {
		var p *pluginv2.StreamPacket
		if p, err = s.Recv(); err == nil {
			packet(p.Data)
		}
	}
}
