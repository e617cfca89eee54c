package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/gateway/codectest"
	"plantroom/gateway/sandbox"
)

func TestCodecTestPrintsATableAndSaysHowItWentByItsCode(t *testing.T) {
	hang := filepath.Join(t.TempDir(), "hang.js")
	if err := os.WriteFile(hang, []byte("function decodeUplink() { [].indexOf.call({length: 2**53 - 1}, 1) }"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.js")
	if err := os.WriteFile(broken, []byte("function decodeUplink( {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args      []string
		code      int
		out, errs string // what is printed, or a part of it where it begins with "…"
	}{
		{[]string{"testdata/door.js", "--examples", "testdata/door.yaml"}, exitOK, `example                   result  difference
open                      ok
closed, and nearly empty  ok
another port              ok
an interval               ok
4 examples, 0 failed
`, ""},
		{[]string{"--examples", "testdata/test_decode_door.json", "testdata/door.js"}, exitFailed, `example           result  difference
open              ok
wrong on purpose  failed  data.battery is 2.45: want 2.5
2 examples, 1 failed
`, ""},
		{[]string{hang, "--examples", "testdata/test_decode_door.json"}, exitFailed, "…ended by force", ""},
		{[]string{broken, "--examples", "testdata/door.yaml"}, exitUsage, "", "broken.js:1:"},
		{[]string{"testdata/gone.js", "--examples", "testdata/door.yaml"}, exitUsage, "", "read the codec: testdata/gone.js"},
		{[]string{"testdata/door.js", "--examples", "testdata/gone.yaml"}, exitUsage, "", "read the examples: testdata/gone.yaml"},
		{[]string{"testdata/door.js", "--examples", "testdata/door.js"}, exitUsage, "", "door.js"},
		{[]string{"testdata/door.js"}, exitUsage, "", "usage:"},
		{[]string{"testdata/door.js", "--examples"}, exitUsage, "", "usage:"},
		{[]string{"testdata/door.js", "--examples", "testdata/door.yaml", "--loud"}, exitUsage, "", "usage:"},
	} {
		var out, errs bytes.Buffer
		code := run(append([]string{"codec", "test"}, c.args...), &out, &errs)
		part, some := strings.CutPrefix(c.out, "…")
		if code != c.code || some && !strings.Contains(out.String(), part) || !some && out.String() != c.out || !strings.Contains(errs.String(), c.errs) {
			t.Errorf("%v: code %d, printed\n%s%s\nwant %d,\n%s%s", c.args, code, out.String(), errs.String(), c.code, c.out, c.errs)
		}
	}
}

func TestAMissingProgramForCodecsIsSaidWithWhatToDo(t *testing.T) {
	dir := t.TempDir()
	was := codecs
	codecs = sandbox.Options{Command: []string{filepath.Join(dir, "plantroom-codec"), sandbox.Argument}}
	defer func() { codecs = was }()
	file := filepath.Join(dir, "gateway.yaml")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const plain = "gateway: gw\nestate: e\nspool: {dir: s}\nuplink: {broker: tcp://h}\n"
	write("x.js", "function decodeUplink() { return {data: {}} }")
	write("gateway.yaml", plain)
	var out, errs bytes.Buffer
	if code := run([]string{"check", file}, &out, &errs); code != exitOK {
		t.Errorf("a file without codecs: code %d, %s", code, errs.String())
	}
	write("gateway.yaml", plain+"mqtt:\n  - {name: lora, broker: tcp://h, family: chirpstack, codecs: {A: {file: x.js}, B: {file: x.js}}, devices: [{match: \"*\"}]}\n")
	for command, args := range map[string][]string{
		"check":      {"check", file},
		"run":        {"run", file},
		"codec test": {"codec", "test", filepath.Join(dir, "x.js"), "--examples", "testdata/door.yaml"},
	} {
		errs.Reset()
		const remedy = "put plantroom-codec of the same release beside this program"
		if code := run(args, &out, &errs); code == exitOK || strings.Count(errs.String(), remedy) != 1 {
			t.Errorf("%s: code %d, %s", command, code, errs.String())
		}
	}
}

func TestCodecTestPrintsJSON(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"codec", "test", "--json", "testdata/door.js", "--examples", "testdata/test_decode_door.json"}, &out, &errs); code != exitFailed {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	var got []codectest.Result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got) != 2 || !got[0].OK || got[1].OK || got[1].Difference == "" {
		t.Errorf("%v: %s", err, out.String())
	}
}
