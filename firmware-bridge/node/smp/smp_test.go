package smp_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/node/smp"
)

// The first is by hand, after Zephyr's SMP Protocol Specification: a write of
// group 0, command 0, with {"d": "hi"}. The CRC-16 of "123456789" is 31c3
// in every table of CRCs (XMODEM).
func TestAMessageOnTheConsole(t *testing.T) {
	m, err := smp.Encode(smp.Echo, 5, smp.EchoBody{Text: "hi"})
	if want := "0a00000600000500a16164626869"; err != nil || hex.EncodeToString(m) != want {
		t.Fatalf("%x, %v; want %s", m, err, want)
	}
	lines := smp.AppendLines(nil, []byte("123456789"))
	if want := "\x06\x09" + "AAsxMjM0NTY3ODkxww==" + "\n"; string(lines) != want {
		t.Errorf("%q, want %q", lines, want)
	}
}

func TestAMessageOfAnyLengthComesThroughInLinesOf127(t *testing.T) {
	var a smp.Assembler
	for n := 8; n <= 1000; n++ {
		m := make([]byte, n)
		for i := range m {
			m[i] = byte(i * n)
		}
		lines := slices.Collect(bytes.Lines(smp.AppendLines(nil, m)))
		for i, l := range lines {
			if len(l) > 127 || l[len(l)-1] != '\n' {
				t.Fatalf("%d bytes: line %d is %q", n, i, l)
			}
			got, err := a.Line(l[:len(l)-1])
			if last := i == len(lines)-1; err != nil || last != (got != nil) || last && !bytes.Equal(got, m) {
				t.Fatalf("%d bytes: line %d gives %x, %v", n, i, got, err)
			}
		}
	}
}

func TestALostLineLosesItsMessageAndNoOther(t *testing.T) {
	message := bytes.Repeat([]byte{1, 2, 3, 4, 5}, 60)
	lines := slices.Collect(bytes.Lines(smp.AppendLines(nil, message)))
	for lost := range lines {
		var a smp.Assembler
		for i, l := range lines {
			if i == lost {
				continue
			}
			if got, _ := a.Line(l[:len(l)-1]); got != nil { // some say what is wrong
				t.Errorf("without line %d a message comes out", lost)
			}
		}
		var got []byte
		for _, l := range lines {
			got, _ = a.Line(l[:len(l)-1]) // the last one counts
		}
		if !bytes.Equal(got, message) {
			t.Errorf("after a message without line %d, the next is lost too", lost)
		}
	}
	for name, bad := range map[string]string{
		"nothing": "", "no base64": "\x06\x09????", "cut base64": "\x06\x09AAs", "no length": "\x06\x09AA==", "a continuation": "\x04\x14AAAA",
		"a length of 3": "\x06\x09AAMxMjM=", "a length of 65535": "\x06\x09//8xMjM=", "more than its length": "\x06\x09AAoxMjM0NTY3ODkxww==",
		"a wrong CRC": "\x06\x09AAsxMjM0NTY3ODkxxA==", "too long": "\x06\x09" + strings.Repeat("A", 128),
	} {
		var a smp.Assembler
		if got, err := a.Line([]byte(bad)); plantroom.CodeOf(err) != plantroom.CodeInvalid || got != nil {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

func answer(t *testing.T, body string) []byte {
	t.Helper()
	b, err := hex.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{3, 0, 0, byte(len(b)), 0, 1, 9, 1}, b...)
}

func TestAnswersAreReadInBothEncodings(t *testing.T) {
	for name, body := range map[string]string{
		"of definite length":                    "a2627263" + "00" + "636f6666" + "1860",
		"of indefinite length, as zcbor writes": "bf627263" + "00" + "636f6666" + "1860" + "ff",
		"with a key that is not known":          "a2656d61746368" + "f5" + "636f6666" + "1860",
	} {
		var up smp.UploadAnswer
		if err := smp.Decode(answer(t, body), &up); err != nil || up.Off == nil || *up.Off != 96 {
			t.Errorf("%s: %+v, %v", name, up, err)
		}
	}
	for name, m := range map[string][]byte{
		"cut short": answer(t, "a2627263")[:10], "another length": append(answer(t, "a0"), 0), "no map": answer(t, "01"), "no header": {3, 0, 0},
	} {
		if err := smp.Decode(m, nil); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m := answer(t, "a0"); !smp.Answers(m, smp.Upload, 9) || smp.Answers(m, smp.Upload, 8) || smp.Answers(m, smp.SetState, 9) || smp.Answers(m[:7], smp.Upload, 9) {
		t.Error("an answer belongs to the command and the number that it carries")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       smp.Refusal
	}{
		{"the first version", "a1627263" + "08", smp.Refusal{Code: 8}},
		{"with its reason", "a2627263" + "03" + "6372736e" + "636e6f21", smp.Refusal{Code: 3, Reason: "no!"}},
		{"the second version", "a163657272" + "a26567726f757001" + "62726305", smp.Refusal{Group: 1, Code: 5}},
	} {
		err := smp.Decode(answer(t, c.body), nil)
		var got *smp.Refusal
		if !errors.As(err, &got) || *got != c.want || got.NotSupported() != (c.want.Code == 8) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add(smp.AppendLines(nil, bytes.Repeat([]byte{7}, 300)))
	f.Add([]byte("\x06\x09AAsxMjM0NTY3ODkxww==\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		var a smp.Assembler
		for l := range bytes.Lines(line) {
			if m, err := a.Line(bytes.TrimSuffix(l, []byte("\n"))); err == nil && len(m) > smp.MaxMessage {
				t.Fatalf("%d bytes", len(m))
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, body := range []string{"a0", "a1627263" + "08", "a1666f666601"} {
		b, err := hex.DecodeString(body)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte{3, 0, 0, byte(len(b)), 0, 1, 9, 1}, b...))
	}
	f.Fuzz(func(t *testing.T, m []byte) {
		for _, into := range []any{new(smp.StateAnswer), new(smp.UploadAnswer), new(smp.ParametersAnswer), new(smp.EchoAnswer)} {
			err := smp.Decode(m, into)
			if r := (*smp.Refusal)(nil); err != nil && !errors.As(err, &r) && plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatal(err)
			}
			if s, ok := into.(*smp.StateAnswer); ok && len(s.Images) > 64 {
				t.Fatalf("%d images", len(s.Images))
			}
		}
	})
}
