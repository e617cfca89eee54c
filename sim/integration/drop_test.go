package integration

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool"
	"plantroom/gateway/uplink"
	"plantroom/internal/mqttconn"
)

// A gateway that makes room says of each reading that it has dropped that it
// is gone: what the services do not have, they know that they do not have.
// Spool, uplink, broker, server and InfluxDB are the real ones; of the gateway
// only the program is left out, whose smallest spool takes a minute to fill.
func TestEachReadingThatAGatewayDropsIsDeclared(t *testing.T) {
	h := open(t, plan{apart: true})
	h.Gateways["gw-b1"].Stop()
	h.Server.Kill()

	s, _, err := spool.Open(spool.Options{Dir: filepath.Join(h.dir, "small"), MaxBytes: 64 << 10, Linger: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const readings = 20_000
	begin := plantroom.At(time.Now().Add(-time.Hour))
	accept(t, s, begin, readings)
	h.back(h.Server)
	up, err := uplink.New(uplink.Options{Broker: mqttconn.Options{URL: h.uplink.url}, Estate: h.Estate.ID, Gateway: "gw-b1", Spool: s})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); up.Run(ctx) }()
	defer func() { stop(); <-ended }()

	within(t, reconnected, "the spool is drained", func(context.Context) error {
		return unless(s.Base() > readings, "the services have it up to %d of %d", s.Base()-1, readings)
	})
	have, err := stored(t.Context(), h.Stack)
	if err != nil {
		t.Fatal(err)
	}
	var gaps struct {
		Items []struct {
			Gateway     plantroom.GatewayID
			First, Last uint64
		}
	}
	if err := h.Get(t.Context(), "/api/v1/gaps", &gaps); err != nil {
		t.Fatal(err)
	}
	declared := func(seq uint64) bool {
		for _, g := range gaps.Items {
			if g.Gateway == "gw-b1" && g.First <= seq && seq <= g.Last {
				return true
			}
		}
		return false
	}
	kept, dropped := 0, 0
	for seq := uint64(1); seq <= readings; seq++ {
		switch {
		case have.has(series{"b1-l1-box", "cycles"}, begin.Add(time.Duration(seq)*time.Millisecond), plantroom.Float(float64(seq))):
			kept++
		case declared(seq):
			dropped++
		default:
			t.Fatalf("reading %d was accepted, is not in InfluxDB, and in none of %d gaps", seq, len(gaps.Items))
		}
	}
	t.Logf("%d readings accepted: %d in InfluxDB, %d declared dropped", readings, kept, dropped)
	if kept == 0 || dropped == 0 {
		t.Error("the spool was to keep some, and to drop some")
	}
}

// accept has a spool take readings that may be dropped: the n-th has n for its
// value. It waits for room as a source does.
func accept(t *testing.T, s *spool.Spool, begin plantroom.Instant, n int) {
	t.Helper()
	answers := make(chan error, n)
	for seq := 1; seq <= n; seq++ {
		rec, err := wire.AppendRecord(nil, plantroom.Record{Reading: plantroom.Reading{Device: "b1-l1-box", Signal: "cycles", Value: plantroom.Float(float64(seq)),
			At: begin.Add(time.Duration(seq) * time.Millisecond), Quality: plantroom.Good}})
		if err != nil {
			t.Fatal(err)
		}
		within(t, soon, "a reading is taken", func(context.Context) error {
			err := s.SubmitSpare(rec, func(_ uint64, err error) { answers <- err })
			if err != nil && !errors.Is(err, spool.ErrFull) {
				t.Fatal(err)
			}
			return err
		})
	}
	for range n {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
}
