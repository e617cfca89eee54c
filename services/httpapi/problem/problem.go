// Package problem answers HTTP requests that fail with RFC 9457 problem
// details. One table maps error codes to status codes; the message that is
// safe to show goes out, the cause goes to the log only.
//
// It renders no HTML: pages use Status and words of their own.
package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// MediaType is the content type of a problem, from RFC 9457.
const MediaType = "application/problem+json"

// Codes that exist only where HTTP does.
const (
	CodePrecondition plantroom.Code = "precondition_failed"    // If-Match names an older version
	CodeMethod       plantroom.Code = "method_not_allowed"     // the path exists, the method does not
	CodeMediaType    plantroom.Code = "unsupported_media_type" // the body is not what the route reads
	CodeRateLimited  plantroom.Code = "rate_limited"           // too many requests from one address
)

// kind is what a code means over HTTP.
type kind struct {
	status int
	title  string
}

// kinds is the one table from code to status.
var kinds = map[plantroom.Code]kind{
	plantroom.CodeInvalid:     {http.StatusBadRequest, "The request is malformed or out of range"},
	plantroom.CodeUnauth:      {http.StatusUnauthorized, "Sign in first"},
	plantroom.CodeForbidden:   {http.StatusForbidden, "Known, but not allowed"},
	plantroom.CodeNotFound:    {http.StatusNotFound, "No such thing"},
	CodeMethod:                {http.StatusMethodNotAllowed, "The path does not take this method"},
	plantroom.CodeConflict:    {http.StatusConflict, "Somebody else was first"},
	plantroom.CodeTransition:  {http.StatusConflict, "The work order's state does not permit this"},
	plantroom.CodeExpired:     {http.StatusGone, "It was valid once"},
	CodePrecondition:          {http.StatusPreconditionFailed, "It has changed since it was read"},
	plantroom.CodeTooLarge:    {http.StatusRequestEntityTooLarge, "Beyond a stated limit"},
	CodeMediaType:             {http.StatusUnsupportedMediaType, "The body has another media type"},
	CodeRateLimited:           {http.StatusTooManyRequests, "Too many requests"},
	plantroom.CodeInternal:    {http.StatusInternalServerError, "Our fault"},
	plantroom.CodeUnavailable: {http.StatusServiceUnavailable, "A part we depend on does not answer"},
}

// Codes lists every code that can be answered, in no particular order.
func Codes() []plantroom.Code {
	list := make([]plantroom.Code, 0, len(kinds))
	for c := range kinds {
		list = append(list, c)
	}
	return list
}

// Status returns the HTTP status of a code, 500 for one that is not known.
func Status(c plantroom.Code) int {
	if k, ok := kinds[c]; ok {
		return k.status
	}
	return http.StatusInternalServerError
}

// Details is the body of a failed request.
type Details struct {
	Type   string         `json:"type"` // urn:plantroom:problem:<code>
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   plantroom.Code `json:"code"`
	Faults []Fault        `json:"faults,omitempty"` // of a file
}

// Fault is one thing that is wrong with a file.
type Fault struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1
	Path    string `json:"path"`   // a JSON pointer, as in /contracts/0/ladder; "" for the whole file
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"` // what would be right
}

// maxFaults is how many faults of a file are listed.
const maxFaults = 200

// ofFile makes the details of the faults of a file.
func ofFile(fs yamldoc.Faults) Details {
	d := Of(plantroom.Errorf(plantroom.CodeInvalid, "the file has %d faults; the first: %s", len(fs), fs[0].Error()))
	if len(fs) == 1 {
		d.Detail = fmt.Sprintf("the file has a fault: %s", fs[0].Error())
	}
	d.Faults = List(fs)
	return d
}

// List gives faults of a file as a body has them, the first of very many.
func List(fs yamldoc.Faults) []Fault {
	out := make([]Fault, 0, min(len(fs), maxFaults))
	for _, f := range fs[:min(len(fs), maxFaults)] {
		out = append(out, Fault{f.File, f.Line, f.Col, f.Path, f.Problem, f.Remedy})
	}
	return out
}

// Of makes the details of an error. A body that outgrew its limit counts as
// CodeTooLarge whoever noticed it, and the faults of a file as CodeInvalid.
func Of(err error) Details {
	if faults := (yamldoc.Faults)(nil); errors.As(err, &faults) && len(faults) > 0 {
		return ofFile(faults)
	}
	code, detail := plantroom.CodeOf(err), plantroom.MessageOf(err)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		code = plantroom.CodeTooLarge
		detail = plantroom.MessageOf(plantroom.Errorf(code, "the body is larger than %d bytes", tooLarge.Limit))
	}
	k, ok := kinds[code]
	if !ok {
		code, k = plantroom.CodeInternal, kinds[plantroom.CodeInternal]
	}
	return Details{Type: "urn:plantroom:problem:" + string(code), Title: k.title, Status: k.status, Detail: detail, Code: code}
}

// PathForLog is a request's path as the log may have it, without the links of
// jobs and calendars: whoever reads one there could use it.
func PathForLog(r *http.Request) string {
	for _, secret := range []string{"/job/", "/calendar/"} {
		if strings.HasPrefix(r.URL.Path, secret) {
			return secret + "…"
		}
	}
	return r.URL.Path
}

// Write answers a request with an error. What is our fault or a dependency's
// is logged with its cause.
func Write(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	d := Of(err)
	if d.Status >= 500 {
		log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", PathForLog(r), "code", d.Code, "error", err)
	}
	w.Header().Set("Content-Type", MediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(d.Status)
	// A client that has gone away cannot be told anything.
	_ = json.NewEncoder(w).Encode(d)
}
