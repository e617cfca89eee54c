package wire_test

import (
	"bytes"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// What a decoder takes is exactly what the encoder writes: every input is
// either refused, or comes out again byte for byte.

func seed(f *testing.F, kind string) {
	file := loadVectors(f)
	for _, v := range file.Good {
		if kindOf(v.value(f)) == kind {
			f.Add(unhex(f, v.Hex))
		}
	}
	for _, m := range file.Malformed {
		if m.Kind == kind {
			f.Add(unhex(f, m.Hex))
		}
	}
}

func fuzz(f *testing.F, kind string) {
	seed(f, kind)
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := decodeKind(kind, in)
		if err != nil {
			if c := plantroom.CodeOf(err); c != plantroom.CodeInvalid && c != plantroom.CodeTooLarge {
				t.Fatalf("code %s of %v", c, err)
			}
			return
		}
		out, err := appendAny(nil, v)
		if err != nil {
			t.Fatalf("decoded to %+v, which cannot be encoded: %v", v, err)
		}
		if !bytes.Equal(in, out) {
			t.Fatalf("two encodings of %+v:\n%x\n%x", v, in, out)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) { fuzz(f, "record") }
func FuzzDecodeBatch(f *testing.F)  { fuzz(f, "batch") }
func FuzzDecodeAck(f *testing.F)    { fuzz(f, "ack") }
func FuzzDecodeState(f *testing.F)  { fuzz(f, "state") }

func FuzzDecodeConfig(f *testing.F) { fuzz(f, "config") }
func FuzzDecodeAnswer(f *testing.F) { fuzz(f, "answer") }

func FuzzDecodeSpool(f *testing.F) { fuzz(f, "spool") }

func FuzzParseTopic(f *testing.F) {
	f.Add("plantroom/1/story/gw-b1/up")
	f.Add("plantroom/2/story/gw-b1/up")
	f.Add("plantroom/1///")
	f.Fuzz(func(t *testing.T, s string) {
		e, g, l, err := wire.ParseTopic(s)
		if err == nil && wire.Topic(e, g, l) != s {
			t.Fatalf("%q parses to %s, %s, %s", s, e, g, l)
		}
	})
}
