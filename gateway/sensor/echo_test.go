package sensor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// hear pushes bytes and writes down what comes out.
func hear(kind string, b []byte) []string {
	k, _ := echoKindOf(kind)
	f := echoFrames{kind: k}
	var out []string
	for _, x := range b {
		if e, ok := f.push(x); ok && e.none {
			out = append(out, "nothing")
		} else if ok {
			out = append(out, fmt.Sprintf("%.4g", e.metres))
		}
	}
	return out
}

func TestFramesOfUltrasonicSensors(t *testing.T) {
	for _, c := range []struct {
		kind, name, bytes, want string
	}{
		{"a02yyuw", "the maker's example", "\xff\x07\xa1\xa7", "1.953"},
		{"a02yyuw", "two in a row", "\xff\x07\xa1\xa7\xff\x01\x00\x00", "1.953 0.256"},
		{"a02yyuw", "begun in the middle", "\xa1\xa7\xff\x07\xa1\xa7", "1.953"},
		{"a02yyuw", "a byte is missing", "\xff\x07\xa7\xff\x07\xa1\xa7", "1.953"},
		{"a02yyuw", "a wrong sum", "\xff\x07\xa1\xa8", ""},
		{"a02yyuw", "zero", "\xff\x00\x00\xff", "nothing"},
		{"a02yyuw", "no object, and another sensor's sound", "\xff\xff\xfd\xfb\xff\xff\xfe\xfc", "nothing nothing"},
		// 0.511 m is FF 01 FF FF: every way to begin looks like a head.
		{"a02yyuw", "0.511 m begun at each byte", "\xff\xff\xff\x01\xff\xff\xff\x01\xff\xff", "0.511 0.511"},
		{"a02yyuw", "65.3 m", "\xff\xff\x10\x0e", ""},
		{"jsn-sr04t", "the same frame", "\xff\x02\x58\x59", "0.6"},
		{"maxbotix-mm", "a frame", "R1234\r", "1.234"},
		{"maxbotix-mm", "with a blank, as on USB", "R0480 \r", "0.48"},
		{"maxbotix-mm", "begun in the middle", "34\rR1234\rR12", "1.234"},
		{"maxbotix-mm", "too few, too many digits", "R123\rR12345\r", ""},
		{"maxbotix-mm", "two blanks, letters, signs", "R0480  \rR04a0\rR-480\r", ""},
		{"maxbotix-mm", "a blank, and then digits", "R1234 5\r", ""},
		{"maxbotix-mm", "a blank for a digit", "R123 \r", ""},
		{"maxbotix-cm", "a frame", "R076\r", "0.76"},
		{"maxbotix-inch", "a frame, after its greeting", "HRLV\rR010\r", "0.254"},
	} {
		if got := strings.Join(hear(c.kind, []byte(c.bytes)), " "); got != c.want {
			t.Errorf("%s, %s: % x gives %q, want %q", c.kind, c.name, c.bytes, got, c.want)
		}
	}
}

func FuzzFramesOfUltrasonicSensors(f *testing.F) {
	f.Add(uint8(0), []byte("\xff\x07\xa1\xa7\xff"))
	f.Add(uint8(2), []byte("R1234\rR0480 \r"))
	f.Add(uint8(3), []byte("R12R123\r\r"))
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		kind := echoKinds[int(which)%len(echoKinds)]
		frames := echoFrames{kind: kind}
		n := 0
		for _, x := range b {
			e, ok := frames.push(x)
			if !ok {
				continue
			}
			n++
			if e.metres < 0 || e.metres > 66 || e.none && e.metres != 0 {
				t.Errorf("%s: % x gives %+v", kind.name, b, e)
			}
		}
		if n > len(b)/4 {
			t.Errorf("%s: %d frames in %d bytes", kind.name, n, len(b))
		}
		// Whatever came before, a whole frame with silence before it is heard.
		for _, x := range []byte("\x00\x00\x00\x00") {
			frames.push(x)
		}
		whole := []byte("\xff\x07\xa1\xa7")
		if kind.digits > 0 {
			whole = []byte("R1234567"[:1+kind.digits] + "\r")
		}
		var heard []bool
		for _, x := range whole {
			_, ok := frames.push(x)
			heard = append(heard, ok)
		}
		if !slices.Contains(heard, true) {
			t.Errorf("%s: after % x a frame is not heard", kind.name, b)
		}
	})
}
