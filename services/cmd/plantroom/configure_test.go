package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// answering is a server that gives the answers which a test wants, one after the
// other; the first one is that to the file.
func answering(t *testing.T, answers ...string) (file, sent string, asked *atomic.Value) {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	asked = &atomic.Value{}
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer open-sesame" || r.URL.Path != "/api/v1/gateways/gw-b1/configuration" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		i := n.Add(1) - 1
		if i == 0 {
			var body any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
				t.Errorf("%s: %v", r.Method, err)
			}
			asked.Store(body)
		}
		a := answers[min(int(i), len(answers)-1)]
		if strings.Contains(a, `"status"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte(a))
	}))
	t.Cleanup(server.Close)
	file = filepath.Join(dir, "plantroom.yaml")
	edit(t, file, "listen: 127.0.0.1:8080", "listen: "+strings.TrimPrefix(server.URL, "http://"))
	if err := os.MkdirAll(filepath.Join(dir, "data", "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	sent = filepath.Join(dir, "gateway.yaml")
	for name, text := range map[string]string{filepath.Join(dir, "data", "secrets", "operator-token"): "open-sesame\n", sent: "gateway: gw-b1\n", filepath.Join(dir, "a.js"): "x"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return file, sent, asked
}

func say(serial, outcome, detail string) string {
	return `{"gateway":"gw-b1","serial":` + serial + `,"outcome":"` + outcome + `","detail":"` + detail + `"}`
}

func TestConfigureWaitsForTheGatewaysLastWord(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []string
		wait    string
		code    int
		out     string
		errs    string
	}{
		{"applied", []string{say("7", "sent", ""), say("7", "sent", ""), say("7", "pending", ""), say("7", "applied", "")}, "1m", exitOK,
			"configuration 7 is on its way to gw-b1\ngw-b1: pending\ngw-b1: applied\n", ""},
		{"refused", []string{say("7", "sent", ""), say("7", "refused", "gateway.yaml:1:1: wrong")}, "1m", exitBroken, "gw-b1: refused\ngateway.yaml:1:1: wrong\n", ""},
		{"reverted", []string{say("7", "sent", ""), say("7", "reverted", "cut off")}, "1m", exitBroken, "gw-b1: reverted\ncut off\n", ""},
		{"not waited for", []string{say("7", "sent", "")}, "0s", exitOK, "configuration 7 is on its way to gw-b1\n", ""},
		{"no word", []string{say("7", "sent", ""), say("7", "pending", "")}, "1200ms", exitFailed, "gw-b1: pending\n", "has not given its last word yet (pending)"},
		{"another one", []string{say("7", "sent", ""), say("8", "applied", "")}, "1m", exitFailed, "", "somebody has sent configuration 8 meanwhile"},
		{"a problem", []string{`{"status":400,"detail":"there is no gateway"}`}, "1m", exitUsage, "", "there is no gateway"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, sent, _ := answering(t, c.answers...)
			code, out, errs := plantroomWith("configure", "--wait", c.wait, file, "gw-b1", sent)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
				t.Errorf("code %d, %s%s", code, out, errs)
			}
		})
	}
}

func TestConfigureSendsTheFileFirstAndWhatGoesWithIt(t *testing.T) {
	file, sent, asked := answering(t, say("7", "sent", ""))
	if code, _, errs := plantroomWith("configure", "--wait", "0s", file, "gw-b1", sent, filepath.Join(filepath.Dir(sent), "a.js")); code != exitOK {
		t.Fatal(errs)
	}
	b, err := json.Marshal(asked.Load())
	if want := `{"files":[{"name":"gateway.yaml","text":"gateway: gw-b1\n"},{"name":"a.js","text":"x"}]}`; err != nil || string(b) != want {
		t.Errorf("it sent %s, want %s", b, want)
	}
}

func TestWhatConfigureCannotSend(t *testing.T) {
	file, sent, _ := answering(t, say("7", "sent", ""))
	dir := filepath.Dir(sent)
	for name, size := range map[string]int{"My File.yaml": 1, "large.yaml": 600 << 10} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"too little":          {[]string{file, "gw-b1"}, "plantroom configure FILE GATEWAY GATEWAYFILE"},
		"a flag that is none": {[]string{"--hurry", file, "gw-b1", sent}, "-hurry"},
		"no file":             {[]string{file, "gw-b1", sent + ".gone"}, "gone"},
		"a name":              {[]string{file, "gw-b1", filepath.Join(dir, "My File.yaml")}, "cannot be sent"},
		"too much":            {[]string{file, "gw-b1", filepath.Join(dir, "large.yaml")}, "524288 bytes in all is the most"},
	} {
		if code, _, errs := plantroomWith(append([]string{"configure"}, c.args...)...); code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: code %d, %s", name, code, errs)
		}
	}
}

func TestTheKeyForGatewaysIsPrinted(t *testing.T) {
	file, _, _ := answering(t, "")
	code, out, errs := plantroomWith("key", "gateway-config", file)
	if _, again, _ := plantroomWith("key", "gateway-config", file); code != exitOK || !strings.HasPrefix(out, "-----BEGIN PUBLIC KEY-----\n") || again != out {
		t.Errorf("code %d, %s%s, then %s", code, out, errs, again)
	}
	if code, _, errs := plantroomWith("key", "of-gold", file); code != exitUsage || !strings.Contains(errs, `there is no key "of-gold"`) {
		t.Errorf("code %d, %s", code, errs)
	}
}
