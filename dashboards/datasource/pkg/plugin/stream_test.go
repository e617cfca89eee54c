//lint:file-ignore SA1019 a request names its organisation by the number, see org

package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"plantroom/dashboards/datasource/pkg/api/apitest"
	"plantroom/dashboards/datasource/pkg/plugin"
)

// open asks for live events and returns the path of their channel.
func open(t *testing.T, d *plugin.Datasource, q string) string {
	t.Helper()
	r := queries(t, d, nil, map[string]string{"A": q})["A"]
	if r.Error != nil {
		t.Fatal(r.Error)
	}
	path, ours := strings.CutPrefix(r.Frames[0].Meta.Channel, "ds/plantroom/")
	if !ours || len(r.Frames[0].Meta.Channel) > 160 {
		t.Fatalf("the channel is %q", r.Frames[0].Meta.Channel)
	}
	return path
}

const live = `{"queryType":"dispatch_events","live":true}`

func subscribe(t *testing.T, d *plugin.Datasource, p backend.PluginContext, path string) *backend.SubscribeStreamResponse {
	t.Helper()
	r, err := d.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: p, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// packets takes what a stream sends.
type packets chan *data.Frame

func (p packets) Send(packet *backend.StreamPacket) error {
	var f data.Frame
	if err := json.Unmarshal(packet.Data, &f); err != nil {
		return err
	}
	p <- &f
	return nil
}

// lines waits for so many log lines.
func (p packets) lines(t *testing.T, n int) (all []string) {
	t.Helper()
	for len(all) < n {
		select {
		case f := <-p:
			for i := range f.Rows() {
				all = append(all, f.Fields[1].At(i).(string))
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("after 20 s there were %d of %d lines: %q", len(all), n, all)
		}
	}
	return all
}

// run starts a stream; ended gives what it returns.
func run(t *testing.T, d *plugin.Datasource, path string) (p packets, stop func(), ended chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p, ended = make(packets, 100), make(chan error, 1)
	go func() {
		ended <- d.RunStream(ctx, &backend.RunStreamRequest{PluginContext: org1, Path: path}, backend.NewStreamSender(p))
	}()
	t.Cleanup(cancel)
	return p, cancel, ended
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("20 s went by before %s", what)
		}
	}
}

func briefly() *plugin.Channels {
	return &plugin.Channels{Pause: func(context.Context, int) { time.Sleep(10 * time.Millisecond) }}
}

func TestWhoeverSubscribesGetsTheBacklogAndThenWhatIsNewOnce(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	r := subscribe(t, d, org1, path)
	if r.Status != backend.SubscribeStreamStatusOK {
		t.Fatalf("status %v", r.Status)
	}
	var first data.Frame
	if err := json.Unmarshal(r.InitialData.Data(), &first); err != nil || first.Rows() != 4 {
		t.Fatalf("the backlog has %d rows, %v", first.Rows(), err)
	}
	s.Happen("order.accept", "wo-000002", "info", "between subscribing and the stream")
	p, _, _ := run(t, d, path)
	if got := p.lines(t, 1); got[0] != "between subscribing and the stream" {
		t.Errorf("first came %q", got)
	}
	for i := range 30 { // a burst
		s.Happen("order.note", "wo-000002", "info", fmt.Sprint("note ", i))
	}
	for i, got := range p.lines(t, 30) {
		if got != fmt.Sprint("note ", i) {
			t.Fatalf("line %d is %q", i, got)
		}
	}
}

func TestAStreamGoesOnAfterTheServerWasAway(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	subscribe(t, d, org1, path)
	p, _, _ := run(t, d, path)
	until(t, "the stream is followed", func() bool { return s.Followers() == 1 })
	s.Instead(func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 503, "unavailable", "starting") })
	s.Cut()
	if got := p.lines(t, 1)[0]; !strings.Contains(got, "No live events: ") || !strings.Contains(got, s.URL) || !strings.Contains(got, "starting") {
		t.Errorf("it says %q", got)
	}
	s.Happen("order.fix", "wo-000002", "info", "meanwhile")
	s.Instead(nil)
	if got := p.lines(t, 2); !strings.Contains(got[0], "come again") || got[1] != "meanwhile" {
		t.Errorf("then it says %q", got)
	}
}

func TestABreakThatIsOverAtOnceIsNotSpokenOf(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	subscribe(t, d, org1, path)
	p, _, _ := run(t, d, path)
	for i := range 3 {
		until(t, "the stream is followed", func() bool { return s.Followers() == 1 })
		s.Cut()
		s.Happen("order.note", "wo-000002", "info", fmt.Sprint("note ", i))
		if got := p.lines(t, 1)[0]; got != fmt.Sprint("note ", i) {
			t.Errorf("it says %q", got)
		}
	}
}

func TestATokenThatIsRevokedMidStreamIsNamedAtOnce(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	subscribe(t, d, org1, path)
	p, _, _ := run(t, d, path)
	until(t, "the stream is followed", func() bool { return s.Followers() == 1 })
	s.Instead(func(w http.ResponseWriter, _ *http.Request) { apitest.Problem(w, 401, "unauthorized", "") })
	s.Publish("order", "wo-000002")
	if got := p.lines(t, 1)[0]; !strings.Contains(got, "token") || strings.Contains(got, apitest.Token) {
		t.Errorf("it says %q", got)
	}
}

func TestAnOrganisationHasItsChannelsForItself(t *testing.T) {
	s := apitest.New(t)
	channels := briefly()
	d := instance(t, settings(s.URL), channels)
	path := open(t, d, live)
	other := settings(s.URL)
	other.UID = "other"
	for name, got := range map[string]*backend.SubscribeStreamResponse{
		"another organisation": subscribe(t, d, backend.PluginContext{OrgID: 2}, path),
		"another data source":  subscribe(t, instance(t, other, channels), org1, path),
	} {
		if got.Status != backend.SubscribeStreamStatusPermissionDenied || got.InitialData != nil {
			t.Errorf("%s: status %v", name, got.Status)
		}
	}
	for _, unknown := range []string{"events/0000", "events/", "", "events/../" + path, "weather", strings.ToUpper(path)} {
		if got := subscribe(t, d, org1, unknown); got.Status != backend.SubscribeStreamStatusNotFound {
			t.Errorf("%q: status %v", unknown, got.Status)
		}
	}
	err := d.RunStream(t.Context(), &backend.RunStreamRequest{PluginContext: backend.PluginContext{OrgID: 2}, Path: path}, backend.NewStreamSender(make(packets, 1)))
	if !backend.IsDownstreamError(err) || !strings.Contains(err.Error(), "organisation") {
		t.Errorf("a stream of another organisation: %v", err)
	}
	err = d.RunStream(t.Context(), &backend.RunStreamRequest{PluginContext: org1, Path: "events/0000"}, backend.NewStreamSender(make(packets, 1)))
	if err == nil || !strings.Contains(err.Error(), "refresh the panel") {
		t.Errorf("an unknown stream: %v", err)
	}
	if r, err := d.PublishStream(t.Context(), &backend.PublishStreamRequest{PluginContext: org1, Path: path}); err != nil || r.Status != backend.PublishStreamStatusPermissionDenied {
		t.Errorf("somebody may publish: %v, %v", r, err)
	}
}

func TestTheSameFilterIsTheSameChannel(t *testing.T) {
	d := instance(t, settings(apitest.New(t).URL), briefly())
	a := open(t, d, `{"queryType":"dispatch_events","live":true,"asset":["b1-l1","b1-l2"]}`)
	if b := open(t, d, `{"queryType":"dispatch_events","live":true,"asset":["{b1-l2,b1-l1}"]}`); a != b {
		t.Error("the order of words makes another channel")
	}
	if b := open(t, d, `{"queryType":"dispatch_events","live":true,"asset":["b1-l1"]}`); a == b {
		t.Error("another filter has the same channel")
	}
}

func TestAChannelHasOneRunAtATime(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	_, _, first := run(t, d, path)
	until(t, "the first runs", func() bool { return s.Followers() == 1 })
	p, stop, second := run(t, d, path)
	if err := <-first; err != nil {
		t.Errorf("the first ended with %v", err)
	}
	until(t, "the second runs alone", func() bool { return s.Followers() == 1 })
	s.Happen("order.note", "wo-000002", "info", "hello")
	for !slices.Contains(p.lines(t, 1), "hello") { // nobody had subscribed, so that the backlog comes first, perhaps with it
	}
	stop()
	if err := <-second; err != nil {
		t.Errorf("the second ended with %v", err)
	}
}

func TestAStreamThatIsCancelledLeavesNothing(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	subscribe(t, d, org1, path)
	before := mine()
	for range 5 {
		_, stop, ended := run(t, d, path)
		until(t, "the stream is followed", func() bool { return s.Followers() == 1 })
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		until(t, "the server is left alone", func() bool { return s.Followers() == 0 })
	}
	until(t, "no goroutine of the plugin is left", func() bool { return mine() <= before })
}

// mine counts the goroutines that run this module's own code, tests left out.
func mine() int {
	buf := make([]byte, 1<<20)
	n := 0
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "datasource/pkg/plugin.") || strings.Contains(g, "datasource/pkg/api.(") {
			n++
		}
	}
	return n
}

// gone is a sender whose Grafana has ended.
type gone struct{ tries atomic.Int64 }

func (g *gone) Send(*backend.StreamPacket) error {
	g.tries.Add(1)
	return errors.New("transport is closing")
}

func TestAStreamEndsWhenNobodyTakesItsPackets(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, live)
	g := &gone{}
	err := d.RunStream(t.Context(), &backend.RunStreamRequest{PluginContext: org1, Path: path}, backend.NewStreamSender(g))
	if err == nil || g.tries.Load() != 1 {
		t.Errorf("it ended with %v after %d tries", err, g.tries.Load())
	}
}

// The orders of a filter are asked for one after the other. What happens to the first
// while the second is asked for must come all the same.
func TestWhatHappensToOneOrderWhileAnotherIsAskedForIsNotMissed(t *testing.T) {
	s := apitest.New(t)
	d := instance(t, settings(s.URL), briefly())
	path := open(t, d, `{"queryType":"dispatch_events","live":true,"order":["wo-000001","wo-000002"]}`)
	s.Instead(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("subject") == "wo-000002" {
			s.Instead(nil)
			s.Happen("order.note", "wo-000001", "info", "meanwhile")
			s.Happen("order.note", "wo-000003", "info", "of another order")
			s.Happen("order.note", "wo-000002", "info", "then")
		}
		s.Pass(w, r)
	})
	if r := subscribe(t, d, org1, path); r.Status != backend.SubscribeStreamStatusOK {
		t.Fatalf("status %v", r.Status)
	}
	p, _, _ := run(t, d, path)
	if got := p.lines(t, 2); got[0] != "meanwhile" || got[1] != "then" {
		t.Errorf("it says %q", got)
	}
}

// A channel outlives the settings. The number up to which another server was followed
// means nothing to the new one.
func TestAStreamBeginsAnewWhereTheSettingsNameAnotherServer(t *testing.T) {
	first, second := apitest.New(t), apitest.New(t)
	channels := briefly()
	d := instance(t, settings(first.URL), channels)
	path := open(t, d, `{"queryType":"dispatch_events","live":true,"limit":2}`)
	subscribe(t, d, org1, path)
	for i := range 50 {
		second.Happen("order.note", "wo-000002", "info", fmt.Sprint("old ", i))
	}
	p, _, _ := run(t, instance(t, settings(second.URL), channels), path)
	if got := p.lines(t, 1); len(got) != 2 || got[0] != "old 48" || got[1] != "old 49" {
		t.Errorf("first came %q", got)
	}
}
