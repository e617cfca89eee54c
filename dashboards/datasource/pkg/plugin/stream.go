package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/api"
)

// backlog is how many events a subscriber gets at once where the query does not say.
const backlog = 100

// reach is how far back a backlog reaches, and lead how far ahead of our clock
// the server's may be.
const (
	reach = 7 * 24 * time.Hour
	lead  = time.Hour
)

// SubscribeStream lets a browser into a channel of its organisation, and gives
// it the newest events, so that it does not begin with an empty list.
func (d *Datasource) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	ch, status := d.channel(req.PluginContext, req.Path)
	if status != backend.SubscribeStreamStatusOK {
		return &backend.SubscribeStreamResponse{Status: status}, nil
	}
	if d.wrong != nil {
		return nil, said(d.wrong)
	}
	got, err := d.events(ch).Newest(ctx, limit(ch))
	if err != nil {
		return nil, said(err)
	}
	first, err := backend.NewInitialFrame(answer.EventFrame(d.desk, got.Rows), data.IncludeAll)
	if err != nil {
		return nil, said(fmt.Errorf("the first events cannot be written: %w", err))
	}
	d.channels.saw(ch, d.desk.API.Address(), got.Next, false)
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK, InitialData: first}, nil
}

// PublishStream lets nobody write.
func (d *Datasource) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream sends what is new on a channel until its context ends.
func (d *Datasource) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	ch, status := d.channel(req.PluginContext, req.Path)
	switch {
	case status == backend.SubscribeStreamStatusPermissionDenied:
		return said(&api.Error{Status: 403, Text: "this channel belongs to another organisation or data source"})
	case status == backend.SubscribeStreamStatusNotFound:
		return said(&api.Error{Status: 404, Text: "this channel is not known any more, since the plugin was restarted: refresh the panel"})
	case d.wrong != nil:
		return said(d.wrong)
	}
	ctx, end := d.channels.begin(ctx, ch)
	defer end()
	f := follower{
		api: d.desk.API, events: d.events(ch), after: d.channels.seen(ch, d.desk.API.Address()), limit: limit(ch), pause: d.channels.pause,
		send: func(rows []api.Entry) error {
			return sender.SendFrame(answer.EventFrame(d.desk, rows), data.IncludeAll)
		},
		saw: func(seq int64) { d.channels.saw(ch, d.desk.API.Address(), seq, true) },
	}
	return f.run(ctx)
}

// channel finds a channel, for whoever may have it.
func (d *Datasource) channel(p backend.PluginContext, path string) (*channel, backend.SubscribeStreamStatus) {
	ch := d.channels.find(path)
	switch {
	case ch == nil:
		return nil, backend.SubscribeStreamStatusNotFound
	case ch.org != org(p) || ch.uid != d.uid:
		return nil, backend.SubscribeStreamStatusPermissionDenied
	}
	return ch, backend.SubscribeStreamStatusOK
}

// org is whose a request is. Grafana's own programs set it in every request; the
// namespace that shall come in its place is missing in some.
func org(p backend.PluginContext) int64 {
	return p.OrgID //lint:ignore SA1019 see above
}

func (d *Datasource) events(ch *channel) answer.Events {
	now := time.Now()
	return answer.EventsOf(d.desk, answer.Question{Query: ch.query, From: now.Add(-reach), To: now.Add(lead)})
}

func limit(ch *channel) int {
	if ch.query.Limit > 0 {
		return ch.query.Limit
	}
	return backlog
}

// said gives an error its source, for calls that answer with nothing else.
func said(err error) error {
	_, err = judge(err)
	return err
}

// errGone is what a sender fails with when nobody takes its packets any more.
var errGone = errors.New("nobody takes the packets of this stream")
