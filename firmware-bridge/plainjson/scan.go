package plainjson

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"plantroom"
)

// message is a payload, with samples that still lack address and time.
type message struct {
	at      plantroom.Instant
	timed   bool
	quality plantroom.Quality
	samples []plantroom.Sample
}

// scanner reads JSON (RFC 8259). The first failure sticks, and what is read
// after it is empty.
type scanner struct {
	b   []byte
	at  int
	err error
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.err == nil && s.at < len(s.b) {
		switch c := s.b[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// expect takes the byte c.
func (s *scanner) expect(c byte) {
	switch got := s.peek(); {
	case s.err != nil:
	case got == c:
		s.at++
	case s.at >= len(s.b):
		s.fail("the payload ends where %q should be", c)
	default:
		s.fail("%q where %q should be", got, c)
	}
}

// object reads {…} and calls member with each key, at its value.
func (s *scanner) object(member func(key string)) {
	s.expect('{')
	if s.peek() == '}' {
		s.at++
		return
	}
	for s.err == nil {
		key := s.text()
		s.expect(':')
		if s.err != nil {
			return
		}
		member(key)
		if s.peek() == ',' {
			s.at++
			continue
		}
		s.expect('}')
		return
	}
}

func (s *scanner) message() message {
	var m message
	var seenQuality, seenValues bool
	s.object(func(key string) {
		switch {
		case key == "t" && !m.timed:
			m.at, m.timed = s.instant(), true
		case key == "q" && !seenQuality:
			m.quality, seenQuality = s.quality(), true
		case key == "v" && !seenValues:
			m.samples, seenValues = s.values(), true
		case key == "t", key == "q", key == "v":
			s.fail("key %q is there twice", key)
		default:
			s.fail("key %.40q is not known: use t, q and v", key)
		}
	})
	switch {
	case s.err != nil:
	case !seenValues:
		s.fail("v, the values, is missing")
	case s.peek() != 0 || s.at < len(s.b):
		s.fail("something follows the object")
	}
	return m
}

// values reads the object of signals, in the order in which it has them.
func (s *scanner) values() []plantroom.Sample {
	samples := make([]plantroom.Sample, 0, 2)
	s.object(func(signal string) {
		if err := plantroom.ValidID(signal); err != nil {
			s.fail("signal: %w", err)
			return
		}
		for i := range samples {
			if samples[i].Signal == signal {
				s.fail("signal %q is there twice", signal)
				return
			}
		}
		if len(samples) == maxSignals {
			s.fail("more than %d signals", maxSignals)
			return
		}
		samples = append(samples, plantroom.Sample{Signal: signal, Value: s.value(signal)})
	})
	if len(samples) == 0 {
		s.fail("v holds no signal")
	}
	return samples
}

func (s *scanner) value(signal string) plantroom.Value {
	switch c := s.peek(); {
	case c == '"':
		text := s.text()
		if len(text) > maxState {
			s.fail("signal %s has %d bytes: at most %d", signal, len(text), maxState)
		}
		return plantroom.String(text)
	case c == 't' && s.word("true"):
		return plantroom.Bool(true)
	case c == 'f' && s.word("false"):
		return plantroom.Bool(false)
	case c == '-', c >= '0' && c <= '9':
		f, err := strconv.ParseFloat(string(s.number()), 64)
		if err != nil {
			s.fail("signal %s is too large a number", signal)
		}
		return plantroom.Float(f)
	}
	s.fail("signal %s is not a number, a string or true/false", signal)
	return plantroom.Value{}
}

func (s *scanner) word(w string) bool {
	if len(s.b)-s.at < len(w) || string(s.b[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// number takes a number's text, in JSON's grammar.
func (s *scanner) number() []byte {
	start := s.at
	s.skip('-', '-')
	switch {
	case s.at < len(s.b) && s.b[s.at] == '0':
		s.at++
	default:
		s.digits()
	}
	if s.skip('.', '.') {
		s.digits()
	}
	if s.skip('e', 'E') {
		s.skip('+', '-')
		s.digits()
	}
	return s.b[start:s.at]
}

// skip takes one byte that is a or b.
func (s *scanner) skip(a, b byte) bool {
	if s.at < len(s.b) && (s.b[s.at] == a || s.b[s.at] == b) {
		s.at++
		return true
	}
	return false
}

func (s *scanner) digits() {
	start := s.at
	for s.at < len(s.b) && s.b[s.at] >= '0' && s.b[s.at] <= '9' {
		s.at++
	}
	if s.at == start {
		s.fail("a number lacks digits")
	}
}

// text takes a string. One with escapes is left to encoding/json.
func (s *scanner) text() string {
	s.expect('"')
	start := s.at
	for escaped := false; s.err == nil && s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == '\\':
			escaped = true
			s.at++
		case c < ' ':
			s.fail("a string holds a control character")
		case c == '"':
			raw := s.b[start:s.at]
			if !utf8.Valid(raw) {
				s.fail("a string is not UTF-8")
				return ""
			}
			s.at++
			if escaped {
				return s.unescape(s.b[start-1 : s.at])
			}
			return string(raw)
		}
	}
	s.fail("a string does not end")
	return ""
}

func (s *scanner) unescape(quoted []byte) string {
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		s.fail("a string holds a wrong escape")
	}
	return text
}

const nsPerMs = 1_000_000

// instant reads RFC 3339 text or whole milliseconds since 1970.
func (s *scanner) instant() plantroom.Instant {
	if s.peek() == '"' {
		var at plantroom.Instant
		if err := at.UnmarshalText([]byte(s.text())); s.err == nil && (err != nil || at.IsZero()) {
			s.fail("t is not RFC 3339, as in 2026-03-02T08:00:00+08:00")
		}
		return at
	}
	ms, err := strconv.ParseInt(string(s.number()), 10, 64)
	if err != nil || ms == 0 || ms > math.MaxInt64/nsPerMs || ms < math.MinInt64/nsPerMs {
		s.fail("t is neither RFC 3339 text nor whole milliseconds since 1970")
	}
	return plantroom.Instant(ms * nsPerMs)
}

func (s *scanner) quality() plantroom.Quality {
	name := s.text()
	for q := plantroom.Good; q <= plantroom.Simulated; q++ {
		if q.String() == name {
			return q
		}
	}
	s.fail("q is not one of good, estimated_time, suspect, historical, simulated")
	return plantroom.Good
}
