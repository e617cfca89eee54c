package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/firmware-bridge/node/nodetest"
)

// workshop is a folder with keys and images, and a node on a pseudo-terminal.
type workshop struct {
	t    *testing.T
	dir  string
	key  ed25519.PrivateKey
	line *nodetest.Line
}

func newWorkshop(t *testing.T) *workshop {
	w := &workshop{t: t, dir: t.TempDir(), key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32)), line: nodetest.NewLine(t)}
	der, err := x509.MarshalPKIXPublicKey(w.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	w.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	w.write("flash", append(nodetest.Image{Major: 1, Counter: 5, Size: 2000, Key: w.key}.Bytes(), bytes.Repeat([]byte{0xff}, 136<<10)...)[:136<<10])
	public := hex.EncodeToString(w.key.Public().(ed25519.PublicKey))
	w.line.Plug(nodetest.Start(t, nodetest.Build(t), "--id", "7", "--flash", filepath.Join(w.dir, "flash"), "--key", public))
	return w
}

func (w *workshop) write(name string, content []byte) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *workshop) push(image []byte, more ...string) (code int, out, errs string) {
	w.t.Helper()
	var o, e strings.Builder
	args := append([]string{"push", w.write("image.bin", image), "--port", w.line.Path, "--key", filepath.Join(w.dir, "key.pem")}, more...)
	code = run(args, &o, &e)
	return code, o.String(), e.String()
}

// Over a real terminal, between the readings of the node.
func TestFirmwareIsPushedToANode(t *testing.T) {
	w := newWorkshop(t)
	second := nodetest.Image{Major: 2, Counter: 6, Size: 5000, Key: w.key}.Bytes()
	code, out, errs := w.push(second)
	if code != exitOK {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	for _, want := range []string{"firmware 2.0.0, security counter 6", "the node runs 1.0.0\n", "100 %  ", "starting 2.0.0 on trial\n", "the node runs 2.0.0, confirmed\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code, out, _ := w.push(second); code != exitOK || !strings.Contains(out, "runs 2.0.0 already") || strings.Contains(out, "%") {
		t.Errorf("once more: exit code %d\n%s", code, out)
	}
	old := nodetest.Image{Major: 1, Counter: 5, Size: 2000, Key: w.key}.Bytes()
	if code, _, errs := w.push(old); code != exitRefused || !strings.Contains(errs, "which is newer than 1.0.0: nothing was sent") {
		t.Errorf("an older version: exit code %d, %s", code, errs)
	}
	if code, _, errs := w.push(old, "--older"); code != exitRefused || !strings.Contains(errs, "security counter is older") {
		t.Errorf("an older security counter: exit code %d, %s", code, errs)
	}
}

func TestNothingIsSentWhenTheImageIsBad(t *testing.T) {
	w := newWorkshop(t)
	w.line.Lose(func(toNode bool) bool {
		if toNode {
			t.Error("something was sent")
		}
		return false
	})
	stranger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	good := nodetest.Image{Major: 2, Counter: 6, Size: 5000, Key: w.key}.Bytes()
	for name, c := range map[string]struct {
		image []byte
		more  []string
		want  string
	}{
		"signed by another key": {nodetest.Image{Major: 2, Size: 500, Key: stranger}.Bytes(), nil, "another key"},
		"not an image":          {[]byte("#!/bin/sh"), nil, "imgtool"},
		"no such key":           {good, []string{"--key", "none.pem"}, "none.pem"},
		"a key that is none":    {good, []string{"--key", w.write("bad.pem", []byte("x"))}, "public key in PEM"},
		"an unknown flag":       {good, []string{"--fast"}, "usage:"},
		"an argument too many":  {good, []string{"more"}, "usage:"},
		"no port":               {good, []string{"--port", ""}, "usage:"},
	} {
		if code, _, errs := w.push(c.image, c.more...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, %s", name, code, errs)
		}
	}
}

func TestALineThatIsNotThereIsNamed(t *testing.T) {
	w := newWorkshop(t)
	image := nodetest.Image{Major: 2, Counter: 6, Size: 500, Key: w.key}.Bytes()
	if code, _, errs := w.push(image, "--port", "/dev/ttyNONE0"); code != exitFailed || !strings.Contains(errs, "/dev/ttyNONE0") || !strings.Contains(errs, "plugged in") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}
