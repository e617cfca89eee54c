package ingest_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/ingest"
)

func wantAcks(t *testing.T, got []ingest.GatewayAck, want ...string) {
	t.Helper()
	var texts []string
	for _, a := range got {
		texts = append(texts, ackText(a.Gateway, a.Ack))
	}
	if !slices.Equal(texts, want) {
		t.Errorf("acks\n got %q\nwant %q", texts, want)
	}
}

func (r *rig) wantShown(device plantroom.DeviceID, first, last int) {
	r.t.Helper()
	var want []plantroom.Instant
	for n := first; n <= last; n++ {
		want = append(want, fill(device, n).At)
	}
	if !slices.Equal(r.core.shown[device], want) {
		r.t.Errorf("%s: the detectors saw %d readings, want %d to %d once and in order", device, len(r.core.shown[device]), first, last)
	}
}

func (r *rig) wantHeld(device plantroom.DeviceID, first, last int) {
	r.t.Helper()
	for n := first; n <= last; n++ {
		if !r.writer.has(fill(device, n)) {
			r.t.Fatalf("%s: reading %d is not in the database", device, n)
		}
	}
}

func TestReadingsAreSeenWhenJudgedAndStoredWhenWritten(t *testing.T) {
	r := newRig(t)
	acks := r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}))
	wantAcks(t, acks, "gw-b1 e7 seen 3 stored 0")
	r.wantShown("bin-1", 1, 3)
	wantAcks(t, r.flush(), "gw-b1 e7 seen 3 stored 3")
	r.wantHeld("bin-1", 1, 3)
	if p := r.store.committed.progress[spool("gw-b1", 7)]; p.Seen != 3 || p.Stored != 3 || p.Heard != start || string(p.Latest) != fmt.Sprint(fill("bin-1", 3).At) {
		t.Errorf("progress %+v", p)
	}
}

func TestABatchForOneGatewayOnly(t *testing.T) {
	r := newRig(t)
	ack, err := r.in.Batch(t.Context(), "gw-b1", encode(t, wire.Batch{Gateway: "gw-b1", Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}), r.now)
	if err != nil || ack != (wire.Ack{Epoch: 7, Seen: 3}) {
		t.Errorf("ack %+v, %v", ack, err)
	}
}

func TestARepeatedBatchChangesNothingAndIsAcknowledgedAgain(t *testing.T) {
	r := newRig(t)
	b := up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)})
	r.judge(b, b)
	r.flush()
	wantAcks(t, r.judge(b), "gw-b1 e7 seen 3 stored 3")
	overlap := up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 2, Records: fills(t, "bin-1", 2, 5)})
	wantAcks(t, r.judge(overlap), "gw-b1 e7 seen 5 stored 3")
	r.wantShown("bin-1", 1, 5)
	r.flush()
	if got := slices.Collect(slices.Values(r.writer.sizes)); !slices.Equal(got, []int{3, 2}) {
		t.Errorf("writes of %v points: what was queued is not queued again", got)
	}
	if c := r.in.Snapshot(); c.Duplicates != 2 || c.Judged != 5 || c.Points != 5 {
		t.Errorf("counters %+v", c)
	}
}

func TestABatchAheadOfItsTurnIsIgnoredAndAskedForAgain(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}))
	ahead := up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 6, Records: fills(t, "bin-1", 6, 9)})
	wantAcks(t, r.judge(ahead), "gw-b1 e7 seen 3 stored 0")
	r.wantShown("bin-1", 1, 3)
	wantAcks(t, r.tick()) // it may come by itself
	r.now = r.now.Add(3 * time.Second)
	wantAcks(t, r.tick(), "gw-b1 e7 seen 3 stored 0 rewind")
	wantAcks(t, r.tick())

	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 9)}))
	r.wantShown("bin-1", 1, 9)
	r.now = r.now.Add(time.Hour)
	wantAcks(t, r.tick())
}

func TestWhatTheGatewayNoLongerHoldsIsADeclaredGap(t *testing.T) {
	r := newRig(t)
	wantAcks(t, r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 101, First: 101, Records: fills(t, "bin-1", 101, 103)})),
		"gw-b1 e7 seen 103 stored 0")
	wantAcks(t, r.flush(), "gw-b1 e7 seen 103 stored 103")
	g := r.store.committed.gaps["gw-b1/7/1"]
	if g.First != 1 || g.Last != 100 || g.Reason == "" || g.At != start {
		t.Errorf("gap %+v", g)
	}
	if c := r.in.Snapshot(); c.Gaps != 1 || c.Lost != 100 {
		t.Errorf("counters: %d gaps, %d lost", c.Gaps, c.Lost)
	}
}

func TestAGapWithoutReadingsMovesTheSpoolOn(t *testing.T) {
	r := newRig(t)
	wantAcks(t, r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 51, First: 51})), "gw-b1 e7 seen 50 stored 0")
	wantAcks(t, r.flush(), "gw-b1 e7 seen 50 stored 50")
}

func TestAResentBatchWithAnOldFirstIsNoGap(t *testing.T) {
	r := newRig(t) // the spool was trimmed between reading and sending: Base lies beyond First
	wantAcks(t, r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 3, First: 1, Records: fills(t, "bin-1", 1, 3)})), "gw-b1 e7 seen 3 stored 0")
	if len(r.store.committed.gaps) != 0 {
		t.Errorf("gaps %v", r.store.committed.gaps)
	}
}

func TestEachSpoolHasItsOwnCursor(t *testing.T) {
	r := newRig(t)
	acks := r.judge(
		up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}),
		up(t, "gw-b2", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-2", 1, 2)}),
		up(t, "gw-b1", wire.Batch{Epoch: 8, Base: 1, First: 1, Records: fills(t, "bin-1", 4, 4)}),
		up(t, "gw-b1", wire.Batch{Epoch: 8, Base: 1, First: 2, Records: fills(t, "bin-1", 5, 5)}),
	)
	wantAcks(t, acks, "gw-b1 e7 seen 3 stored 0", "gw-b2 e7 seen 2 stored 0", "gw-b1 e8 seen 2 stored 0")
	if r.store.commits != 1 {
		t.Errorf("%d transactions for what came together, want 1", r.store.commits)
	}
}

func TestWhatTheGatewayHasDroppedIsOneGapForEachBatchAndCountedExactly(t *testing.T) {
	r := newRig(t)
	drop := record(t, plantroom.Record{Dropped: true})
	b := wireBatch{Epoch: 7, Base: 1, First: 1, Records: append(append([][]byte{drop}, fills(t, "bin-1", 2, 3)...), drop, drop)}
	r.judge(up(t, "gw-b1", b))
	r.judge(up(t, "gw-b1", b)) // it comes again
	b.First, b.Records = 4, [][]byte{drop, drop, drop, drop}
	r.judge(up(t, "gw-b1", b)) // two are known
	want := map[string]plantroom.Gap{
		"gw-b1/7/1": {First: 1, Last: 5, Reason: "3 of these 5 were dropped by the gateway to make room", At: start},
		"gw-b1/7/6": {First: 6, Last: 7, Reason: "dropped by the gateway to make room", At: start},
	}
	if got := r.store.committed.gaps; !maps.Equal(got, want) {
		t.Errorf("gaps are %+v, want %+v", got, want)
	}
	if c := r.in.Snapshot(); c.Gaps != 2 || c.Lost != 5 || c.AsideWire != 0 || c.Judged != 2 {
		t.Errorf("counters: %+v", c)
	}
}

// A reading that was judged while InfluxDB was away can be dropped by its
// gateway before it is asked for it again.
func TestWhatWasSeenAndThenDroppedByTheGatewayIsAGapToo(t *testing.T) {
	r := newRig(t, func(o *ingest.Options) { o.MaxQueue = 2 })
	r.writer.down = errDown
	first := fills(t, "bin-1", 1, 2)
	r.judge(up(t, "gw-b1", wireBatch{Epoch: 7, Base: 1, First: 1, Records: first}))
	r.judge(up(t, "gw-b1", wireBatch{Epoch: 7, Base: 1, First: 3, Records: fills(t, "bin-1", 3, 5)})) // finds no room
	if len(r.store.committed.gaps) > 0 {
		t.Fatalf("gaps %+v", r.store.committed.gaps)
	}
	r.writer.down = nil
	r.flush()
	drop := record(t, plantroom.Record{Dropped: true})
	again := fills(t, "bin-1", 3, 5)
	again[1] = drop
	r.judge(up(t, "gw-b1", wireBatch{Epoch: 7, Base: 1, First: 3, Records: again}))
	wantAcks(t, r.flush(), "gw-b1 e7 seen 5 stored 5")
	if g := r.store.committed.gaps["gw-b1/7/4"]; g.First != 4 || g.Last != 4 {
		t.Errorf("gaps %+v", r.store.committed.gaps)
	}
}

func TestRejectsAndGapsOfTheGatewayAreKept(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: [][]byte{
		record(t, plantroom.Record{Reject: &plantroom.Reject{Source: "zigbee2mqtt/x", Reason: "not JSON", Raw: []byte("{"), Received: start}}),
		record(t, plantroom.Record{Gap: &plantroom.Gap{First: 5, Last: 9, Reason: "disk full", At: start}}),
	}}))
	wantAcks(t, r.flush(), "gw-b1 e7 seen 2 stored 2")
	q := r.store.committed.quarantine
	if len(q) != 1 || q[0].Stage != "gateway" || q[0].Source != "zigbee2mqtt/x" || q[0].Reason != "not JSON" || string(q[0].Raw) != "{" || q[0].Seq != 1 {
		t.Errorf("quarantine %+v", q)
	}
	if g := r.store.committed.gaps["gw-b1/7/5"]; g.Last != 9 || g.Reason != "disk full" {
		t.Errorf("gap %+v", g)
	}
}

// TestPoisonDelaysNothing is G7 for records: each is set aside with its
// reason, and its neighbours go on.
func TestPoisonDelaysNothing(t *testing.T) {
	bad := func(change func(*plantroom.Reading)) []byte {
		rd := fill("bin-1", 50)
		change(&rd)
		return record(t, plantroom.Record{Reading: rd})
	}
	tests := []struct {
		name   string
		record []byte
		stage  string
		says   string
	}{
		{"undecodable", []byte{0xff, 0x00}, "wire", "0xff"},
		{"unknown device", bad(func(r *plantroom.Reading) { r.Device = "ghost" }), "check", "ghost"},
		{"a device of another gateway", bad(func(r *plantroom.Reading) { r.Device = settled }), "check", "stands behind gateway gw-b2, not gw-b1"},
		{"unknown signal", bad(func(r *plantroom.Reading) { r.Signal = "colour" }), "check", "colour"},
		{"wrong type", bad(func(r *plantroom.Reading) { r.Value = plantroom.String("full") }), "check", "wants a float"},
		{"NaN", bad(func(r *plantroom.Reading) { r.Value = plantroom.Float(math.NaN()) }), "check", "finite"},
		{"infinite", bad(func(r *plantroom.Reading) { r.Value = plantroom.Float(math.Inf(1)) }), "check", "finite"},
		{"out of range", bad(func(r *plantroom.Reading) { r.Value = plantroom.Float(1.5) }), "check", "outside 0 to 1"},
		{"unknown state", bad(func(r *plantroom.Reading) { r.Signal, r.Value = "status", plantroom.String("fine") }), "check", "not one of"},
		{"1970", bad(func(r *plantroom.Reading) { r.At = 12_000_000_000 }), "check", "clock is not set"},
		{"the future", bad(func(r *plantroom.Reading) { r.At = start.Add(11 * time.Minute) }), "check", "ahead"},
		{"the far future", bad(func(r *plantroom.Reading) { r.At = math.MaxInt64 }), "check", "ahead"},
		{"long ago", bad(func(r *plantroom.Reading) { r.At = math.MinInt64 }), "check", "clock is not set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			records := fills(t, "bin-1", 1, 3)
			records[1] = tt.record
			r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: records}))
			wantAcks(t, r.flush(), "gw-b1 e7 seen 3 stored 3")
			if !r.writer.has(fill("bin-1", 1)) || !r.writer.has(fill("bin-1", 3)) || len(r.writer.held) != 2 {
				t.Errorf("%d values stored, want its 2 neighbours", len(r.writer.held))
			}
			q := r.store.committed.quarantine
			if len(q) != 1 || q[0].Stage != tt.stage || !strings.Contains(q[0].Reason, tt.says) || !slices.Equal(q[0].Raw, tt.record) || q[0].Seq != 2 || q[0].Gateway != "gw-b1" || q[0].Epoch != 7 {
				t.Errorf("quarantine %+v", q)
			}
		})
	}
}

func TestADeviceIsHeardThroughItsOwnGatewayOnly(t *testing.T) {
	r := newRig(t)
	real, forged := fill(settled, 1), fill(settled, 2)
	r.judge(up(t, settledWith, wire.Batch{Epoch: 7, Base: 1, First: 1, Records: encodeReadings(t, real)}))
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: encodeReadings(t, forged)}))
	r.flush()
	if !r.writer.has(real) || r.writer.has(forged) {
		t.Errorf("%v stored, want what its own gateway said and nothing else", r.writer.held)
	}
	r.wantShown(settled, 1, 1)
}

func TestTenMinutesAheadIsStillBelieved(t *testing.T) {
	r := newRig(t)
	rd := fill("bin-1", 1)
	rd.At = start.Add(10 * time.Minute)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: encodeReadings(t, rd)}))
	if r.flush(); !r.writer.has(rd) {
		t.Error("set aside")
	}
}

func TestDerivedReadingsAreStoredBesideTheirSource(t *testing.T) {
	r := newRig(t)
	near, far := fill("bin-1", 1), fill("bin-1", 2)
	near.Signal, near.Value = "distance_m", plantroom.Float(1)
	far.Signal, far.Value = "distance_m", plantroom.Float(5) // its fill would be negative
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: encodeReadings(t, near, far)}))
	wantAcks(t, r.flush(), "gw-b1 e7 seen 2 stored 2")
	derived := near
	derived.Signal, derived.Value = "fill", plantroom.Float(0.75)
	for _, rd := range []plantroom.Reading{near, far, derived} {
		if !r.writer.has(rd) {
			t.Errorf("%s is not stored", rd.Signal)
		}
	}
	if q := r.store.committed.quarantine; len(q) != 1 || q[0].Source != "bin-1/fill" || !strings.HasPrefix(q[0].Reason, "derived: ") {
		t.Errorf("quarantine %+v", q)
	}
	if got := len(r.core.shown["bin-1"]); got != 2 {
		t.Errorf("the detectors were shown %d readings: the derived ones are their own affair", got)
	}
}

func TestWhatTheDatabaseRefusesIsSetAside(t *testing.T) {
	r := newRig(t)
	r.writer.refuse = func(p plantroom.Point) string {
		if p.At == fill("", 2).At {
			return "field type conflict"
		}
		return ""
	}
	records := fills(t, "bin-1", 1, 3)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: records}))
	wantAcks(t, r.flush(), "gw-b1 e7 seen 3 stored 3")
	q := r.store.committed.quarantine
	if len(q) != 1 || q[0].Stage != "influx" || q[0].Seq != 2 || q[0].Reason != "field type conflict" || !slices.Equal(q[0].Raw, records[1]) {
		t.Errorf("quarantine %+v", q)
	}
}

func TestMessagesThatCannotBeUsedAtAll(t *testing.T) {
	good := wire.Batch{Gateway: "gw-b1", Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 1)}
	payload := encode(t, good)
	tests := []struct {
		name, topic string
		payload     []byte
		says        string
	}{
		{"another gateway's batch", "plantroom/1/story/gw-b2/up", payload, "gw-b1"},
		{"a gateway that is not ours", "plantroom/1/story/rogue/up", payload, "rogue"},
		{"another estate", "plantroom/1/other/gw-b1/up", payload, "other"},
		{"no batch", "plantroom/1/story/gw-b1/up", []byte("hello"), ""},
		{"a cut batch", "plantroom/1/story/gw-b1/up", payload[:len(payload)-1], "ends"},
		{"no topic of ours", "zigbee2mqtt/x", payload, "zigbee2mqtt"},
		{"an ack from outside", "plantroom/1/story/gw-b1/ack", payload, "ack"},
		{"another gateway's state", "plantroom/1/story/gw-b1/state", state(t, "gw-b2", true), "gw-b2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			d := ingest.Delivery{Topic: tt.topic, Payload: tt.payload}
			wantAcks(t, r.judge(d, up(t, "gw-b2", wire.Batch{Epoch: 1, Base: 1, First: 1, Records: fills(t, "bin-2", 1, 1)})),
				"gw-b2 e1 seen 1 stored 0") // the neighbour goes on
			r.judge(d) // it comes again and again
			q := r.store.committed.quarantine
			if len(q) != 1 || q[0].Stage != "wire" || !strings.Contains(q[0].Reason, tt.says) || q[0].Source != tt.topic || len(q[0].Raw) == 0 {
				t.Errorf("quarantine %+v", q)
			}
			if len(r.core.shown["bin-1"]) != 0 {
				t.Error("it was judged")
			}
			if len(q) == 1 && len(q[0].Raw) > plantroom.MaxRaw {
				t.Errorf("%d raw bytes kept", len(q[0].Raw))
			}
		})
	}
}

func state(t *testing.T, gw plantroom.GatewayID, online bool) []byte {
	t.Helper()
	b, err := wire.AppendState(nil, wire.State{Gateway: gw, Online: online, Version: "1", Epoch: 7, Base: 1, Next: 4, At: start})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAGatewayThatIsBackIsToldHowFarItWasHeard(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}))
	topic := "plantroom/1/story/gw-b1/state"
	wantAcks(t, r.judge(ingest.Delivery{Topic: topic, Payload: state(t, "gw-b1", false)}))
	if r.core.online["gw-b1"] {
		t.Error("the last will was not passed on")
	}
	wantAcks(t, r.judge(ingest.Delivery{Topic: topic, Payload: state(t, "gw-b1", true)}), "gw-b1 e7 seen 3 stored 0")
	if !r.core.online["gw-b1"] {
		t.Error("its return was not passed on")
	}
}

func TestTickLetsTimePassForTheDetectors(t *testing.T) {
	r := newRig(t)
	r.now = r.now.Add(time.Hour)
	r.tick()
	if r.core.ticked != r.now {
		t.Errorf("the detectors are at %s, want %s", r.core.ticked, r.now)
	}
	r.store.fail = func() error { return errors.New("disk full") }
	if _, err := r.in.Tick(t.Context(), r.now); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("error %v", err)
	}
	if c := r.in.Snapshot(); c.StoreDownSince != r.now {
		t.Errorf("store down since %s", c.StoreDownSince)
	}
}

func TestAFailedTransactionIsAsIfItHadNeverBeen(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}))
	next := up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 4, Records: fills(t, "bin-1", 4, 6)})
	full := errors.New("disk full")
	r.store.fail = func() error { return full }
	for range 3 {
		acks, err := r.in.Judge(t.Context(), r.now, next)
		if !errors.Is(err, full) || len(acks) != 0 || plantroom.CodeOf(err) != plantroom.CodeUnavailable {
			t.Fatalf("acks %v, error %v", acks, err)
		}
	}
	if c := r.in.Snapshot(); c.StoreDownSince != start || c.StoreErrors != 3 {
		t.Errorf("store down since %s, %d errors", c.StoreDownSince, c.StoreErrors)
	}
	r.store.fail = nil
	wantAcks(t, r.judge(next), "gw-b1 e7 seen 6 stored 0")
	r.wantShown("bin-1", 1, 6)
	if c := r.in.Snapshot(); c.StoreDownSince != 0 || c.Reloads == 0 {
		t.Errorf("store down since %s, %d reloads", c.StoreDownSince, c.Reloads)
	}
}

func TestAStoreThatRunsTheTransactionAgainJudgesOnce(t *testing.T) {
	r := newRig(t)
	r.store.again = 2
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}))
	r.wantShown("bin-1", 1, 3)
}

func TestOneGatewaysPoisonDoesNotHoldUpAnother(t *testing.T) {
	r := newRig(t)
	r.core.fail = func(gw plantroom.GatewayID) error {
		if gw == "gw-b1" {
			return errors.New("a detector has a fault")
		}
		return nil
	}
	acks, err := r.in.Judge(t.Context(), r.now,
		up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}),
		up(t, "gw-b2", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-2", 1, 3)}),
		up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 4, Records: fills(t, "bin-1", 4, 5)}),
	)
	if err == nil {
		t.Error("no error")
	}
	wantAcks(t, acks, "gw-b2 e7 seen 3 stored 0")
	r.wantShown("bin-2", 1, 3)
}

func TestDetectionDoesNotWaitForTheDatabase(t *testing.T) {
	r := newRig(t, func(o *ingest.Options) { o.MaxQueue = 100 })
	r.writer.down = errDown
	for first := 1; first <= 2000; first += 50 {
		r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(first), Records: fills(t, "bin-1", first, first+49)}))
		if _, err := r.in.Flush(t.Context(), r.now); !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		r.now = r.now.Add(time.Minute)
		wantAcks(t, r.tick()) // asking while it cannot be taken would be vain
	}
	r.wantShown("bin-1", 1, 2000)
	c := r.in.Snapshot()
	if c.Queued > 150 || c.Dropped != 1900 || c.WriterDownSince == 0 {
		t.Fatalf("queued %d, dropped %d, down since %s", c.Queued, c.Dropped, c.WriterDownSince)
	}

	// The database is back: what the queue held is stored, the rest asked for.
	r.writer.down = nil
	wantAcks(t, r.flush(), "gw-b1 e7 seen 2000 stored 100")
	wantAcks(t, r.tick(), "gw-b1 e7 seen 2000 stored 100 rewind")
	for first := 101; first <= 2000; first += 100 {
		r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 101, First: uint64(first), Records: fills(t, "bin-1", first, first+99)}))
		r.flush()
		r.now = r.now.Add(5 * time.Second)
		wantAcks(t, r.tick()) // it is coming
	}
	r.wantShown("bin-1", 1, 2000)
	r.wantHeld("bin-1", 1, 2000)
	if p := r.store.committed.progress[spool("gw-b1", 7)]; p.Stored != 2000 {
		t.Errorf("stored %d", p.Stored)
	}
}

func TestAfterACrashTheGatewayIsAskedForWhatWasOnlySeen(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 10)}))
	r.crash()
	wantAcks(t, r.tick())
	r.now = r.now.Add(3 * time.Second)
	wantAcks(t, r.tick(), "gw-b1 e7 seen 10 stored 0 rewind")
	// What comes meanwhile is judged, and left for later.
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 11, Records: fills(t, "bin-1", 11, 12)}))
	wantAcks(t, r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 12)})), "gw-b1 e7 seen 12 stored 0")
	wantAcks(t, r.flush(), "gw-b1 e7 seen 12 stored 12")
	r.wantShown("bin-1", 1, 12)
	r.wantHeld("bin-1", 1, 12)
}

func TestAGatewayThatNeverPausesIsAskedForWhatWasOnlySeen(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 10)}))
	r.crash()
	for next := 11; next <= 40; next++ { // a reading a second, for half a minute
		r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(next), Records: fills(t, "bin-1", next, next)}))
		r.now = r.now.Add(time.Second)
		if acks := r.tick(); len(acks) > 0 {
			wantAcks(t, acks, fmt.Sprintf("gw-b1 e7 seen %d stored 0 rewind", next))
			return
		}
	}
	t.Error("the news keeps it from being asked")
}

func TestWhatWasSeenAndThenLostByTheGatewayIsAGapToo(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 10)}))
	r.crash()
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 8, First: 8, Records: fills(t, "bin-1", 8, 12)}))
	wantAcks(t, r.flush(), "gw-b1 e7 seen 12 stored 12")
	if g := r.store.committed.gaps["gw-b1/7/1"]; g.Last != 7 || !strings.Contains(g.Reason, "judged") {
		t.Errorf("gap %+v", g)
	}
	r.wantShown("bin-1", 1, 12)
	r.wantHeld("bin-1", 8, 12)
}

func TestStoredIsCommittedBeforeItIsSaid(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 3)}))
	r.store.fail = func() error { return errors.New("disk full") }
	acks, err := r.in.Flush(t.Context(), r.now)
	if err == nil || len(acks) != 0 {
		t.Fatalf("acks %v, %v", acks, err)
	}
	r.store.fail = nil
	wantAcks(t, r.flush(), "gw-b1 e7 seen 3 stored 3")
	if len(r.writer.sizes) != 1 {
		t.Errorf("%d writes, want 1: what was written is known", len(r.writer.sizes))
	}
}

func TestTheQuarantineIsBounded(t *testing.T) {
	batches := func(r *rig) {
		for first := 1; first <= 500; first += 50 {
			var records [][]byte
			for range 50 {
				records = append(records, []byte{0xff})
			}
			r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(first), Records: records}))
		}
	}
	t.Run("the oldest go where the store can drop them", func(t *testing.T) {
		store := newMemStore()
		r := newRig(t, func(o *ingest.Options) { o.Store, o.MaxQuarantine = trimStore{store}, 120 })
		batches(r)
		q := store.committed.quarantine
		if len(q) > 120 || len(q) < 50 || q[len(q)-1].Seq != 500 {
			t.Errorf("%d rows, the newest is %d", len(q), q[len(q)-1].Seq)
		}
		if c := r.in.Snapshot(); c.AsideDropped != int64(500-len(q)) {
			t.Errorf("%d counted as dropped, %d kept of 500", c.AsideDropped, len(q))
		}
	})
	t.Run("the newest where it cannot", func(t *testing.T) {
		r := newRig(t, func(o *ingest.Options) { o.MaxQuarantine = 120 })
		batches(r)
		if n := len(r.store.committed.quarantine); n != 100 {
			t.Errorf("%d rows", n)
		}
		if c := r.in.Snapshot(); c.AsideDropped != 400 {
			t.Errorf("%d counted as dropped", c.AsideDropped)
		}
	})
}

func TestAGatewayCannotFillMemoryWithSpools(t *testing.T) {
	r := newRig(t)
	for epoch := range uint64(1100) {
		r.judge(up(t, "gw-b1", wire.Batch{Epoch: epoch, Base: 1, First: 1, Records: fills(t, "bin-1", int(epoch), int(epoch))}))
	}
	if n := len(r.store.committed.progress); n != 1024 {
		t.Errorf("%d spools kept", n)
	}
	if q := r.store.committed.quarantine; len(q) == 0 || !strings.Contains(q[0].Reason, "spools") {
		t.Errorf("quarantine %+v", q)
	}
}

func TestForgetResolvesAnew(t *testing.T) {
	r := newRig(t)
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: fills(t, "bin-1", 1, 1)}))
	old := signals["fill"]
	t.Cleanup(func() { signals["fill"] = old })
	tight := old
	tight.Max = 0.01
	signals["fill"] = tight
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 2, Records: fills(t, "bin-1", 2, 2)}))
	if n := len(r.store.committed.quarantine); n != 0 {
		t.Fatalf("%d set aside by what is not yet in force", n)
	}
	r.in.Forget()
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 3, Records: fills(t, "bin-1", 3, 3)}))
	if n := len(r.store.committed.quarantine); n != 1 {
		t.Errorf("%d set aside, want 1", n)
	}
}
