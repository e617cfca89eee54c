package app

import (
	"bytes"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/app/config"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

func TestTheSpoolsWordForADroppedRecordIsTheWires(t *testing.T) {
	b, err := wire.AppendRecord(nil, plantroom.Record{Dropped: true})
	if err != nil || !bytes.Equal(b, spool.DefaultDropped) {
		t.Fatalf("the wire says %x (%v), the spool %x", b, err, spool.DefaultDropped)
	}
}

func TestTheFirstStreamThatFitsCounts(t *testing.T) {
	streams := []config.Stream{
		{Signal: "state", Policy: config.Refuse},
		{Source: "source/zigbee", Device: "b1-*-env", Policy: config.DropOldest},
		{Signal: "battery_*", Policy: config.DropOldest},
	}
	for _, c := range []struct {
		source, device, signal string
		want                   config.Policy
	}{
		{"source/zigbee", "b1-2-env", "temperature_c", config.DropOldest},
		{"source/zigbee", "b1-2-env", "state", config.Refuse},
		{"source/lora", "b1-2-env", "temperature_c", config.Refuse},
		{"pin/b1-l1-fault", "b1-l1-fault", "battery_pct", config.DropOldest},
		{"source/zigbee", "b1-leak", "wet", config.Refuse},
	} {
		if got := policy(streams, c.source, c.device, c.signal); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// Through the door of a source, readings of a stream that may be dropped make
// room for the others, and rejects stay.
func TestChattyReadingsMakeRoomForLeaks(t *testing.T) {
	s, _, err := spool.Open(spool.Options{Dir: "/spool", FS: faultfs.New(), MaxBytes: 64 << 10, SegmentBytes: 4 << 10, Linger: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := &App{spool: s, streams: []config.Stream{{Signal: "rssi_dbm", Policy: config.DropOldest}}}
	door := a.gate("source/lora")
	kept, spare := map[uint64]bool{}, 0
	store := func(r plantroom.Record, stays bool) {
		b, err := wire.AppendRecord(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		stored := make(chan uint64, 1)
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) { // as a broker sends it again
			err := door.Submit(b, func(seq uint64, err error) {
				if err != nil {
					t.Error(err)
				}
				stored <- seq
			})
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("no room was made: %v, %+v", err, s.Stats())
			}
		}
		if seq := <-stored; stays {
			kept[seq] = true
		}
	}
	noise := make([]byte, 700)
	for i := range 6000 {
		at := plantroom.Instant(1_772_452_800_000_000_000 + int64(i)*7_919_113)
		switch i % 100 {
		case 0:
			store(plantroom.Record{Reading: plantroom.Reading{Device: "b1-leak", Signal: "state", Value: plantroom.String("wet"), At: at}}, true)
		case 50:
			if i%500 != 50 {
				continue
			}
			store(plantroom.Record{Reject: &plantroom.Reject{Source: "x", Reason: "test", Raw: noise, Received: at}}, true)
		default:
			spare++
			store(plantroom.Record{Reading: plantroom.Reading{Device: "b1-leak", Signal: "rssi_dbm", Value: plantroom.Float(float64(i*i) / 7), At: at}}, false)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) { // room is made while one reads
		before := s.Stats().Dropped
		dropped := droppedOf(t, s, kept)
		if dropped > 0 && dropped < spare && uint64(dropped) == before && before == s.Stats().Dropped {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d were dropped, %+v", dropped, spare, s.Stats())
		}
	}
}

// droppedOf reads a spool whole, and counts the records that were dropped.
func droppedOf(t *testing.T, s *spool.Spool, kept map[uint64]bool) (dropped int) {
	for from := uint64(1); from < s.Next(); {
		first, recs, err := s.Read(from, 1000, 1<<20)
		if err != nil || first != from || len(recs) == 0 {
			t.Fatalf("Read(%d) = %d, %d records, %v", from, first, len(recs), err)
		}
		for i, b := range recs {
			r, err := wire.DecodeRecord(b)
			if err != nil || r.Dropped && kept[first+uint64(i)] {
				t.Fatalf("record %d: %+v, %v", first+uint64(i), r, err)
			}
			if r.Dropped {
				dropped++
			}
		}
		from = first + uint64(len(recs))
	}
	return dropped
}
