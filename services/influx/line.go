package influx

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"plantroom"
)

// maxKey is the longest measurement with its tags that InfluxDB takes, in
// bytes, some of them kept for the field's name (models.MaxKeyLength of 1.8).
const maxKey = 65_535 - 4*plantroom.MaxID

// appendSeries renders measurement and tags, the tags in the order of their
// names, as InfluxDB sorts them anyway. An empty tag is left out.
func appendSeries(dst []byte, s *plantroom.Series) ([]byte, error) {
	if err := nameable(s.Measurement); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = appendEscaped(dst, s.Measurement, ", ")
	for _, tag := range [...]struct{ key, value string }{
		{"asset", string(s.Asset)},
		{"building", string(s.Building)},
		{"device", string(s.Device)},
		{"estate", string(s.Estate)},
	} {
		if tag.value == "" {
			continue
		}
		if err := nameable(tag.value); err != nil {
			return dst[:start], plantroom.Errorf(plantroom.CodeInvalid, "tag %s: %w", tag.key, err)
		}
		dst = append(append(append(dst, ','), tag.key...), '=')
		dst = appendEscaped(dst, tag.value, ",= ")
	}
	if len(dst)-start > maxKey {
		return dst[:start], plantroom.Errorf(plantroom.CodeTooLarge, "measurement and tags have %d bytes: at most %d", len(dst)-start, maxKey)
	}
	return dst, nil
}

// appendField renders "signal=value". Numbers and truths are floats, because a
// field's type is fixed by its first write and because the mean of a truth is
// a share; states are strings.
func appendField(dst []byte, p *plantroom.Point) ([]byte, error) {
	if err := nameable(p.Signal); err != nil {
		return dst, plantroom.Errorf(plantroom.CodeInvalid, "signal: %w", err)
	}
	start := len(dst)
	dst = appendEscaped(dst, p.Signal, ",= ")
	dst = append(dst, '=')
	switch p.Value.Kind() {
	case plantroom.FloatKind, plantroom.BoolKind:
		f := p.Value.Num()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst[:start], plantroom.Errorf(plantroom.CodeInvalid, "signal %s is %v: InfluxDB has finite numbers only", p.Signal, f)
		}
		dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	case plantroom.StringKind:
		if !utf8.ValidString(p.Value.Str()) {
			return dst[:start], plantroom.Errorf(plantroom.CodeInvalid, "signal %s is %.40q: not UTF-8", p.Signal, p.Value.Str())
		}
		dst = appendQuoted(dst, p.Value.Str())
	default:
		return dst[:start], plantroom.Errorf(plantroom.CodeInvalid, "signal %s has no value", p.Signal)
	}
	return dst, nil
}

// appendEnd renders what follows the fields: "[,quality="…"] time".
func appendEnd(dst []byte, p *plantroom.Point) []byte {
	if p.Quality != plantroom.Good {
		dst = append(dst, ",quality="...)
		dst = appendQuoted(dst, p.Quality.String())
	}
	dst = append(dst, ' ')
	return append(strconv.AppendInt(dst, int64(p.At), 10), '\n')
}

// nameable reports why line protocol cannot carry a measurement, a tag value
// or a field name: there is no escape for a line break, nor for a backslash
// before the separator.
func nameable(s string) error {
	switch {
	case s == "":
		return plantroom.Errorf(plantroom.CodeInvalid, "a name is empty")
	case !utf8.ValidString(s):
		return plantroom.Errorf(plantroom.CodeInvalid, "name %.80q is not UTF-8", s)
	case s[0] == '#', strings.ContainsFunc(s, unwritable):
		return plantroom.Errorf(plantroom.CodeInvalid, "name %.80q starts with # or holds a backslash or a control character", s)
	}
	return nil
}

func unwritable(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }

// appendEscaped appends s with a backslash before each byte of special.
func appendEscaped(dst []byte, s, special string) []byte {
	if !strings.ContainsAny(s, special) {
		return append(dst, s...)
	}
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(special, s[i]) >= 0 {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return dst
}

// appendQuoted appends a string value. Line breaks stand as they are.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}
