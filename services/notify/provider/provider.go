// Package provider is a channel that is described as data: how a provider of
// SMS, push or voice is asked over HTTP, and which of its answers mean that the
// call was taken. Templates of known providers are in examples; another one is a
// file of the operator's.
//
// A call was taken only where the answer is the one that the template describes,
// in status and body. Whatever else comes, a time-out, a 500, a 200 with an error
// inside, or no JSON at all, is tried again and then given up for the next
// address; what the template lists as permanent is given up at once, and what it
// lists as setup, as a token that is not valid, is held against no call. Where a
// template has a code spoken, only that code, read back, means that a human has
// answered: a voicemail that takes the message does not.
//
// What is filled in is encoded for its place (URL, form, JSON, header) as a
// whole value, so none can change the shape of a request. Secrets come from
// files, and are in no error. Addresses inside the house are out of reach, as for
// webhooks: see services/notify/outside.
//
// It deliberately speaks no provider's language of its own: no status
// callbacks, no account, no dialogue of several requests. Of signatures that have
// to be computed it knows those in sign.go.
package provider

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"plantroom"
	"plantroom/services/notify/outside"
)

// Options say what a Channel needs. Name and Template are required.
type Options struct {
	Name     string // how addresses refer to it
	Template *Template
	Settings map[string]string
	// Secret reads a secret by name, at each delivery. An error is retried:
	// a missing file may come back.
	Secret       func(name string) (string, error)
	AllowPrivate []netip.Prefix // see outside.Options
	RootCAs      *x509.CertPool // nil: the system's
	Now          func() plantroom.Instant
	Code         func() string // four digits, for templates that have a code read back; nil: at random
}

// Channel delivers calls. It is safe for concurrent use.
type Channel struct {
	o      Options
	t      *Template
	client *outside.Client
}

var _ plantroom.Channel = (*Channel)(nil)

// New makes a channel. It fails with CodeInvalid where the template wants a
// setting that is not given, or where the address that comes of it is none.
func New(o Options) (*Channel, error) {
	if o.Now == nil {
		o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
	}
	if o.Code == nil {
		o.Code = randomCode
	}
	t := o.Template
	if err := t.CheckSettings(o.Settings); err != nil {
		return nil, err
	}
	if len(t.Secrets) > 0 && o.Secret == nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "channel %s: the secrets %s are not given", o.Name, strings.Join(t.Secrets, ", "))
	}
	return &Channel{o: o, t: t, client: outside.New(outside.Options{AllowPrivate: o.AllowPrivate, RootCAs: o.RootCAs, Timeout: t.timeout})}, nil
}

// CheckSettings says which setting is missing, or makes no address of the host.
func (t *Template) CheckSettings(given map[string]string) error {
	v := values{}
	for _, n := range t.Settings {
		if given[n] == "" {
			return plantroom.Errorf(plantroom.CodeInvalid, "the setting %s is missing", n)
		}
		v["setting."+n] = given[n]
	}
	base := t.host.fill(v, nil)
	_, host, _ := strings.Cut(base, "://")
	if strings.ContainsAny(host, "/?#@") || outside.CheckURL(base) != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "%q is no address of a server; a setting that stands for one is as in api.example.org", base)
	}
	return nil
}

// randomCode gives four digits without a nought in front, which some would
// not say.
func randomCode() string {
	n, _ := rand.Int(rand.Reader, big.NewInt(9000)) // it never fails
	return fmt.Sprint(1000 + n.Int64())
}

// Name is the name that the server's file gives.
func (c *Channel) Name() string { return c.o.Name }

// Patience is how long a delivery may take. A telephone rings for a while.
func (c *Channel) Patience() time.Duration { return c.t.timeout }

// Send asks the provider once. Its error shows neither address nor secret.
func (c *Channel) Send(ctx context.Context, call plantroom.Call) error {
	if !c.t.address.MatchString(call.To) { // not shown: what becomes of a call is in the ledger
		return &plantroom.SendError{Permanent: true, Err: plantroom.Errorf(plantroom.CodeInvalid, "the address does not fit the template of channel %s: correct it in the estate's file", c.o.Name)}
	}
	code := ""
	if c.t.ReadBack {
		code = c.o.Code()
	}
	v := c.t.values(call, code)
	if err := c.operators(v); err != nil {
		return err
	}
	req, body, err := c.t.request(ctx, v)
	if err != nil {
		return &plantroom.SendError{Err: err, Setup: errors.As(err, new(setupError)), Permanent: !errors.As(err, new(setupError))}
	}
	if s := c.t.sign; s != nil {
		signACS3(req, body, s.id.fill(v, nil), s.key.fill(v, nil), c.o.Now(), rand.Text())
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return &plantroom.SendError{Err: errors.New("the provider's answer broke off")}
	}
	if e := c.t.judge(resp.StatusCode, answer, code, call.To); e != nil {
		if !e.Permanent {
			e.After = outside.RetryAfter(resp.Header, c.o.Now())
		}
		return e
	}
	return nil
}

// operators adds settings and secrets.
func (c *Channel) operators(v values) error {
	for _, n := range c.t.Settings {
		v["setting."+n] = c.o.Settings[n]
	}
	for _, n := range c.t.Secrets {
		s, err := c.o.Secret(n)
		if err != nil {
			return fmt.Errorf("secret %s of channel %s: %w", n, c.o.Name, err)
		}
		v["secret."+n] = s
	}
	return nil
}

// setupError is a secret or a setting that cannot stand where the template has it.
type setupError struct{ string }

// Error says where.
func (e setupError) Error() string { return e.string }

// request makes the request of a call, and its body once more for a signature.
func (t *Template) request(ctx context.Context, v values) (*http.Request, []byte, error) {
	path, err := t.escapedPath(v)
	if err != nil {
		return nil, nil, err
	}
	address := t.host.fill(v, nil) + path
	if len(t.query) > 0 {
		address += "?" + encode(t.query, v)
	}
	body, kind, err := t.body(v)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, t.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, errors.New("the address that the template makes is no URL") // the cause would show it
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "plantroom")
	for _, h := range t.headers {
		value := h.value.fill(v, nil)
		if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r > unicode.MaxASCII }) {
			return nil, nil, setupError{"the header " + h.name + " would hold characters that a header cannot"} // all else that a header may hold is ASCII
		}
		req.Header.Set(h.name, value)
	}
	if t.user != nil {
		req.SetBasicAuth(t.user.fill(v, nil), t.password.fill(v, nil))
	}
	return req, body, nil
}

// escapedPath fills the path. A value that were a step up, or no step at all,
// would make another path of it.
func (t *Template) escapedPath(v values) (string, error) {
	path := t.path.fill(v, percent)
	for _, p := range t.path {
		if s := v[p.name]; p.name != "" && (s == "" || s == "." || s == "..") {
			if operators.has(p.name) {
				return "", setupError{"{" + p.name + "} cannot stand in the path"}
			}
			return "", fmt.Errorf("{%s} cannot stand in the path", p.name)
		}
	}
	return path, nil
}

// body encodes the body, and says of what type it is.
func (t *Template) body(v values) (body []byte, kind string, err error) {
	if t.form == nil {
		body, err = json.Marshal(t.json.value(v))
		return body, "application/json", err
	}
	var parts []string
	for _, f := range t.form {
		value := ""
		if f.tree.kind == 's' {
			value = f.tree.text.fill(v, nil)
		} else {
			b, err := json.Marshal(f.tree.value(v))
			if err != nil {
				return nil, "", err
			}
			value = string(b)
		}
		parts = append(parts, percent(f.name)+"="+percent(value))
	}
	return []byte(strings.Join(parts, "&")), "application/x-www-form-urlencoded", nil
}

// encode makes a query, in the order of the names.
func encode(list []pair, v values) string {
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = percent(p.name) + "=" + percent(p.value.fill(v, nil))
	}
	return strings.Join(parts, "&")
}

// percent escapes everything but the unreserved characters of RFC 3986 section
// 2.3. Forms are happy with it too, and it is what signatures are made over.
func percent(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}
