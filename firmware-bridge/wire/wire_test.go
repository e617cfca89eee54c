package wire_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

const monday = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z

func reading(value plantroom.Value) plantroom.Record {
	return plantroom.Record{Reading: plantroom.Reading{Device: "l1", Signal: "floor", Value: value, At: monday}}
}

func TestAnUnknownVersionCanBeToldFromNonsense(t *testing.T) {
	for kind, b := range map[string][]byte{
		"batch": {0x82, 0x02, 0x60},
		"ack":   {0x98, 0x63, 0x18, 0x2a, 0x60},
		"state": {0x81, 0x02},
	} {
		if _, err := decodeKind(kind, b); !errors.Is(err, wire.ErrVersion) {
			t.Errorf("%s of another version: %v, want ErrVersion", kind, err)
		}
	}
	if _, err := wire.DecodeAck([]byte("online")); errors.Is(err, wire.ErrVersion) {
		t.Error("text is taken for another version")
	}
}

func TestARecordOutOfBoundsIsNotWritten(t *testing.T) {
	long := strings.Repeat("x", wire.MaxName+1)
	for name, r := range map[string]plantroom.Record{
		"nothing at all":     {},
		"no value":           {Reading: plantroom.Reading{Device: "l1", Signal: "floor", At: monday}},
		"no device":          {Reading: plantroom.Reading{Signal: "floor", Value: plantroom.Float(1)}},
		"no signal":          {Reading: plantroom.Reading{Device: "l1", Value: plantroom.Float(1)}},
		"a long device":      {Reading: plantroom.Reading{Device: plantroom.DeviceID(long), Signal: "floor", Value: plantroom.Float(1)}},
		"a long signal":      {Reading: plantroom.Reading{Device: "l1", Signal: long, Value: plantroom.Float(1)}},
		"a long state":       reading(plantroom.String(strings.Repeat("x", wire.MaxState+1))),
		"a broken state":     reading(plantroom.String("\xff")),
		"an unknown quality": {Reading: plantroom.Reading{Device: "l1", Signal: "floor", Value: plantroom.Float(1), Quality: 5}},
		"a gap backwards":    {Gap: &plantroom.Gap{First: 5, Last: 4}},
		"a gap from nothing": {Gap: &plantroom.Gap{First: 0, Last: 4}},
		"two things at once": {Gap: &plantroom.Gap{First: 1, Last: 4}, Reject: &plantroom.Reject{}},
		"a reading and more": {Reading: reading(plantroom.Float(1)).Reading, Reject: &plantroom.Reject{}},
	} {
		got, err := wire.AppendRecord([]byte("kept"), r)
		if plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: error %v, want code invalid", name, err)
		}
		if string(got) != "kept" {
			t.Errorf("%s: wrote %x", name, got)
		}
	}
}

func TestARejectIsCutRatherThanRefused(t *testing.T) {
	huge := plantroom.Record{Reject: &plantroom.Reject{
		Source: strings.Repeat("门", 200), Reason: "\xff" + strings.Repeat("é", 1000),
		Raw: make([]byte, plantroom.MaxRaw+1), Received: monday,
	}}
	b, err := wire.AppendRecord(nil, huge)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > wire.MaxRecordBytes {
		t.Errorf("%d bytes: more than MaxRecordBytes", len(b))
	}
	back, err := wire.DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	r := back.Reject
	if want := strings.Repeat("门", wire.MaxSource/3); r.Source != want {
		t.Errorf("source %q, want %q", r.Source, want)
	}
	if !strings.HasPrefix(r.Reason, "\uFFFDé") || len(r.Reason) > wire.MaxReason || !utf8.ValidString(r.Reason) {
		t.Errorf("reason %q is not cut to valid UTF-8", r.Reason)
	}
	if len(r.Raw) != plantroom.MaxRaw || r.Received != monday {
		t.Errorf("%d raw bytes at %s", len(r.Raw), r.Received)
	}
}

func TestABatchOutOfBoundsIsNotWritten(t *testing.T) {
	ok := wire.Batch{Gateway: "gw-b1", Epoch: 1, Base: 1, First: 1, Sent: monday}
	for name, c := range map[string]struct {
		change func(*wire.Batch)
		code   plantroom.Code
	}{
		"no gateway":               {func(b *wire.Batch) { b.Gateway = "" }, plantroom.CodeInvalid},
		"sequence 0":               {func(b *wire.Batch) { b.First = 0 }, plantroom.CodeInvalid},
		"sequence beyond all":      {func(b *wire.Batch) { b.First = 1 << 63 }, plantroom.CodeInvalid},
		"base beyond all":          {func(b *wire.Batch) { b.Base = 1 << 63 }, plantroom.CodeInvalid},
		"too many records":         {func(b *wire.Batch) { b.Records = make([][]byte, wire.MaxBatchRecords+1) }, plantroom.CodeTooLarge},
		"too large a record":       {func(b *wire.Batch) { b.Records = [][]byte{make([]byte, wire.MaxRecordBytes+1)} }, plantroom.CodeTooLarge},
		"too many bytes in all":    {func(b *wire.Batch) { b.Records = records(210, wire.MaxRecordBytes) }, plantroom.CodeTooLarge},
		"one byte above MaxRecord": {func(b *wire.Batch) { b.Records = records(1, wire.MaxRecordBytes+1) }, plantroom.CodeTooLarge},
	} {
		b := ok
		c.change(&b)
		got, err := wire.AppendBatch([]byte("kept"), b)
		if plantroom.CodeOf(err) != c.code || string(got) != "kept" {
			t.Errorf("%s: %q and error %v, want code %s", name, got, err, c.code)
		}
	}
	if _, err := wire.AppendAck(nil, wire.Ack{Stored: 2, Seen: 1}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("an ack that has stored more than it has seen: %v", err)
	}
	if _, err := wire.AppendState(nil, wire.State{Gateway: "Gw"}); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("a state of an invalid gateway: %v", err)
	}
	for name, s := range map[string]wire.Spool{"of an invalid gateway": {Gateway: "Gw"}, "with a clock of later": {Gateway: "gw-b1", Clock: 3},
		"beyond a signed column": {Gateway: "gw-b1", Used: 1 << 63}, "with a limit beyond it": {Gateway: "gw-b1", Limit: 1 << 63}} {
		if b, err := wire.AppendSpool([]byte("kept"), s); plantroom.CodeOf(err) != plantroom.CodeInvalid || string(b) != "kept" {
			t.Errorf("a spool %s: %v", name, err)
		}
	}
}

func records(n, size int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = make([]byte, size)
	}
	return out
}

func TestMaxPayloadAlwaysFitsOneBatch(t *testing.T) {
	gateway := plantroom.GatewayID(strings.Repeat("g", plantroom.MaxID))
	for _, n := range []int{1 + wire.MaxPayload/wire.MaxRecordBytes, 1000, wire.MaxBatchRecords} {
		recs := records(n, wire.MaxPayload/n)
		for i := range wire.MaxPayload - n*(wire.MaxPayload/n) {
			recs[i] = append(recs[i], 0)
		}
		b, err := wire.AppendBatch(nil, wire.Batch{
			Gateway: gateway, Epoch: math.MaxUint64, Base: 1 << 62, First: 1 << 62, Sent: math.MinInt64, Records: recs,
		})
		if err != nil {
			t.Fatalf("%d records: %v", n, err)
		}
		back, err := wire.DecodeBatch(b)
		if err != nil || len(back.Records) != n {
			t.Errorf("%d records: %d came back, %v", n, len(back.Records), err)
		}
	}
}

func TestABatchBeyondTheBoundIsRefusedUnread(t *testing.T) {
	_, err := wire.DecodeBatch(make([]byte, wire.MaxBatchBytes+1))
	if plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("%v, want code too_large", err)
	}
	_, err = wire.DecodeRecord(make([]byte, wire.MaxRecordBytes+1))
	if plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("%v, want code too_large", err)
	}
}

func TestOneBadRecordLeavesTheOthersInPlace(t *testing.T) {
	good, err := wire.AppendRecord(nil, reading(plantroom.Float(3)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := wire.AppendBatch(nil, wire.Batch{Gateway: "gw-b1", First: 1, Records: [][]byte{good, {0xff, 0x9f}, good}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := wire.DecodeBatch(p)
	if err != nil {
		t.Fatal(err)
	}
	var d wire.Decoder
	for i, wantErr := range []bool{false, true, false} {
		if _, err := d.Record(b.Records[i]); (err != nil) != wantErr {
			t.Errorf("record %d: %v", i, err)
		}
	}
}

func TestADecoderSharesNamesAndKeepsOnlySoMany(t *testing.T) {
	var d wire.Decoder
	for i := range 40_000 {
		want := plantroom.DeviceID(fmt.Sprintf("device-%d", i))
		b, err := wire.AppendRecord(nil, plantroom.Record{Reading: plantroom.Reading{Device: want, Signal: "s", Value: plantroom.Float(1)}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Record(b)
		if err != nil || got.Reading.Device != want || got.Reading.Signal != "s" {
			t.Fatalf("record %d: %+v, %v", i, got, err)
		}
	}
	b, _ := wire.AppendRecord(nil, reading(plantroom.String("inspection")))
	if _, err := d.Record(b); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := d.Record(b); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("a reading with known names costs %v allocations", n)
	}
}

func TestADecodedRecordDoesNotAliasItsBytes(t *testing.T) {
	b, err := wire.AppendRecord(nil, plantroom.Record{Reject: &plantroom.Reject{Source: "topic", Reason: "why", Raw: []byte("raw")}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := wire.DecodeRecord(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if r.Reject.Source != "topic" || r.Reject.Reason != "why" || string(r.Reject.Raw) != "raw" {
		t.Errorf("changed with its bytes: %+v", r.Reject)
	}
}

func TestAnyReadingComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Map(rapid.Float64(), plantroom.Float),
			rapid.Map(rapid.Float32(), func(f float32) plantroom.Value { return plantroom.Float(float64(f)) }),
			rapid.Map(rapid.Int16(), func(i int16) plantroom.Value { return plantroom.Float(float64(i) / 8) }),
			rapid.Map(rapid.Bool(), plantroom.Bool),
			rapid.Map(rapid.StringN(0, -1, wire.MaxState), plantroom.String),
		).Draw(t, "value")
		want := plantroom.Record{Reading: plantroom.Reading{
			Device:  plantroom.DeviceID(rapid.StringN(1, -1, wire.MaxName).Draw(t, "device")),
			Signal:  rapid.StringN(1, -1, wire.MaxName).Draw(t, "signal"),
			Value:   value,
			At:      plantroom.Instant(rapid.Int64().Draw(t, "at")),
			Quality: plantroom.Quality(rapid.Uint8Range(0, 4).Draw(t, "quality")),
		}}
		b, err := wire.AppendRecord(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.DecodeRecord(b)
		if err != nil || !same(got, want) {
			t.Fatalf("%x came back as %+v, %v; want %+v", b, got, err, want)
		}
	})
}

func TestTopics(t *testing.T) {
	for _, leaf := range []wire.Leaf{wire.Up, wire.AckLeaf, wire.StateLeaf, wire.ConfigLeaf, wire.AnswerLeaf, wire.SpoolLeaf} {
		topic := wire.Topic("story", "gw-b1", leaf)
		if want := "plantroom/1/story/gw-b1/" + string(leaf); topic != want {
			t.Errorf("topic %s, want %s", topic, want)
		}
		e, g, l, err := wire.ParseTopic(topic)
		if e != "story" || g != "gw-b1" || l != leaf || err != nil {
			t.Errorf("%s gives %s, %s, %s, %v", topic, e, g, l, err)
		}
	}
	for _, topic := range []string{
		"", "plantroom", "plantroom/1/story/gw-b1", "plantroom/1/story/gw-b1/up/x", "plantroom/1/story/gw-b1/down",
		"plantroom/1/story//up", "plantroom/1/+/gw-b1/up", "plantroom/1/story/GW/up", "other/1/story/gw-b1/up", "plantroom/01/story/gw-b1/up",
	} {
		if e, g, l, err := wire.ParseTopic(topic); plantroom.CodeOf(err) != plantroom.CodeInvalid || e != "" || g != "" || l != "" {
			t.Errorf("%q gives %q, %q, %q, %v", topic, e, g, l, err)
		}
	}
	if _, _, _, err := wire.ParseTopic("plantroom/2/story/gw-b1/up"); !errors.Is(err, wire.ErrVersion) {
		t.Errorf("a topic of another version: %v", err)
	}
}

func TestPeekTellsTheDeviceAndSignalOfReadingsOnly(t *testing.T) {
	for _, v := range loadVectors(t).Good {
		rec, ok := v.value(t).(plantroom.Record)
		if !ok {
			continue
		}
		device, signal, is := wire.Peek(unhex(t, v.Hex))
		if want := rec.Reading != (plantroom.Reading{}); is != want || string(device) != string(rec.Reading.Device) || string(signal) != rec.Reading.Signal {
			t.Errorf("%s: %q %q %v", v.Name, device, signal, is)
		}
	}
	for _, v := range loadVectors(t).Malformed { // no panic
		wire.Peek(unhex(t, v.Hex))
	}
}
