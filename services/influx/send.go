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
	points  []plantroom.Point
	text    string
	lines   []line
	refused []plantroom.Refused

	rendered int // points in lines
	vague    int // points refused with a reason that need not be theirs
}

// send writes lines from up to to.
func (s *sender) send(from, to int) error {
	if from == to {
		return nil
	}
	err := s.request(s.between(from, to))
	if err == nil {
		return nil
	}
	verdict := judge(err)
	if verdict == tryLater {
		return explain(err)
	}
	if to-from == 1 {
		return s.split(s.lines[from], err)
	}
	half := from + (to-from+1)/2
	if err := s.send(from, half); err != nil {
		return err
	}
	return s.send(half, to)
}

// between is the text of lines from up to to.
func (s *sender) between(from, to int) string {
	begin := 0
	if from > 0 {
		begin = s.lines[from-1].end
	}
	return s.text[begin:s.lines[to-1].end]
}

func (s *sender) request(text string) error {
	ctx, cancel := context.WithTimeout(s.ctx, s.w.timeout)
	defer cancel()
	s.w.requests.Add(1)
	return s.w.api.WriteRecord(ctx, text)
}

// split sends the points of a refused line one by one, so that only those that
// are bad themselves are refused.
func (s *sender) split(l line, err error) error {
	if l.count == 1 {
		s.refuse(l.first, err)
		return s.allVague(err)
	}
	var one batch
	for i := l.first; i < l.first+l.count; i++ {
		one.render(s.points[i:i+1], &s.w.series)
		err := s.request(string(one.text))
		switch {
		case err == nil:
		case judge(err) == tryLater:
			return explain(err)
		default:
			s.refuse(i, err)
		}
	}
	return s.allVague(err)
}

func (s *sender) refuse(point int, err error) {
	var e *clienthttp.Error
	reason := err.Error()
	if errors.As(err, &e) && e.Message != "" {
		reason = e.Message
	}
	if !aboutLines(reason) {
		s.vague++
	}
	s.refused = append(s.refused, plantroom.Refused{Index: point, Reason: strings.TrimSpace(reason)})
}

// allVague tells a request that is wrong as a whole (a bucket that InfluxDB
// does not accept, say) from lines that are: when not one of many lines is
// taken and no reason names a line, setting all of them aside would be wrong.
func (s *sender) allVague(err error) error {
	const many = 16
	if s.vague < many || s.vague < s.rendered {
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
