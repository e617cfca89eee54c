package influx

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"

	"plantroom"
)

// MaxLines is the most that one request carries.
const MaxLines = 5000

// Options say where InfluxDB is.
type Options struct {
	URL      string // http://127.0.0.1:8086
	Token    string // 2.x, 3: an API token; 1.8: "user:password"; "" where it asks for none
	Org      string // 2.x only
	Database string // database, or database/retention-policy; the bucket of 2.x
	Compress bool   // gzip: spares a slow line and costs a fast one
	Timeout  time.Duration
	Client   *http.Client // nil: one with a few kept connections
}

func (o *Options) setDefaults() {
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.Client == nil {
		o.Client = &http.Client{
			Timeout: o.Timeout,
			Transport: &http.Transport{
				Proxy:               http.ProxyFromEnvironment,
				DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
				TLSHandshakeTimeout: 5 * time.Second,
				MaxIdleConnsPerHost: 8,
				IdleConnTimeout:     time.Minute,
			},
		}
	}
}

// Writer writes points. It is safe for concurrent use.
type Writer struct {
	api      api.WriteAPIBlocking
	client   influxdb2.Client
	timeout  time.Duration
	series   seriesCache
	buffers  sync.Pool
	requests atomic.Int64
}

// NewWriter makes a Writer; it does not connect.
func NewWriter(o Options) *Writer {
	o.setDefaults()
	settings := influxdb2.DefaultOptions().
		SetPrecision(time.Nanosecond).
		SetUseGZip(o.Compress).
		SetHTTPClient(o.Client)
	c := influxdb2.NewClientWithOptions(o.URL, o.Token, settings)
	return &Writer{
		client: c, api: c.WriteAPIBlocking(o.Org, o.Database), timeout: o.Timeout,
		buffers: sync.Pool{New: func() any { return new(batch) }},
	}
}

// Close releases idle connections.
func (w *Writer) Close() { w.client.Close() }

// Requests is how many write requests have been sent.
func (w *Writer) Requests() int64 { return w.requests.Load() }

// Write stores points and returns those that InfluxDB will never take, in the
// order of their index. On an error nothing is certain: write the same points
// again. The error has CodeUnavailable where it heals by itself, and
// CodeUnauth, CodeForbidden or CodeNotFound where a person has to act; a
// *plantroom.SendError in its chain says how long to wait at least.
//
// Neighbours of one series and time share a line, one field each.
//
// k bad lines among n ≤ MaxLines cost at most 1 + 2k⌈log2 n⌉ requests, and one
// for each point where several share a bad line.
func (w *Writer) Write(ctx context.Context, points []plantroom.Point) ([]plantroom.Refused, error) {
	var refused []plantroom.Refused
	for start := 0; start < len(points); start += MaxLines {
		more, err := w.write(ctx, points[start:min(start+MaxLines, len(points))])
		if err != nil {
			return nil, err
		}
		for _, r := range more {
			r.Index += start
			refused = append(refused, r)
		}
	}
	return refused, nil
}

func (w *Writer) write(ctx context.Context, points []plantroom.Point) ([]plantroom.Refused, error) {
	b := w.buffers.Get().(*batch)
	defer w.buffers.Put(b)
	b.render(points, &w.series)
	s := sender{w: w, ctx: ctx, points: points, text: string(b.text), lines: b.lines, refused: b.refused,
		rendered: len(points) - len(b.refused)}
	if err := s.send(0, len(b.lines)); err != nil {
		return nil, err
	}
	return s.inOrder(), nil
}
