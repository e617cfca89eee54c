package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

type wireBatch = wire.Batch

func encode(t testing.TB, b wire.Batch) []byte {
	t.Helper()
	p, err := wire.AppendBatch(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func record(t testing.TB, r plantroom.Record) []byte {
	t.Helper()
	b, err := wire.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fill is reading number n of a device: one a second, of a plausible value.
func fill(device plantroom.DeviceID, n int) plantroom.Reading {
	return plantroom.Reading{
		Device: device, Signal: "fill", Value: plantroom.Float(float64(n%100) / 100),
		At: start.Add(time.Duration(n-1_000_000) * time.Second),
	}
}

func encodeReadings(t testing.TB, rs ...plantroom.Reading) [][]byte {
	t.Helper()
	var out [][]byte
	for _, r := range rs {
		out = append(out, record(t, plantroom.Record{Reading: r}))
	}
	return out
}

// fills are readings first…last of one device, encoded.
func fills(t testing.TB, device plantroom.DeviceID, first, last int) [][]byte {
	t.Helper()
	var rs []plantroom.Reading
	for n := first; n <= last; n++ {
		rs = append(rs, fill(device, n))
	}
	return encodeReadings(t, rs...)
}

// ackText makes acknowledgements readable: "gw-b1 e7 seen 3 stored 3".
func ackText(gw plantroom.GatewayID, a wire.Ack) string {
	s := fmt.Sprintf("%s e%d seen %d stored %d", gw, a.Epoch, a.Seen, a.Stored)
	if a.Rewind {
		s += " rewind"
	}
	return s
}
