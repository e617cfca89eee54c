package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"plantroom/internal/yamldoc"
	"plantroom/services/notify/provider"
)

const small = `about: a test
url: http://{setting.host}/send/{to}
query: {q: "{text}"}
json: {m: "{message}", at: [1, true, "{link}"]}
address: '(?s).*'
success: {status: [200], json: [{at: /ok, is: [true, 1]}]}
`

func channelFor(t testing.TB, src string, o provider.Options) *provider.Channel {
	t.Helper()
	tpl, err := provider.Parse("t.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Template, o.Now = "test", tpl, at
	if o.AllowPrivate == nil {
		o.AllowPrivate = loopback
	}
	c, err := provider.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsFilledInStaysInItsPlace(t *testing.T) {
	evil := []string{`"},"admin":true,"x":{"`, "a&b=c#d?e/f%2e", "x\r\nX-Evil: 1", "../../admin", "{secret.token}{to}", "\x00\u2028梯", strings.Repeat("漢", 300)}
	for _, e := range evil {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var got map[string]any
			if err := json.Unmarshal(body, &got); err != nil || len(got) != 2 || len(got["at"].([]any)) != 3 || len(r.URL.Query()) != 1 {
				t.Errorf("%q: %s %s", e, r.URL.RawQuery, body)
			}
			if p := r.URL.EscapedPath(); !strings.HasPrefix(p, "/send/") || strings.Count(p, "/") != 2 || r.URL.Path != "/send/"+e || r.Header.Get("X-Evil") != "" {
				t.Errorf("%q: asked for %s with %v", e, p, r.Header)
			}
			_, _ = io.WriteString(w, `{"ok":1}`)
		}))
		c := channelFor(t, small, provider.Options{Settings: map[string]string{"host": srv.Listener.Addr().String()}})
		out := call
		out.To, out.Subject = e, e
		if err := c.Send(t.Context(), out); err != nil {
			t.Errorf("%q: %v", e, err)
		}
		srv.Close()
	}
	c := channelFor(t, small, provider.Options{Settings: map[string]string{"host": "127.0.0.1:9"}})
	for _, to := range []string{"", ".", ".."} {
		if se := send(t, c, to); se == nil || !se.Permanent || !strings.Contains(se.Error(), "path") {
			t.Errorf("%q would make another path, and Send says %v", to, se)
		}
	}
}

func TestInsideAddressesAreOutOfReach(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the guard let it through") }))
	defer srv.Close()
	tpl, err := provider.Parse("t.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	c, err := provider.New(provider.Options{Name: "x", Template: tpl, Settings: map[string]string{"host": srv.Listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	if se := send(t, c, "x"); se == nil || !se.Permanent || !strings.Contains(se.Error(), "allow_private") {
		t.Errorf("got %v, want it refused with the way out", se)
	}
}

func TestAProviderThatIsSilentOrBreaksOffIsTriedAgain(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"ok":true}`)
	}))
	defer broken.Close()
	for name, srv := range map[string]*httptest.Server{"silent": silent, "broken": broken} {
		c := channelFor(t, strings.Replace(small, "address", "timeout: 1s\naddress", 1), provider.Options{Settings: map[string]string{"host": srv.Listener.Addr().String()}})
		if c.Patience() != time.Second {
			t.Errorf("its patience is %s", c.Patience())
		}
		if se := send(t, c, "x"); se == nil || se.Permanent {
			t.Errorf("%s: %v, want it tried again", name, se)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := channelFor(t, small, provider.Options{Settings: map[string]string{"host": silent.Listener.Addr().String()}})
	out := call
	out.To = "x"
	if err := c.Send(ctx, out); !errors.Is(err, context.Canceled) {
		t.Errorf("the context has ended, and Send says %v", err)
	}
}

func TestAWaitThatTheProviderAsksForIsKept(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer srv.Close()
	c := channelFor(t, small, provider.Options{Settings: map[string]string{"host": srv.Listener.Addr().String()}})
	if se := send(t, c, "x"); se == nil || se.Permanent || se.After != 7*time.Second {
		t.Errorf("%+v", se)
	}
}

func TestASecretThatIsAwayIsWaitedFor(t *testing.T) {
	src := strings.Replace(small, "query", `headers: {X-Key: "{secret.key}"}`+"\nquery", 1)
	c := channelFor(t, src, provider.Options{Settings: map[string]string{"host": "127.0.0.1:9"}, Secret: func(string) (string, error) { return "", errors.New("no such file") }})
	if se := send(t, c, "x"); se == nil || se.Permanent || !strings.Contains(se.Error(), "secret key") {
		t.Errorf("%v", se)
	}
	c = channelFor(t, src, provider.Options{Settings: map[string]string{"host": "127.0.0.1:9"}, Secret: func(string) (string, error) { return "a\r\nX-Evil: 1", nil }})
	if se := send(t, c, "x"); se == nil || se.Permanent || !se.Setup || strings.Contains(se.Error(), "Evil") {
		t.Errorf("a secret that ends its header: %+v", se)
	}
	src = strings.Replace(small, "/send/", "/{secret.key}/", 1)
	c = channelFor(t, src, provider.Options{Settings: map[string]string{"host": "127.0.0.1:9"}, Secret: func(string) (string, error) { return "..", nil }})
	if se := send(t, c, "x"); se == nil || se.Permanent || !se.Setup {
		t.Errorf("a secret that climbs out of the path: %+v", se)
	}
}

func TestEveryFaultOfATemplateIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown placeholder":       {"{message}", "{mesage}", `t.yaml:4:8: json.m: {mesage} cannot be filled in here; use one of setting.NAME, secret.NAME, to, message`},
		"a call chooses the host":   {"{setting.host}", "{to}", `t.yaml:2:1: url: {to} cannot be filled in here; use one of setting.NAME`},
		"a secret in the host":      {"{setting.host}", "{secret.host}", `url: {secret.host} cannot be filled in here`},
		"text in a header":          {"query:", "headers: {X: \"{text}\"}\nquery:", `headers.X: {text} cannot be filled in here; use one of setting.NAME, secret.NAME, id, kind`},
		"a header that we set":      {"query:", "headers: {Host: x}\nquery:", `headers.Host: the header "Host" cannot be set`},
		"a header that is none":     {"query:", "headers: {\"a b\": x}\nquery:", `the header "a b" cannot be set`},
		"a query in the URL":        {"/send/{to}", "/send?to={to}", `t.yaml:2:1: url: "http://{setting.host}/send?to={to}" does not have the right form`},
		"a brace of its own":        {`"{text}"`, `'{"a":{text}'`, `has a brace that belongs to no placeholder`},
		"two bodies":                {"json:", "form: {a: b}\njson:", `it has to say either form or json`},
		"no body":                   {"json: {m: \"{message}\", at: [1, true, \"{link}\"]}\n", "", `it has to say either form or json`},
		"no status":                 {"status: [200], ", "", `success: it does not say which status means success`},
		"an expression that is one": {"(?s).*", "(", `address: it is no regular expression`},
		"a code that nobody wants":  {"{message}", "{code}", `success: a code is sent, and none has to come back`},
		"a code that is not sent":   {"is: [true, 1]", `is: ["{code}"]`, `success: a code has to come back, and none is sent`},
		"a placeholder to compare":  {"is: [true, 1]", `is: ["{to}"]`, `success.json.0.is.0: "{to}" would be compared as it stands`},
		"too much patience":         {"address:", "timeout: 500s\naddress:", `timeout: 500s is too long`},
		"too deep":                  {"[1, true,", "[[[[[[[[[[1]]]]]]]]],", `it is nested too deeply`},
		"a misspelt key":            {"about:", "abuot:", `the key "abuot" is not known here; did you mean about?`},
	} {
		_, err := provider.Parse("t.yaml", []byte(strings.Replace(small, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %s\ngot  %v", name, c.want, err)
		}
		var faults yamldoc.Faults
		if err != nil && !errors.As(err, &faults) {
			t.Errorf("%s: %v has no places", name, err)
		}
	}
	tpl, err := provider.Parse("t.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"", "a b", "x/y", "user:pw@x", "x?y", "x#"} {
		if err := tpl.CheckSettings(map[string]string{"host": host}); err == nil {
			t.Errorf("the host %q is let through", host)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	for _, name := range provider.Examples() {
		b, _ := provider.Example(name)
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, src string) {
		tpl, err := provider.Parse("t.yaml", []byte(src))
		if (tpl == nil) == (err == nil) {
			t.Fatalf("%v with %v", tpl, err)
		}
		if tpl != nil {
			_ = tpl.CheckSettings(map[string]string{"host": "x"})
			_ = tpl.CheckAddress(src)
		}
	})
}

// What a provider says for a reason may name the number, and goes to the ledger.
func TestAReasonDoesNotShowTheAddress(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"ok": false, "why": "no such number: +8613900001234"}`)
	}))
	defer srv.Close()
	c := channelFor(t, small+"reason: /why\n", provider.Options{Settings: map[string]string{"host": srv.Listener.Addr().String()}})
	if se := send(t, c, "+8613900001234"); se == nil || strings.Contains(se.Error(), "139") || !strings.Contains(se.Error(), "no such number: the recipient") {
		t.Errorf("the error shows the address: %v", se)
	}
}
