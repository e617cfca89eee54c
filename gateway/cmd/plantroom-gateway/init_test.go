package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom/gateway/app/config"
	"plantroom/gateway/broker"
)

var answers = []string{"--gateway", "gw-b1", "--estate", "story", "--broker", "tcp://127.0.0.1:1883"}

func TestAFirstFilePassesTheCheckAndIsNeverOverwritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	var out, errs bytes.Buffer
	if code := run(append([]string{"init", file}, answers...), &out, &errs); code != exitOK || out.String() != "wrote "+file+"\nnext: plantroom-gateway run "+file+"\n" {
		t.Fatalf("code %d, %s%s", code, out.String(), errs.String())
	}
	c, err := config.Load(file)
	if err != nil || c.Gateway != "gw-b1" || c.Estate != "story" || c.Uplink.URL != "tcp://127.0.0.1:1883" || c.Health.Listen != "127.0.0.1:9101" {
		t.Errorf("%+v, error %v", c, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o022 != 0 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	errs.Reset()
	if code := run(append([]string{"init", file}, answers...), &out, &errs); code != exitUsage || !strings.Contains(errs.String(), file+" is there already") {
		t.Errorf("a second time: code %d, %s", code, errs.String())
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Error("the file was overwritten")
	}
}

func TestWhatAFirstFileCannotDoWithout(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no answers":           {nil, exitUsage, "--gateway is missing; give --gateway, --estate and --broker"},
		"no broker":            {answers[:4], exitUsage, "--broker is missing"},
		"a flag that is none":  {append([]string{"--color", "red"}, answers...), exitUsage, "usage:"},
		"a file too many":      {append([]string{}, append(answers, "more")...), exitUsage, "usage:"},
		"an id that is none":   {[]string{"--gateway", "GW", "--estate", "story", "--broker", "tcp://h"}, exitUsage, "gateway:"},
		"more than an id":      {[]string{"--gateway", "gw\npins: []", "--estate", "story", "--broker", "tcp://h"}, exitUsage, "holds what it cannot hold"},
		"a broker that is bad": {[]string{"--gateway", "gw", "--estate", "story", "--broker", "http://h"}, exitUsage, "uplink.broker"},
	} {
		file := filepath.Join(t.TempDir(), "gateway.yaml")
		var out, errs bytes.Buffer
		if code := initialise(append([]string{file}, c.args...), nil, &out, &errs); code != c.code || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%s: code %d, %s", name, code, errs.String())
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s: a file was written", name)
		}
	}
	var out, errs bytes.Buffer
	if code := initialise(append([]string{filepath.Join(t.TempDir(), "gone", "gateway.yaml")}, answers...), nil, &out, &errs); code != exitFailed {
		t.Errorf("where nothing can be written: code %d, %s", code, errs.String())
	}
}

func TestAPersonIsAskedForWhatNoFlagSays(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gateway.yaml")
	var out, errs bytes.Buffer
	code := initialise([]string{file, "--estate", "story"}, strings.NewReader("gw-b2\n tls://mqtt.example.org:8883 \n"), &out, &errs)
	c, err := config.Load(file)
	if code != exitOK || err != nil || c.Gateway != "gw-b2" || c.Uplink.URL != "tls://mqtt.example.org:8883" {
		t.Errorf("code %d, %+v, %v", code, c, err)
	}
	if said := errs.String(); !strings.Contains(said, "The gateway's id") || !strings.Contains(said, "The broker") || strings.Contains(said, "The estate's id") {
		t.Errorf("it asked %q", said)
	}
}

// example matches a line that is an example: no space, or more than one, behind
// its #.
var example = regexp.MustCompile(`(?m)^#([^ \n]|  )`)

// Each commented example is itself right, and there is one of each section.
func TestEachExampleOfTheFirstFileIsRightAsItStands(t *testing.T) {
	d := t.TempDir()
	beside(t, d)
	all := start
	for _, q := range questions {
		all = strings.ReplaceAll(all, q.word, map[string]string{"GATEWAY": "gw-b1", "ESTATE": "story", "BROKER": "tls://127.0.0.1:8883"}[q.word])
	}
	file := filepath.Join(d, "gateway.yaml")
	blocks := strings.Split(all, "\n\n")
	examples := 0
	for i, b := range blocks {
		if !example.MatchString(b) {
			continue
		}
		examples++
		one := append([]string{}, blocks...)
		one[i] = example.ReplaceAllString(b, "$1")
		if _, err := config.Parse(file, []byte(strings.Join(one, "\n\n"))); err != nil {
			t.Errorf("%s\nis not right: %v", one[i], err)
		}
	}
	if examples < 8 {
		t.Errorf("only %d examples", examples)
	}
	all = example.ReplaceAllString(all, "$1")
	if _, err := config.Parse(file, []byte(all)); err != nil {
		t.Errorf("all together they are not right: %v", err)
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(config.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for key := range schema.Properties {
		if !strings.Contains("\n"+all, "\n"+key+":") {
			t.Errorf("there is no example of %s", key)
		}
	}
}

// beside makes the files that the examples name.
func beside(t *testing.T, d string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, cert, cert, public, private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	server, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{"gateway.pem": {Type: "CERTIFICATE", Bytes: certificate}, "ca.pem": {Type: "CERTIFICATE", Bytes: certificate},
		"gateway.key": {Type: "PRIVATE KEY", Bytes: key}, "server.pub": {Type: "PUBLIC KEY", Bytes: server}} {
		if err := os.WriteFile(filepath.Join(d, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(d, "uplink-password"), []byte("pw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := broker.AddAccount(filepath.Join(d, "accounts.yaml"), "b1-leak", []string{"plantroom-device/b1-leak"}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAFileBelowEtcKeepsItsReadingsWhereAServiceMayWrite(t *testing.T) {
	for file, want := range map[string]string{"/etc/plantroom/gateway.yaml": "/var/lib/plantroom-gateway", "gateway.yaml": ".", "/opt/etc/gateway.yaml": "."} {
		if got := stateOf(file); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}
