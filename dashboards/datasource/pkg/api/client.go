// Package api asks a Plantroom server for its history, over the HTTP client
// that the plugin SDK makes from a data source's settings (TLS, proxy,
// headers, timeouts).
//
// It knows paths, parameters and shapes, bounds what it reads and says in
// words what an operator has to mend when the server does not answer as it
// should. It knows nothing of Grafana's frames and keeps nothing of an answer.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend/httpclient"
)

// MaxBody is the largest answer that is read, in bytes. A page of 1,000 orders
// is about 600 kB; 200 assets with a change of state each minute for a day, 40 MB,
// are refused.
const MaxBody = 16 << 20

// maxProblem bounds what is read of an answer that is not wanted.
const maxProblem = 16 << 10

// Options of a Client. All are required but Token.
type Options struct {
	URL   string             // of the server, http or https, perhaps with a path
	Token string             // of a viewer; "": none is sent
	HTTP  httpclient.Options // from the data source's settings
}

// Client asks one server with one token. It is safe for concurrent use.
type Client struct {
	base   *url.URL
	token  string
	asking *http.Client // with the timeout of the settings
	stream *http.Client // without: a stream has no end
}

// New makes a client. The error says what is wrong with the settings; it holds
// no secret.
func New(opt Options) (*Client, error) {
	base, err := ParseURL(opt.URL)
	if err != nil {
		return nil, err
	}
	if err := validToken(opt.Token); err != nil {
		return nil, err
	}
	c := &Client{base: base, token: opt.Token}
	// A redirect would carry the token to wherever an answer says.
	opt.HTTP.ConfigureClient = func(_ httpclient.Options, h *http.Client) {
		h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if c.asking, err = httpclient.New(opt.HTTP); err != nil {
		return nil, fault(http.StatusBadRequest, "the settings for TLS or proxy cannot be used: %v", err)
	}
	endless := httpclient.DefaultTimeoutOptions
	if opt.HTTP.Timeouts != nil {
		endless = *opt.HTTP.Timeouts
	}
	endless.Timeout = 0
	opt.HTTP.Timeouts = &endless
	if c.stream, err = httpclient.New(opt.HTTP); err != nil {
		return nil, fault(http.StatusBadRequest, "the settings for TLS or proxy cannot be used: %v", err)
	}
	return c, nil
}

// ParseURL reads the address of a server.
func ParseURL(s string) (*url.URL, error) {
	if s = strings.TrimSpace(s); s == "" {
		return nil, fault(http.StatusBadRequest, "the data source has no URL: enter where Plantroom answers, as https://plantroom.example")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil: // its text may hold a password
		return nil, fault(http.StatusBadRequest, "the data source's URL cannot be read: enter one as https://plantroom.example")
	case u.User != nil:
		return nil, fault(http.StatusBadRequest, "the data source's URL holds a name or a password: leave them out and enter a token")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fault(http.StatusBadRequest, "the data source's URL is %q: it has to begin with http:// or https:// and name a host", clip(s, 80))
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fault(http.StatusBadRequest, "the data source's URL has a ? or a #: enter the address alone, as https://plantroom.example")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func validToken(token string) error {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return fault(http.StatusBadRequest, "the token has a space, a line's end or a letter that no token has: copy it once more")
		}
	}
	return nil
}

// Address is the server's, as messages name it.
func (c *Client) Address() string { return c.base.String() }

// Close gives up connections that nobody uses.
func (c *Client) Close() {
	c.asking.CloseIdleConnections()
	c.stream.CloseIdleConnections()
}

// get asks for one thing.
func get[T any](ctx context.Context, c *Client, path string, q url.Values) (T, error) {
	var into T
	body, err := c.fetch(ctx, path, q)
	if err != nil {
		return into, err
	}
	if err := json.Unmarshal(body, &into); err != nil {
		return into, c.notPlantroom(path, "JSON of another shape ("+clip(err.Error(), 120)+")")
	}
	return into, nil
}

// list asks for a page. A page without items is none: {} is what some proxies answer.
func list[T any](ctx context.Context, c *Client, path string, q url.Values) (Answer[T], error) {
	a, err := get[Answer[T]](ctx, c, path, q)
	if err == nil && a.Items == nil {
		err = c.notPlantroom(path, "JSON without items")
	}
	return a, err
}

func (c *Client) fetch(ctx context.Context, path string, q url.Values) ([]byte, error) {
	res, err := c.send(ctx, c.asking, path, q, "application/json")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if kind := mediaType(res); kind != "application/json" {
		return nil, c.notPlantroom(path, nameOf(kind))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxBody+1))
	switch {
	case errors.Is(err, httpclient.ErrResponseBodyTooLarge) || len(body) > MaxBody:
		return nil, fault(http.StatusBadGateway, "Plantroom at %s answers %s with more than can be taken: choose a shorter range or fewer assets", c.base, path)
	case err != nil:
		return nil, c.unreachable(ctx, err)
	}
	return body, nil
}

// send makes a request and returns an answer that is 200, or the error that fits.
func (c *Client) send(ctx context.Context, h *http.Client, path string, q url.Values, accept string) (*http.Response, error) {
	u := *c.base
	u.Path += path
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault(http.StatusBadRequest, "the data source's URL %s cannot be asked", c.base)
	}
	req.Header.Set("Accept", accept)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := h.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, c.refused(path, res)
}

func mediaType(res *http.Response) string {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return kind
}

func nameOf(mediaType string) string {
	switch mediaType {
	case "text/html", "application/xhtml+xml":
		return "a web page instead of data"
	case "":
		return "something that does not say what it is"
	}
	return clip(mediaType, 60) + " instead of JSON"
}
