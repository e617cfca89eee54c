package wire_test

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// The vectors in testdata/vectors.json were computed by an encoder that shares
// nothing with this package, and belong to the C library as well.

// vector is one message and its only encoding. One of the rest is set.
type vector struct {
	Name    string       `json:"name"`
	Hex     string       `json:"hex"`
	Reading *readingText `json:"reading"`
	Reject  *struct {
		Source   string `json:"source"`
		Reason   string `json:"reason"`
		Raw      string `json:"raw"`
		Received int64  `json:"received"`
	} `json:"reject"`
	Gap *struct {
		First  uint64 `json:"first"`
		Last   uint64 `json:"last"`
		Reason string `json:"reason"`
		At     int64  `json:"at"`
	} `json:"gap"`
	Dropped bool `json:"dropped"`
	Batch   *struct {
		Gateway string   `json:"gateway"`
		Epoch   uint64   `json:"epoch"`
		Base    uint64   `json:"base"`
		First   uint64   `json:"first"`
		Sent    int64    `json:"sent"`
		Records []string `json:"records"`
	} `json:"batch"`
	Ack   *wire.Ack `json:"ack"`
	State *struct {
		Gateway string `json:"gateway"`
		Online  bool   `json:"online"`
		Version string `json:"version"`
		Epoch   uint64 `json:"epoch"`
		Base    uint64 `json:"base"`
		Next    uint64 `json:"next"`
		At      int64  `json:"at"`
	} `json:"state"`
	Config *configText `json:"config"`
	Answer *answerText `json:"answer"`
	Spool  *struct {
		Gateway string `json:"gateway"`
		Epoch   uint64 `json:"epoch"`
		Used    uint64 `json:"used"`
		Limit   uint64 `json:"limit"`
		Clock   uint8  `json:"clock"`
		At      int64  `json:"at"`
	} `json:"spool"`
}

// readingText is a reading whose value is one of float (a number or "NaN",
// "Infinity", "-Infinity"), string and bool.
type readingText struct {
	Device  string          `json:"device"`
	Signal  string          `json:"signal"`
	Float   json.RawMessage `json:"float"`
	Text    *string         `json:"string"`
	Bool    *bool           `json:"bool"`
	At      int64           `json:"at"`
	Quality uint8           `json:"quality"`
}

type malformed struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"` // record, batch, ack, state, config, answer, spool
	Hex   string `json:"hex"`
	Error string `json:"error"` // part of what is said about it
}

type vectorFile struct {
	Good      []vector    `json:"good"`
	Malformed []malformed `json:"malformed"`
}

func loadVectors(t testing.TB) vectorFile {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Good) == 0 || len(f.Malformed) == 0 {
		t.Fatal("testdata/vectors.json holds no vectors")
	}
	return f
}

// value gives the Go value that the vector describes: a plantroom.Record,
// wire.Batch, wire.Ack, wire.State, wire.Config, wire.Answer or wire.Spool.
func (v vector) value(t testing.TB) any {
	t.Helper()
	switch {
	case v.Reading != nil:
		return plantroom.Record{Reading: v.Reading.reading(t)}
	case v.Reject != nil:
		return plantroom.Record{Reject: &plantroom.Reject{
			Source: v.Reject.Source, Reason: v.Reject.Reason,
			Raw: unhex(t, v.Reject.Raw), Received: plantroom.Instant(v.Reject.Received),
		}}
	case v.Gap != nil:
		return plantroom.Record{Gap: &plantroom.Gap{
			First: v.Gap.First, Last: v.Gap.Last, Reason: v.Gap.Reason, At: plantroom.Instant(v.Gap.At),
		}}
	case v.Dropped:
		return plantroom.Record{Dropped: true}
	case v.Batch != nil:
		b := wire.Batch{
			Gateway: plantroom.GatewayID(v.Batch.Gateway), Epoch: v.Batch.Epoch, Base: v.Batch.Base,
			First: v.Batch.First, Sent: plantroom.Instant(v.Batch.Sent), Records: [][]byte{},
		}
		for _, r := range v.Batch.Records {
			b.Records = append(b.Records, unhex(t, r))
		}
		return b
	case v.Ack != nil:
		return *v.Ack
	case v.State != nil:
		return wire.State{
			Gateway: plantroom.GatewayID(v.State.Gateway), Online: v.State.Online, Version: v.State.Version,
			Epoch: v.State.Epoch, Base: v.State.Base, Next: v.State.Next, At: plantroom.Instant(v.State.At),
		}
	}
	if v.Config != nil {
		return v.Config.config(t)
	}
	if v.Answer != nil {
		return v.Answer.answer(t)
	}
	if s := v.Spool; s != nil {
		return wire.Spool{
			Gateway: plantroom.GatewayID(s.Gateway), Epoch: s.Epoch, Used: s.Used, Limit: s.Limit,
			Clock: wire.ClockState(s.Clock), At: plantroom.Instant(s.At),
		}
	}
	t.Fatalf("vector %q describes nothing", v.Name)
	return nil
}

func (r *readingText) reading(t testing.TB) plantroom.Reading {
	t.Helper()
	out := plantroom.Reading{
		Device: plantroom.DeviceID(r.Device), Signal: r.Signal,
		At: plantroom.Instant(r.At), Quality: plantroom.Quality(r.Quality),
	}
	switch {
	case r.Text != nil:
		out.Value = plantroom.String(*r.Text)
	case r.Bool != nil:
		out.Value = plantroom.Bool(*r.Bool)
	default:
		var f float64
		switch text := string(r.Float); text {
		case `"NaN"`:
			f = math.NaN()
		case `"Infinity"`:
			f = math.Inf(1)
		case `"-Infinity"`:
			f = math.Inf(-1)
		default:
			if err := json.Unmarshal(r.Float, &f); err != nil {
				t.Fatalf("float %s: %v", text, err)
			}
		}
		out.Value = plantroom.Float(f)
	}
	return out
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	if s == "" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func appendAny(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case plantroom.Record:
		return wire.AppendRecord(dst, v)
	case wire.Batch:
		return wire.AppendBatch(dst, v)
	case wire.Ack:
		return wire.AppendAck(dst, v)
	case wire.Config:
		return wire.AppendConfig(dst, v)
	case wire.Answer:
		return wire.AppendAnswer(dst, v)
	case wire.Spool:
		return wire.AppendSpool(dst, v)
	default:
		return wire.AppendState(dst, v.(wire.State))
	}
}

func decodeKind(kind string, b []byte) (any, error) {
	switch kind {
	case "record":
		return wire.DecodeRecord(b)
	case "batch":
		return wire.DecodeBatch(b)
	case "ack":
		return wire.DecodeAck(b)
	case "state":
		return wire.DecodeState(b)
	case "config":
		return wire.DecodeConfig(b)
	case "answer":
		return wire.DecodeAnswer(b)
	case "spool":
		return wire.DecodeSpool(b)
	}
	panic("unknown kind " + kind)
}

func kindOf(v any) string {
	switch v.(type) {
	case plantroom.Record:
		return "record"
	case wire.Batch:
		return "batch"
	case wire.Ack:
		return "ack"
	case wire.Config:
		return "config"
	case wire.Answer:
		return "answer"
	case wire.Spool:
		return "spool"
	}
	return "state"
}

func TestEachVectorHasOneEncoding(t *testing.T) {
	for _, v := range loadVectors(t).Good {
		t.Run(v.Name, func(t *testing.T) {
			want := v.value(t)
			prefix := []byte("kept")
			got, err := appendAny(prefix, want)
			if err != nil {
				t.Fatalf("encode: %v", err)
			}
			if s := hex.EncodeToString(got[len(prefix):]); s != v.Hex || string(got[:len(prefix)]) != "kept" {
				t.Errorf("encoded %s\nwant    %s", s, v.Hex)
			}
			back, err := decodeKind(kindOf(want), unhex(t, v.Hex))
			if err != nil {
				t.Fatalf("decode: %v", err)
			}
			if !same(back, want) {
				t.Errorf("decoded %+v\nwant    %+v", back, want)
			}
		})
	}
}

// same compares with NaN equal to itself.
func same(a, b any) bool {
	ra, okA := a.(plantroom.Record)
	rb, okB := b.(plantroom.Record)
	if okA && okB && isNaN(ra) && isNaN(rb) {
		ra.Reading.Value, rb.Reading.Value = plantroom.Value{}, plantroom.Value{}
		return reflect.DeepEqual(ra, rb)
	}
	if ba, ok := a.(wire.Batch); ok {
		bb := b.(wire.Batch)
		if len(ba.Records) != len(bb.Records) {
			return false
		}
		for i := range ba.Records {
			if string(ba.Records[i]) != string(bb.Records[i]) {
				return false
			}
		}
		ba.Records, bb.Records = nil, nil
		return reflect.DeepEqual(ba, bb)
	}
	return reflect.DeepEqual(a, b)
}

func isNaN(r plantroom.Record) bool {
	return r.Reading.Value.Kind() == plantroom.FloatKind && math.IsNaN(r.Reading.Value.Num())
}

func TestEachVectorIsCoreDeterministicCBOR(t *testing.T) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range loadVectors(t).Good {
		raw := unhex(t, v.Hex)
		var generic any
		if err := cbor.Unmarshal(raw, &generic); err != nil {
			t.Errorf("%s: a CBOR library does not read it: %v", v.Name, err)
			continue
		}
		again, err := enc.Marshal(generic)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if got := hex.EncodeToString(again); got != v.Hex {
			t.Errorf("%s: a CBOR library writes %s\nwant %s", v.Name, got, v.Hex)
		}
	}
}

func TestMalformedIsRefusedWithAReason(t *testing.T) {
	for _, m := range loadVectors(t).Malformed {
		t.Run(m.Kind+"/"+m.Name, func(t *testing.T) {
			got, err := decodeKind(m.Kind, unhex(t, m.Hex))
			if err == nil {
				t.Fatalf("decoded to %+v", got)
			}
			if plantroom.CodeOf(err) != plantroom.CodeInvalid && plantroom.CodeOf(err) != plantroom.CodeTooLarge {
				t.Errorf("code %s of %v", plantroom.CodeOf(err), err)
			}
			if !strings.Contains(err.Error(), m.Error) {
				t.Errorf("error %q does not say %q", err, m.Error)
			}
			if !reflect.ValueOf(got).IsZero() {
				t.Errorf("besides the error there is %+v", got)
			}
		})
	}
}
