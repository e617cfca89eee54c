package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckSaysWhichConfigurationIsAtWorkAndOwnPutsTheFileBack(t *testing.T) {
	d := t.TempDir()
	beside(t, d)
	file := filepath.Join(d, "gateway.yaml")
	const base = "gateway: gw\nestate: e\nspool: {dir: s}\nuplink: {broker: tcp://h}\n"
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(d, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	say := func(command string) (int, string) {
		var out bytes.Buffer
		code := run([]string{command, file}, &out, &out)
		return code, out.String()
	}
	put("gateway.yaml", base)
	if code, said := say("own"); code != exitUsage || !strings.Contains(said, "at work anyway") {
		t.Errorf("own without remote: code %d, %s", code, said)
	}
	put("gateway.yaml", base+"remote: {keys: [server.pub], dir: remote}\n")
	if code, said := say("check"); code != exitOK || said != file+": no faults\nat work: this file\n" {
		t.Errorf("before the first start: code %d, %s", code, said)
	}
	if code, said := say("own"); code != exitFailed || !strings.Contains(said, "has been started with remote once") {
		t.Errorf("own before the first start: code %d, %s", code, said)
	}
	if err := os.Mkdir(filepath.Join(d, "remote"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, said := say("own"); code != exitOK || !strings.Contains(said, "from the next SIGHUP or start on") {
		t.Errorf("own: code %d, %s", code, said)
	}
	put("remote/book", "what somebody else has written")
	if code, said := say("check"); code != exitFailed || !strings.Contains(said, "read which configuration is at work") {
		t.Errorf("with a book that cannot be read: code %d, %s", code, said)
	}
}
