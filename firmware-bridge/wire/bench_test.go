package wire_test

import (
	"fmt"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// sampleRecords encodes n readings as an estate sends them: numbers, states
// and truth values of 200 devices.
func sampleRecords(b *testing.B, n int) [][]byte {
	b.Helper()
	out := make([][]byte, n)
	for i := range out {
		r := plantroom.Reading{
			Device: plantroom.DeviceID(fmt.Sprintf("b%d-lift-%d", i%4+1, i%50)),
			Signal: "motor_current_a",
			Value:  plantroom.Float(float64(i) / 7),
			At:     monday + plantroom.Instant(i),
		}
		switch i % 4 {
		case 1:
			r.Signal, r.Value = "floor", plantroom.Float(float64(i%20))
		case 2:
			r.Signal, r.Value = "door", plantroom.String("closing")
		case 3:
			r.Signal, r.Value = "passenger_alarm", plantroom.Bool(false)
		}
		rec, err := wire.AppendRecord(nil, plantroom.Record{Reading: r})
		if err != nil {
			b.Fatal(err)
		}
		out[i] = rec
	}
	return out
}

// The figures are per reading: a batch of 1,000 counts as 1,000 operations.
const perBatch = 1000

func BenchmarkAppendRecord(b *testing.B) {
	rec := plantroom.Record{Reading: plantroom.Reading{Device: "b1-lift-1", Signal: "motor_current_a", Value: plantroom.Float(7.3), At: monday}}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = wire.AppendRecord(buf[:0], rec); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkAppendBatch(b *testing.B) {
	batch := wire.Batch{Gateway: "gw-b1", Epoch: 1, Base: 1, First: 1, Sent: monday, Records: sampleRecords(b, perBatch)}
	var buf []byte
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += perBatch {
		var err error
		if buf, err = wire.AppendBatch(buf[:0], batch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeBatch(b *testing.B) {
	p, err := wire.AppendBatch(nil, wire.Batch{Gateway: "gw-b1", Epoch: 1, Base: 1, First: 1, Sent: monday, Records: sampleRecords(b, perBatch)})
	if err != nil {
		b.Fatal(err)
	}
	var d wire.Decoder
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += perBatch {
		batch, err := wire.DecodeBatch(p)
		if err != nil {
			b.Fatal(err)
		}
		for _, rec := range batch.Records {
			if _, err := d.Record(rec); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkDecodeAck(b *testing.B) {
	p, err := wire.AppendAck(nil, wire.Ack{Epoch: 1, Stored: 1 << 30, Seen: 1 << 31})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.DecodeAck(p); err != nil {
			b.Fatal(err)
		}
	}
}
