package ingest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/ingest"
	"plantroom/services/store"
)

// benchBatch is how many readings a batch carries.
const benchBatch = 1000

// discard takes every point.
type discard struct{}

func (discard) Write(context.Context, []plantroom.Point) ([]plantroom.Refused, error) {
	return nil, nil
}

// BenchmarkIngest moves batches of 1,000 readings of 500 devices from the
// wire to "stored", with the consequences in a real SQLite file.
func BenchmarkIngest(b *testing.B) {
	b.Run("discard", func(b *testing.B) {
		file, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "plantroom.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { file.Close() })
		benchmark(b, newRig(b, func(o *ingest.Options) { o.Store, o.Writer, o.Core = file, discard{}, bare{newCore()} }))
	})
	b.Run("influxd", func(b *testing.B) {
		r, _, _ := realRig(b)
		benchmark(b, r)
	})
}

func benchmark(b *testing.B, r *rig) {
	batches := make([]ingest.Delivery, b.N)
	for n := range batches {
		batches[n] = benchDelivery(b, n)
	}
	in := make(chan ingest.Delivery, 32) // a gateway's window
	done := make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	cpu := cpuSeconds(b)
	r.opt.Now = func() plantroom.Instant { return start }
	r.in = ingest.New(r.opt)
	var last wire.Ack
	go func() {
		done <- r.in.Run(b.Context(), in, func(_ plantroom.GatewayID, a wire.Ack) { last = a })
	}()
	for _, d := range batches {
		in <- d
	}
	close(in)
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if c := r.in.Snapshot(); last.Stored != uint64(b.N*benchBatch) && c.Dropped == 0 {
		b.Fatalf("stored %d of %d: %+v", last.Stored, b.N*benchBatch, c)
	}
	b.ReportMetric(float64(b.N*benchBatch)/b.Elapsed().Seconds(), "readings/s")
	b.ReportMetric(float64(r.in.Snapshot().Dropped), "dropped")
	b.ReportMetric((cpuSeconds(b)-cpu)*1e6/float64(b.N*benchBatch), "cpu-s/M")
}

// cpuSeconds is what this process has used: other than the time on the wall
// it says the same on a busy machine.
func cpuSeconds(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func benchDelivery(b *testing.B, n int) ingest.Delivery {
	rs := make([]plantroom.Reading, benchBatch)
	for i := range rs {
		rs[i] = fill(plantroom.DeviceID(fmt.Sprint("bin-", i%500)), n*2+i/500)
	}
	return up(b, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(n*benchBatch + 1), Records: encodeReadings(b, rs...)})
}
