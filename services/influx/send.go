package influx

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	clienthttp "github.com/influxdata/influxdb-client-go/v2/api/http"

	"plantroom"
)

// sender sends the lines of one write, and narrows down those that InfluxDB
// refuses by halving.
type sender struct {
	w       *Writer
	ctx     context.Context
	text    string
	ends    []int
	index   []int
	refused []plantroom.Refused

	vague int // lines refused with a reason that need not be theirs
}

// send writes lines from up to to.
func (s *sender) send(from, to int) error {
	if from == to {
		return nil
	}
	err := s.request(from, to)
	if err == nil {
		return nil
	}
	verdict := judge(err)
	if verdict == tryLater {
		return explain(err)
	}
	if to-from == 1 {
		s.refuse(from, err)
		return s.allVague(err)
	}
	half := from + (to-from+1)/2
	if err := s.send(from, half); err != nil {
		return err
	}
	return s.send(half, to)
}

func (s *sender) request(from, to int) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.w.timeout)
	defer cancel()
	s.w.requests.Add(1)
	begin := 0
	if from > 0 {
		begin = s.ends[from-1]
	}
	return s.w.api.WriteRecord(ctx, s.text[begin:s.ends[to-1]])
}

func (s *sender) refuse(line int, err error) {
	var e *clienthttp.Error
	reason := err.Error()
	if errors.As(err, &e) && e.Message != "" {
		reason = e.Message
	}
	if !aboutLines(reason) {
		s.vague++
	}
	s.refused = append(s.refused, plantroom.Refused{Index: s.index[line], Reason: strings.TrimSpace(reason)})
}

// allVague tells a request that is wrong as a whole (a bucket that InfluxDB
// does not accept, say) from lines that are: when not one of many lines is
// taken and no reason names a line, setting all of them aside would be wrong.
func (s *sender) allVague(err error) error {
	const many = 16
	if s.vague < many || s.vague < len(s.ends) {
		return nil
	}
	return &plantroom.Error{
		Code: plantroom.CodeForbidden, Op: "write to InfluxDB", Message: "it refuses every request",
		Hint: "check URL, organisation and database in the configuration",
		Err:  &plantroom.SendError{Err: err, Permanent: true},
	}
}

func (s *sender) inOrder() []plantroom.Refused {
	slices.SortFunc(s.refused, func(a, b plantroom.Refused) int { return cmp.Compare(a.Index, b.Index) })
	return s.refused
}

// verdict is what a failed request says of its lines.
type verdict int

const (
	tryLater verdict = iota // nothing: the same request may work another time
	badLines                // at least one of them will never be taken
	tooLarge                // there are too many
)

func judge(err error) verdict {
	var e *clienthttp.Error
	if !errors.As(err, &e) {
		return tryLater
	}
	switch {
	case e.StatusCode == http.StatusRequestEntityTooLarge:
		return tooLarge
	case e.StatusCode == http.StatusBadRequest, e.StatusCode == http.StatusUnprocessableEntity:
		return badLines
	case strings.Contains(e.Message, "partial write"):
		return badLines
	}
	return tryLater
}

// aboutLines reports whether a reason speaks of lines: what 1.8, 2.x and 3 say
// of those that they cannot parse or whose fields have another type.
func aboutLines(reason string) bool {
	for _, words := range []string{"partial write", "unable to parse", "conflict", "line", "field"} {
		if strings.Contains(reason, words) {
			return true
		}
	}
	return false
}

// explain makes of a failed request what an operator wants to read.
func explain(err error) error {
	out := &plantroom.Error{
		Code: plantroom.CodeUnavailable, Op: "write to InfluxDB", Message: "it does not answer",
		Hint: "it is tried again by itself; see that InfluxDB runs",
	}
	send := &plantroom.SendError{Err: err}
	var e *clienthttp.Error
	if errors.As(err, &e) && e.StatusCode != 0 {
		send.After = time.Duration(min(e.RetryAfter, 3600)) * time.Second
		out.Message = "it answers " + http.StatusText(e.StatusCode)
		switch e.StatusCode {
		case http.StatusUnauthorized:
			out.Code, out.Hint, send.Permanent = plantroom.CodeUnauth, "check the token, or user:password for 1.8", true
		case http.StatusForbidden:
			out.Code, out.Hint, send.Permanent = plantroom.CodeForbidden, "give the token the right to write to the database", true
		case http.StatusNotFound:
			out.Code, out.Hint, send.Permanent = plantroom.CodeNotFound, "create the database or bucket, or correct its name", true
		}
	}
	out.Err = send
	return out
}
