package node_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"plantroom"
	"plantroom/firmware-bridge/node"
)

const noon = plantroom.Instant(1_772_452_800_000_000_000)

func TestEachBodyIsCoreDeterministicCBOR(t *testing.T) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors(t).Good {
		var items []any
		if err := cbor.Unmarshal(unhex(t, v.Body), &items); err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		again, err := mode.Marshal(items)
		if err != nil || fmt.Sprintf("%x", again) != v.Body {
			t.Errorf("%s: encoded anew as %x, %v; want %s", v.Name, again, err, v.Body)
		}
	}
}

func frame(t testing.TB, m node.Message) []byte {
	t.Helper()
	b, err := node.Append(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A line that brings noise, half frames and SMP between whole frames loses
// none of those that are whole.
func TestWholeFramesAreFoundInALineOfNoise(t *testing.T) {
	ack := func(seq uint32) node.Message { return node.Message{Kind: node.Ack, Node: 7, Boot: 9, Seq: seq} }
	r := rand.New(rand.NewPCG(1, 2))
	var line []byte
	for seq := uint32(1); seq <= 500; seq++ {
		switch seq % 4 {
		case 0:
			for range r.IntN(300) {
				line = append(line, byte(1+r.IntN(255)))
			}
			line = append(line, 0) // which no SMP line holds
		case 1:
			f := frame(t, ack(9999))
			line = append(line, f[:1+r.IntN(len(f)-1)]...)
			line = append(line, 0)
		case 2:
			line = append(line, "\x06\x09AAsCAAABAAIAoP//\n\x04\x14AAAA\n"...)
		}
		line = append(line, frame(t, ack(seq))...)
	}
	var s node.Splitter
	next, lines := uint32(1), 0
	for len(line) > 0 { // in pieces of any size
		n := min(len(line), 1+r.IntN(40))
		s.Feed(line[:n], func(f []byte) {
			if m, err := node.Decode(f); err == nil && m.Seq == next {
				next++
			}
		}, func(l []byte) {
			if lines++; !bytes.Equal(l, []byte("\x06\x09AAsCAAABAAIAoP//")) && !bytes.Equal(l, []byte("\x04\x14AAAA")) {
				t.Errorf("SMP line %q", l)
			}
		})
		line = line[n:]
	}
	if next != 501 || lines != 250 {
		t.Errorf("found %d of 500 frames and %d of 250 SMP lines", next-1, lines)
	}
}

func reading(seq, at, age uint32) node.Message {
	return node.Message{Kind: node.Reading, Node: 7, Boot: 1, Seq: seq, Signal: "x", Value: plantroom.Float(1), At: at, Age: age}
}

func TestAReadingIsTakenOnceAndAcknowledgedWhenItIsSafe(t *testing.T) {
	var p node.Peer
	if v := p.Hear(reading(1, 0, 0), noon); !v.Store || v.Ack || len(v.Samples) != 1 || v.Samples[0].Address != "7" {
		t.Fatalf("first: %+v", v)
	}
	if v := p.Hear(reading(1, 0, 500), noon); v.Store || v.Ack || v.Samples != nil {
		t.Fatalf("repeated while it is being stored: %+v", v)
	}
	p.Failed(1, 1)
	if v := p.Hear(reading(1, 0, 900), noon); !v.Store {
		t.Fatalf("repeated after the disk failed: %+v", v)
	}
	p.Stored(1, 1)
	if v := p.Hear(reading(1, 0, 1500), noon); v.Store || !v.Ack || v.Samples != nil {
		t.Fatalf("repeated after its acknowledgement was lost: %+v", v)
	}
	if v := p.Hear(reading(5, 2000, 0), noon); !v.Store {
		t.Fatalf("the next: %+v", v)
	}
	p.Stored(1, 5)
	if p.Missing() != 3 {
		t.Errorf("%d are missing between 1 and 5", p.Missing())
	}
}

func TestANodeThatStartsAnewIsHeardAnew(t *testing.T) {
	var p node.Peer
	p.Hear(reading(1, 0, 0), noon)
	p.Hear(node.Message{Kind: node.Hello, Node: 7, Boot: 2, Firmware: "1.5.0", Dropped: 3}, noon)
	p.Stored(1, 1) // of the boot before
	m := reading(1, 0, 0)
	m.Boot = 2
	if v := p.Hear(m, noon); !v.Store {
		t.Errorf("the first reading after a restart is %+v", v)
	}
	if p.Firmware() != "1.5.0" || p.Dropped() != 3 {
		t.Errorf("firmware %s, %d dropped", p.Firmware(), p.Dropped())
	}
}

func TestAHelloIsASignOfLife(t *testing.T) {
	var p node.Peer
	v := p.Hear(node.Message{Kind: node.Hello, Node: 7, Boot: 1, Firmware: "1.0.0"}, noon)
	want := plantroom.Sample{Address: "7", Signal: "heartbeat", Value: plantroom.Bool(true), At: noon}
	if len(v.Samples) != 1 || v.Samples[0] != want || v.Store || v.Ack {
		t.Errorf("%+v", v)
	}
	for _, k := range []node.Kind{node.Ack, node.Command} {
		if v := p.Hear(node.Message{Kind: k, Node: 7, Boot: 3, Seq: 1}, noon); len(v.Samples) > 0 || p.Firmware() != "1.0.0" {
			t.Errorf("an echo of kind %d: %+v", k, v)
		}
	}
}

// A reading that waited in the node is as old as the node says.
func TestAReadingGetsTheTimeAtWhichItWasMeasured(t *testing.T) {
	at := func(p *node.Peer, m node.Message, received plantroom.Instant) plantroom.Instant {
		v := p.Hear(m, received)
		if len(v.Samples) != 1 {
			t.Fatalf("%+v gives %+v", m, v)
		}
		p.Stored(m.Boot, m.Seq)
		return v.Samples[0].At
	}
	near := func(what string, got, want plantroom.Instant, within time.Duration) {
		t.Helper()
		if d := got.Sub(want); d < -within || d > within {
			t.Errorf("%s: %s off", what, d)
		}
	}
	var p node.Peer
	near("fresh", at(&p, reading(1, 1000, 0), noon), noon, 0)
	near("an hour in the queue", at(&p, reading(2, 2000, 3_600_000), noon.Add(time.Hour+time.Second)), noon.Add(time.Second), 0)
	near("over a slow line", at(&p, reading(3, 3_602_000, 0), noon.Add(time.Hour+1050*time.Millisecond)), noon.Add(time.Hour+time.Second), 60*time.Millisecond)

	p = node.Peer{}
	const wrap = 1<<32 - 500
	near("before the uptime wraps", at(&p, reading(1, wrap, 0), noon), noon, 0)
	near("after it", at(&p, reading(2, 500, 0), noon.Add(time.Second)), noon.Add(time.Second), 0)
	near("across it", at(&p, reading(3, 1<<32-100, 1100), noon.Add(1500*time.Millisecond)), noon.Add(400*time.Millisecond), 0)

	p = node.Peer{}
	for i := range uint32(1000) { // a node whose clock is 1 % slow, every 10 s
		real := noon.Add(time.Duration(i) * 10 * time.Second)
		near("a slow clock", at(&p, reading(i+1, i*9900, 0), real), real, time.Millisecond)
	}
	near("the gateway's clock is set forward", at(&p, reading(1001, 9_900_000, 0), noon.Add(100*time.Hour)), noon.Add(100*time.Hour), 0)
	near("and back", at(&p, reading(1002, 9_910_000, 0), noon), noon, 0)
}

func FuzzDecode(f *testing.F) {
	all := vectors(f)
	for _, v := range all.Good {
		f.Add(unhex(f, v.Frame))
	}
	for _, v := range all.Malformed {
		f.Add(unhex(f, v.Frame))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, fr := range split(line) {
			again := bytes.Clone(fr)
			m, err := node.Decode(fr)
			if err != nil {
				if c := plantroom.CodeOf(err); c != plantroom.CodeInvalid && c != plantroom.CodeTooLarge {
					t.Fatal(err)
				}
				continue
			}
			want := append(append([]byte{0}, again...), 0)
			if got, err := node.Append(nil, m); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%x decodes to %+v, which is %x, %v", want, m, got, err)
			}
			var p node.Peer
			for _, s := range p.Hear(m, noon).Samples {
				if s.Address == "" || s.Signal == "" || s.Value.Kind() == plantroom.NoValue || s.At.IsZero() {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}

// FuzzBody is FuzzDecode behind the CRC, which no fuzzer guesses.
func FuzzBody(f *testing.F) {
	for _, v := range vectors(f).Good {
		f.Add(unhex(f, v.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := node.DecodeBody(bytes.Clone(body))
		if err != nil {
			return
		}
		if got, err := node.AppendBody(nil, m); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%x decodes to %+v, which is %x, %v", body, m, got, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	m := reading(1, 60000, 0)
	m.Signal, m.Value = "distance_m", plantroom.Float(0.5)
	f := split(frame(b, m))[0]
	buf := make([]byte, len(f))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, f)
		if _, err := node.Decode(buf); err != nil {
			b.Fatal(err)
		}
	}
}
