package api

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ServerNeeded is the first version of Plantroom that has what is asked for here.
const ServerNeeded = "0.1.0"

// StatusCanceled stands for a question that nobody waits for any more, as
// Grafana itself counts it.
const StatusCanceled = 499

// Error is why there is no answer. Its text is for an operator: it names the
// address and the next step, and never a token.
type Error struct {
	Status     int           // the HTTP status that fits: the server's own, 502 where it is not reached or is no Plantroom, 504, 499
	Text       string        //
	RetryAfter time.Duration // 0: the server did not say
	cause      error
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.cause }

func fault(status int, format string, args ...any) *Error {
	return &Error{Status: status, Text: fmt.Sprintf(format, args...)}
}

// unreachable puts into words why no answer came.
func (c *Client) unreachable(ctx context.Context, err error) error {
	e := &Error{Status: http.StatusBadGateway, cause: err}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Status, e.Text, e.cause = StatusCanceled, "the question was withdrawn before Plantroom answered", context.Canceled
	case errors.Is(ctx.Err(), context.DeadlineExceeded) || timedOut(err):
		e.Status, e.Text = http.StatusGatewayTimeout, fmt.Sprintf("Plantroom at %s did not answer in time: choose a shorter range, or a longer timeout in the data source's settings", c.base)
	case errors.As(err, &dns):
		e.Text = fmt.Sprintf("there is no host %s: correct the data source's URL", clip(c.base.Hostname(), 80))
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Text = fmt.Sprintf("nothing answers at %s: start Plantroom, or correct the data source's URL; it has to be reached from where Grafana runs", c.base)
	case errors.As(err, &cert):
		e.Text = fmt.Sprintf("the certificate of %s is not trusted: enter its CA certificate in the data source's settings (%s)", c.base, clip(cert.Err.Error(), 120))
	case errors.As(err, &record):
		e.Text = fmt.Sprintf("%s does not speak TLS: begin the data source's URL with http:// or correct its port", c.base)
	default:
		e.Text = fmt.Sprintf("Plantroom at %s cannot be reached: %s", c.base, c.clean(reason(err)))
	}
	return e
}

// timedOut looks through all of an error: an outer one that knows timeouts may
// not see that of an inner one.
func timedOut(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if t, ok := err.(interface{ Timeout() bool }); ok && t.Timeout() {
			return true
		}
	}
	return false
}

// reason takes the method and the whole URL off an error of net/http.
func reason(err error) string {
	var inner interface{ Unwrap() error }
	for errors.As(err, &inner) && strings.Contains(err.Error(), "://") && inner.Unwrap() != nil {
		err = inner.Unwrap()
	}
	return err.Error()
}

// notPlantroom says that an answer came, and not one of the API.
func (c *Client) notPlantroom(path, what string) *Error {
	return fault(http.StatusBadGateway, "%s answers %s with %s: the data source's URL may lead to a proxy, a page to sign in or another program", c.base, path, what)
}

// refused puts a status that is not 200 into words.
func (c *Client) refused(path string, res *http.Response) *Error {
	detail := c.detail(res)
	e := &Error{Status: res.StatusCode, RetryAfter: retryAfter(res.Header.Get("Retry-After"))}
	again := ""
	if e.RetryAfter > 0 {
		again = fmt.Sprintf(" It can be asked again in %s.", e.RetryAfter)
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized && c.token == "":
		e.Text = fmt.Sprintf("Plantroom at %s wants a token and the data source has none: enter one of a viewer", c.base)
	case res.StatusCode == http.StatusUnauthorized:
		e.Text = fmt.Sprintf("Plantroom at %s does not accept the data source's token: enter one that is valid, of a viewer", c.base)
	case res.StatusCode == http.StatusForbidden:
		e.Text = fmt.Sprintf("the data source's token may not read %s of Plantroom at %s: enter one of a viewer", path, c.base)
	case res.StatusCode == http.StatusNotFound && mediaType(res) == "application/problem+json":
		e.Text = fmt.Sprintf("Plantroom at %s has no %s, so it is older than this data source: it has to be %s or later", c.base, path, ServerNeeded)
	case res.StatusCode == http.StatusNotFound:
		e.Text = fmt.Sprintf("%s has no %s: either the data source's URL does not lead to Plantroom, or that is older than %s", c.base, path, ServerNeeded)
	case res.StatusCode == http.StatusBadRequest:
		e.Text = fmt.Sprintf("Plantroom at %s does not understand the question: %s", c.base, or(detail, "it does not say why"))
	case res.StatusCode == http.StatusRequestURITooLong || res.StatusCode == http.StatusRequestHeaderFieldsTooLarge:
		e.Status = http.StatusBadRequest
		e.Text = fmt.Sprintf("the question is too long for Plantroom at %s or a proxy before it: choose All, or fewer values", c.base)
	case res.StatusCode == http.StatusTooManyRequests:
		e.Text = fmt.Sprintf("Plantroom at %s is asked too often: refresh boards less often.%s", c.base, again)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		e.Status = http.StatusBadGateway
		e.Text = fmt.Sprintf("%s sends elsewhere (%d): enter the address that answers itself as the data source's URL", c.base, res.StatusCode)
	case res.StatusCode >= 500:
		e.Text = fmt.Sprintf("Plantroom at %s cannot answer now (%d): %s.%s", c.base, res.StatusCode, strings.TrimRight(or(detail, "its log says why"), "."), again)
	default:
		e.Status = http.StatusBadGateway
		e.Text = fmt.Sprintf("%s answers %s with status %d: %s", c.base, path, res.StatusCode, or(detail, "it does not say why"))
	}
	return e
}

// detail is what a problem says, "" where the answer is none.
func (c *Client) detail(res *http.Response) string {
	if mediaType(res) != "application/problem+json" {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil {
		return ""
	}
	var p struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if json.Unmarshal(body, &p) != nil {
		return ""
	}
	return c.clean(or(p.Detail, p.Title))
}

// clean makes foreign words fit to be shown: one short line, without the token.
func (c *Client) clean(s string) string {
	if c.token != "" {
		s = strings.ReplaceAll(s, c.token, "(the token)")
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return clip(s, 300)
}

// maxWait is the longest wait that a server is believed.
const maxWait = time.Hour

// retryAfter reads the header's seconds or date; 0 where it has neither.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return min(time.Duration(min(n, 3600))*time.Second, maxWait)
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(time.Until(at).Round(time.Second), 0), maxWait)
	}
	return 0
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
