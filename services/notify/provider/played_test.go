package provider_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/notify/provider"
)

var (
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	at       = func() plantroom.Instant { return 1_790_000_000_000_000_000 }
	call     = plantroom.Call{ID: "msg-abc", Kind: "order.dispatched", Order: "wo-000001",
		Subject: "wo-000001 Lift 1: door & sill \"stuck\" 100 % (high), attend by 07:58",
		Body: json.RawMessage(`{"data":{"order":{"severity":"high","cause":"door_close_fault"},
			"asset":{"id":"b1-l1","name":{"en":"Lift \"1\" & 梯"},"building":{"en":"Block 1"}},"job_link":"https://plantroom.example.org/job/a?b=c"}}`)}
)

const message = "wo-000001 Lift 1: door & sill \"stuck\" 100 % (high), attend by 07:58 https://plantroom.example.org/job/a?b=c"

// play says what a provider is asked, to the byte, and what it answers.
type play struct {
	to       string
	settings map[string]string
	secrets  map[string]string

	path    string            // escaped, with the query
	headers map[string]string // all but those of every HTTP client
	form    map[string]string // decoded
	json    string

	taken     []string // answers: "200 {…}"
	setup     []string
	permanent []string
	again     []string
	missing   string // an address that the template refuses
}

var plays = map[string]play{
	"twilio-sms": {to: "+4915550100", settings: map[string]string{"from": "+15550100"}, secrets: map[string]string{"account": "AC1", "token": "hush"},
		path: "/2010-04-01/Accounts/AC1/Messages.json", headers: map[string]string{"Authorization": "Basic QUMxOmh1c2g=", "Content-Type": "application/x-www-form-urlencoded"},
		form:      map[string]string{"To": "+4915550100", "From": "+15550100", "Body": message},
		taken:     []string{`201 {"sid":"SM1","status":"queued","error_code":null}`, `201 {"status":"accepted"}`},
		permanent: []string{`400 {"code":21211,"message":"The 'To' number is not valid","status":400}`},
		setup:     []string{`401 {"code":20003}`, `403 {}`, `404 {"code":20404}`},
		again:     []string{`201 {"status":"failed","error_code":30008}`, `200 {"status":"queued"}`, `429 {"code":20429}`, `500 oops`, `201 <html>`, `201 {"status":"queued"} trailing`},
		missing:   "15550100"},
	"vonage-sms": {to: "4915550100", settings: map[string]string{"from": "Plantroom"}, secrets: map[string]string{"key": "k1", "secret": "hush"},
		path: "/sms/json", headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		form:      map[string]string{"api_key": "k1", "api_secret": "hush", "from": "Plantroom", "to": "4915550100", "text": message, "type": "unicode", "client-ref": "msg-abc"},
		taken:     []string{`200 {"message-count":"1","messages":[{"to":"4915550100","message-id":"m1","status":"0"}]}`},
		setup:     []string{`200 {"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}`, `401 {}`},
		permanent: []string{`200 {"messages":[{"status":"3"}]}`},
		again:     []string{`200 {"message-count":"1","messages":[{"status":"1","error-text":"Throttled"}]}`, `200 {"messages":[]}`, `200 {"messages":[{"status":0}]}`, `503 {}`, `200 null`},
		missing:   "+4915550100"},
	"aliyun-sms": {to: "13800000000", settings: map[string]string{"sign_name": "物业", "template_code": "SMS_1"}, secrets: map[string]string{"id": "LTAI1", "key": "hush"},
		path: "/", headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Acs-Action": "SendSms", "X-Acs-Version": "2017-05-25",
			"X-Acs-Date": "2026-09-21T14:13:20Z", "X-Acs-Signature-Nonce": "*", "X-Acs-Content-Sha256": "*", "Authorization": "*"},
		form: map[string]string{"PhoneNumbers": "13800000000", "SignName": "物业", "TemplateCode": "SMS_1", "OutId": "msg-abc",
			"TemplateParam": `{"asset":"Lift \"1\" \u0026 梯","order":"wo-000001","severity":"high"}`},
		taken:     []string{`200 {"Code":"OK","Message":"OK","BizId":"1","RequestId":"r"}`},
		permanent: []string{`200 {"Code":"isv.MOBILE_NUMBER_ILLEGAL","Message":"x"}`},
		setup:     []string{`403 {"Code":"Forbidden.RAM"}`, `404 {"Code":"InvalidAccessKeyId.NotFound"}`},
		again:     []string{`200 {"Code":"isv.BUSINESS_LIMIT_CONTROL"}`, `503 {"Code":"ServiceUnavailable"}`, `200 OK`, `200 {"code":"OK"}`},
		missing:   "12800000000"},
	"ntfy": {to: "quicklift-desk", secrets: map[string]string{"token": "tk_hush"},
		path: "/", headers: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer tk_hush"},
		json:      `{"topic":"quicklift-desk","title":"Lift \"1\" & 梯","message":` + quoted(message) + `,"priority":4}`,
		taken:     []string{`200 {"id":"x","time":1,"expires":2,"event":"message","topic":"quicklift-desk"}`},
		setup:     []string{`403 {"code":40301,"http":403,"error":"forbidden"}`, `401 {}`},
		permanent: []string{`413 {}`},
		again:     []string{`429 {"code":42901}`, `200 {"event":"open"}`, `200`, `507 {}`},
		missing:   "a/b"},
	"telegram": {to: "-100123", secrets: map[string]string{"token": "42:AA/x"},
		path: "/bot42%3AAA%2Fx/sendMessage", headers: map[string]string{"Content-Type": "application/json"},
		json:      `{"chat_id":"-100123","text":` + quoted(message) + `,"link_preview_options":{"is_disabled":true}}`,
		taken:     []string{`200 {"ok":true,"result":{"message_id":1}}`},
		permanent: []string{`400 {"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, `403 {"ok":false,"error_code":403}`},
		setup:     []string{`401 {"ok":false,"error_code":401}`, `404 {"ok":false,"error_code":404}`},
		again:     []string{`429 {"ok":false,"error_code":429,"parameters":{"retry_after":5}}`, `200 {"ok":false}`, `200 {"ok":"true"}`, `400 <html>`, `502 Bad Gateway`},
		missing:   "0"},
	"voice": {to: "+4915550100", secrets: map[string]string{"token": "hush"},
		path: "/calls", headers: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer hush"},
		json:      `{"id":"msg-abc","to":"+4915550100","say":"wo-000001 Lift 1: door & sill \"stuck\" 100 % (high), attend by 07:58","code":"4711","language":"en"}`,
		taken:     []string{`200 {"result":"answered","digits":"4711"}`, `200 {"result":"answered","digits":4711}`},
		permanent: []string{`200 {"result":"no_such_number"}`},
		setup:     []string{`401 {}`},
		again: []string{`200 {"result":"answered"}`, `200 {"result":"answered","digits":""}`, `200 {"result":"answered","digits":"4712"}`, `200 {"result":"voicemail","digits":"4711"}`,
			`200 {"result":"busy"}`, `200 {"result":"answered","digits":["4711"]}`, `504 {}`},
		missing: "555"},
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// stand serves a play under the provider's own host name, over TLS.
type stand struct {
	t      *testing.T
	play   play
	host   string
	answer string
	asked  int
}

func (s *stand) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked++
	if r.Method != http.MethodPost || r.Host != s.host || r.URL.RequestURI() != s.path() {
		s.t.Errorf("%s %s%s was asked, want POST %s%s", r.Method, r.Host, r.URL.RequestURI(), s.host, s.path())
	}
	for name := range r.Header {
		switch want, listed := s.play.headers[name]; {
		case name == "User-Agent" || name == "Content-Length" || name == "Accept-Encoding":
		case !listed:
			s.t.Errorf("the header %s: %q is not in the shape", name, r.Header[name])
		case want != "*" && r.Header.Get(name) != want:
			s.t.Errorf("%s is %q, want %q", name, r.Header.Get(name), want)
		}
	}
	for name := range s.play.headers {
		if r.Header.Get(name) == "" {
			s.t.Errorf("the header %s is missing", name)
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.body(string(body))
	status, text, _ := strings.Cut(s.answer, " ")
	var code int
	_, _ = fmt.Sscan(status, &code)
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text)
}

func (s *stand) path() string { return s.play.path }

func (s *stand) body(body string) {
	if s.play.form == nil {
		var got, want any
		if err := errors.Join(json.Unmarshal([]byte(body), &got), json.Unmarshal([]byte(s.play.json), &want)); err != nil || !reflect.DeepEqual(got, want) {
			s.t.Errorf("the body is\n%s\nwant\n%s (%v)", body, s.play.json, err)
		}
		return
	}
	got, err := url.ParseQuery(body)
	want := url.Values{}
	for k, v := range s.play.form {
		want.Set(k, v)
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		s.t.Errorf("the form is\n%v\nwant\n%v (%v)", got, want, err)
	}
}

// serve starts a stand for a shipped template, as it is but for its host, and a
// channel for it.
func serve(t *testing.T, name string) (*stand, *provider.Channel) {
	t.Helper()
	src, err := provider.Example(name)
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, play: plays[name]}
	srv := httptest.NewTLSServer(s)
	t.Cleanup(srv.Close)
	_, port, _ := net.SplitHostPort(srv.Listener.Addr().String())
	s.host = "127.0.0.1:" + port
	text := string(src)
	start := strings.Index(text, "url: https://") + len("url: https://")
	text = text[:start] + "{setting.host}" + text[start+strings.IndexByte(text[start:], '/'):]
	tpl, err := provider.Parse(name+".yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{"host": s.host}
	for k, v := range s.play.settings {
		settings[k] = v
	}
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	c, err := provider.New(provider.Options{Name: name, Template: tpl, Settings: settings, AllowPrivate: loopback, RootCAs: pool, Now: at,
		Secret: func(n string) (string, error) {
			if v := s.play.secrets[n]; v != "" {
				return v, nil
			}
			return "", errors.New("no such secret")
		}, Code: func() string { return "4711" }})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func send(t *testing.T, c *provider.Channel, to string) *plantroom.SendError {
	t.Helper()
	out := call
	out.To = to
	err := c.Send(t.Context(), out)
	if err == nil {
		return nil
	}
	var se *plantroom.SendError
	if !errors.As(err, &se) {
		return &plantroom.SendError{Err: err}
	}
	return se
}

func TestEveryShippedTemplateIsPlayed(t *testing.T) {
	for _, name := range provider.Examples() {
		if _, ok := plays[name]; !ok {
			t.Errorf("nothing plays %s", name)
		}
	}
	for name, p := range plays {
		t.Run(name, func(t *testing.T) {
			s, c := serve(t, name)
			for want, answers := range map[string][]string{"taken": p.taken, "set-up": p.setup, "for good": p.permanent, "again": p.again} {
				for _, s.answer = range answers {
					se := send(t, c, p.to)
					got := "taken"
					if se != nil && se.Setup && !se.Permanent {
						got = "set-up"
					} else if se != nil && se.Permanent {
						got = "for good"
					} else if se != nil {
						got = "again"
					}
					if got != want {
						t.Errorf("%s: %s (%v), want %s", s.answer, got, se, want)
					}
					for _, secret := range p.secrets {
						if se != nil && strings.Contains(se.Error(), secret) {
							t.Errorf("%s: the error shows a secret: %v", s.answer, se)
						}
					}
				}
			}
			asked := s.asked
			if se := send(t, c, p.missing); se == nil || !se.Permanent || s.asked != asked {
				t.Errorf("the address %q: %v, want it given up and nobody asked", p.missing, se)
			} else if strings.Contains(se.Error(), `"`+p.missing) {
				t.Errorf("the error shows the address: %v", se)
			}
			for _, s.answer = range []string{"200 " + strings.Repeat(" ", 70<<10) + strings.TrimLeft(p.taken[0], "0123456789 "), "302 {}"} {
				if se := send(t, c, p.to); se == nil {
					t.Errorf("%.20s…: counts as taken", s.answer)
				}
			}
		})
	}
}
