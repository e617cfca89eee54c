package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Beat is the kind of event with which a silent stream shows that it lives.
const Beat = "beat"

// Silence is how long a stream may say nothing before it is taken for dead.
// The server beats every 15 s.
const Silence = 45 * time.Second

// maxLine bounds a line of a stream; ours are below 200 bytes.
const maxLine = 64 << 10

// Event says that a subject of a kind has changed, and nothing of what.
type Event struct {
	Kind    string `json:"kind"` // order, incident, gateway, …; beat; reset
	Subject string `json:"subject"`
}

// Follow calls f for every event of the server's stream until ctx ends or the
// stream does, and always returns an error. f is not called concurrently.
func (c *Client) Follow(ctx context.Context, f func(Event)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(Silence, func() { cancel(errSilent) })
	defer silent.Stop()

	res, err := c.send(ctx, c.stream, "/api/v1/events", nil, "text/event-stream")
	if err != nil {
		return c.ended(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	if kind := mediaType(res); kind != "text/event-stream" {
		return c.notPlantroom("/api/v1/events", nameOf(kind))
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 4096), maxLine)
	kind, data := "", ""
	for lines.Scan() {
		silent.Reset(Silence)
		switch line := lines.Text(); {
		case line == "":
			if e, ok := event(kind, data); ok {
				f(e)
			}
			kind, data = "", ""
		case strings.HasPrefix(line, "event:"):
			kind = strings.TrimSpace(line[len("event:"):])
		case strings.HasPrefix(line, "data:"):
			data = strings.TrimSpace(line[len("data:"):])
		}
	}
	err = lines.Err()
	if err == nil {
		err = io.EOF
	}
	return c.ended(ctx, err)
}

var errSilent = errors.New("the stream has fallen silent")

func event(kind, data string) (Event, bool) {
	var e Event
	if data != "" && json.Unmarshal([]byte(data), &e) != nil {
		return e, false
	}
	if e.Kind == "" {
		e.Kind = kind
	}
	return e, e.Kind != ""
}

// ended says why a stream is over.
func (c *Client) ended(ctx context.Context, err error) error {
	var known *Error
	switch {
	case errors.Is(context.Cause(ctx), errSilent):
		return fault(http.StatusGatewayTimeout, "the events of Plantroom at %s have fallen silent", c.base)
	case errors.Is(err, io.EOF):
		return fault(http.StatusBadGateway, "Plantroom at %s has ended the stream of events", c.base)
	case errors.Is(err, bufio.ErrTooLong):
		return c.notPlantroom("/api/v1/events", "lines that are too long")
	case errors.As(err, &known):
		return err
	}
	return c.unreachable(ctx, err)
}
