package node_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/node"
)

// The vectors in testdata/node-vectors.json were computed by an encoder that
// shares nothing with this package or with the library in C.

var update = flag.Bool("update", false, "write c/vectors.h from testdata/node-vectors.json")

// vector is one message and its only frame, delimiters included.
type vector struct {
	Name     string   `json:"name"`
	Frame    string   `json:"frame"`
	Body     string   `json:"body"`
	Kind     string   `json:"kind"`
	Node     uint16   `json:"node"`
	Boot     uint32   `json:"boot"`
	Firmware string   `json:"firmware"`
	Uptime   uint32   `json:"uptime"`
	Dropped  uint32   `json:"dropped"`
	Seq      uint32   `json:"seq"`
	Signal   string   `json:"signal"`
	Float    *float64 `json:"float"`
	Text     *string  `json:"string"`
	Bool     *bool    `json:"bool"`
	At       uint32   `json:"at"`
	Age      uint32   `json:"age"`
	ID       uint32   `json:"id"`
	Output   uint8    `json:"output"`
	On       bool     `json:"on"`
}

type malformed struct {
	Name  string `json:"name"`
	Frame string `json:"frame"`
	Error string `json:"error"` // part of what is said about it
}

type vectorFile struct {
	Good      []vector    `json:"good"`
	Malformed []malformed `json:"malformed"`
}

var kinds = map[string]node.Kind{"hello": node.Hello, "reading": node.Reading, "done": node.Done, "ack": node.Ack, "command": node.Command}

func vectors(t testing.TB) vectorFile {
	t.Helper()
	b, err := os.ReadFile("testdata/node-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var f vectorFile
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	if len(f.Good) < 20 || len(f.Malformed) < 20 {
		t.Fatal("testdata/node-vectors.json holds no vectors")
	}
	return f
}

func (v vector) message() node.Message {
	m := node.Message{
		Kind: kinds[v.Kind], Node: v.Node, Boot: v.Boot, Firmware: v.Firmware, Uptime: v.Uptime, Dropped: v.Dropped,
		Seq: v.Seq, Signal: v.Signal, At: v.At, Age: v.Age, ID: v.ID, Output: v.Output, On: v.On,
	}
	switch {
	case v.Float != nil:
		m.Value = plantroom.Float(*v.Float)
	case v.Text != nil:
		m.Value = plantroom.String(*v.Text)
	case v.Bool != nil:
		m.Value = plantroom.Bool(*v.Bool)
	}
	return m
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// split gives the frames of a stretch of line.
func split(line []byte) [][]byte {
	var s node.Splitter
	var out [][]byte
	s.Feed(line, func(f []byte) { out = append(out, bytes.Clone(f)) }, nil)
	return out
}

func TestEachMessageHasOneFrame(t *testing.T) {
	for _, v := range vectors(t).Good {
		want := unhex(t, v.Frame)
		got, err := node.Append(nil, v.message())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: encoded as %x, %v\nwant %x", v.Name, got, err, want)
		}
		if len(want) > node.MaxWire {
			t.Errorf("%s: %d bytes on the line, beyond MaxWire", v.Name, len(want))
		}
		frames := split(want)
		if len(frames) != 1 {
			t.Errorf("%s: the line holds %d frames", v.Name, len(frames))
			continue
		}
		m, err := node.Decode(frames[0])
		if err != nil || fmt.Sprintf("%+v", m) != fmt.Sprintf("%+v", v.message()) {
			t.Errorf("%s: decoded as %+v, %v\nwant %+v", v.Name, m, err, v.message())
		}
	}
}

func TestWhatIsNoMessageIsRefusedWithItsReason(t *testing.T) {
	for _, v := range vectors(t).Malformed {
		frames := split(unhex(t, v.Frame))
		if len(frames) != 1 {
			t.Errorf("%s: the line holds %d frames", v.Name, len(frames))
			continue
		}
		m, err := node.Decode(frames[0])
		if err == nil || !strings.Contains(err.Error(), v.Error) {
			t.Errorf("%s: gave %+v, %v; want an error with %q", v.Name, m, err, v.Error)
		}
		if c := plantroom.CodeOf(err); err != nil && c != plantroom.CodeInvalid && c != plantroom.CodeTooLarge {
			t.Errorf("%s: code %s", v.Name, c)
		}
	}
}

func TestWhatCannotBeSaidIsNotEncoded(t *testing.T) {
	ok := node.Message{Kind: node.Reading, Node: 7, Boot: 1, Seq: 1, Signal: "x", Value: plantroom.Float(1)}
	if _, err := node.Append(nil, ok); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*node.Message){
		"no kind":                 func(m *node.Message) { m.Kind = 0 },
		"no node":                 func(m *node.Message) { m.Node = 0 },
		"no sequence number":      func(m *node.Message) { m.Seq = 0 },
		"no value":                func(m *node.Message) { m.Value = plantroom.Value{} },
		"a number of double size": func(m *node.Message) { m.Value = plantroom.Float(0.1) },
		"a number beyond single":  func(m *node.Message) { m.Value = plantroom.Float(1e300) },
		"a long state":            func(m *node.Message) { m.Value = plantroom.String(strings.Repeat("x", 33)) },
		"a long signal":           func(m *node.Message) { m.Signal = strings.Repeat("x", 33) },
		"a signal with a space":   func(m *node.Message) { m.Signal = "a b" },
	} {
		m := ok
		change(&m)
		if b, err := node.Append(nil, m); plantroom.CodeOf(err) != plantroom.CodeInvalid || len(b) > 0 {
			t.Errorf("%s: gave %x, %v", name, b, err)
		}
	}
}

func TestTheCLibraryIsTestedOnTheSameVectors(t *testing.T) {
	want := header(vectors(t))
	if *update {
		if err := os.WriteFile("c/vectors.h", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("c/vectors.h")
	if err != nil || string(got) != want {
		t.Errorf("c/vectors.h is not made of testdata/node-vectors.json: go test ./firmware-bridge/node -run Vectors -update")
	}
}

// header writes the vectors for a C compiler. A value's kind is 1 for a
// number, 2 for a state, 3 for a truth value.
func header(f vectorFile) string {
	var b strings.Builder
	b.WriteString("/* Made of testdata/node-vectors.json by `go test ./firmware-bridge/node -run Vectors -update`. */\n")
	b.WriteString("static const struct vector good[] = {\n")
	for _, v := range f.Good {
		kind, number, text, truth := 0, float64(0), "", false
		switch {
		case v.Float != nil:
			kind, number = 1, *v.Float
		case v.Text != nil:
			kind, text = 2, *v.Text
		case v.Bool != nil:
			kind, truth = 3, *v.Bool
		}
		fmt.Fprintf(&b, "\t{%q, %q, %d, %du, %du, %q, %du, %du, %du, %q, %d, %sf, %s, %d, %du, %du, %du, %du, %d},\n",
			v.Name, v.Frame, kinds[v.Kind], v.Node, v.Boot, v.Firmware, v.Uptime, v.Dropped, v.Seq, v.Signal,
			kind, cFloat(number), cText(text), bit(truth), v.At, v.Age, v.ID, v.Output, bit(v.On))
	}
	b.WriteString("};\n\nstatic const struct { const char *name, *frame; } malformed[] = {\n")
	for _, v := range f.Malformed {
		fmt.Fprintf(&b, "\t{%q, %q},\n", v.Name, v.Frame)
	}
	b.WriteString("};\n")
	return b.String()
}

func cFloat(f float64) string { return fmt.Sprintf("%.9e", f) }

// cText spells each byte beyond ASCII in octal, which takes at most three digits.
func cText(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "\\%03o", s[i])
		}
	}
	return `"` + b.String() + `"`
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
