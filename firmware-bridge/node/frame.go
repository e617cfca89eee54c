package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"plantroom"
)

// Bounds of a frame, in bytes.
const (
	MaxBody = 96          // one message, encoded
	sumSize = 4           // CRC-32, most significant byte first
	maxCOBS = MaxBody + 5 // body and sum are shorter than a block of 254: one byte more
	MaxLine = 127         // an SMP line with its newline
	MaxWire = maxCOBS + 2 // a frame with a delimiter on both sides
	endMark = byte(0x00)  // between frames
	newline = byte('\n')  // at the end of an SMP line
	restart = byte(0x06)  // first byte of an SMP packet's first line
	proceed = byte(0x04)  // first byte of its other lines
)

// appendFrame appends a message's body as it goes over the line: a delimiter,
// which ends whatever noise was there before, then the frame and another one.
func appendFrame(dst, body []byte) []byte {
	var b [MaxBody + sumSize]byte
	plain := append(b[:0], body...)
	plain = binary.BigEndian.AppendUint32(plain, crc32.ChecksumIEEE(body))
	dst = append(dst, endMark)
	dst = appendCOBS(dst, plain)
	return append(dst, endMark)
}

// appendCOBS appends p without its zeros. p is shorter than 254 bytes, so a
// code never stands for a full block.
func appendCOBS(dst, p []byte) []byte {
	code := len(dst)
	dst = append(dst, 1)
	for _, c := range p {
		if c == 0 {
			code = len(dst)
			dst = append(dst, 1)
			continue
		}
		dst = append(dst, c)
		dst[code]++
	}
	return dst
}

// errNoise is a frame that the line has damaged, or that was none.
var errNoise = errors.New("noise on the line")

// IsNoise reports whether an error of Decode says nothing but that the line is
// noisy: the frame was no frame, or its checksum is wrong.
func IsNoise(err error) bool { return errors.Is(err, errNoise) }

func noise(format string, args ...any) error {
	return &plantroom.Error{Code: plantroom.CodeInvalid, Message: fmt.Sprintf(format, args...), Err: errNoise}
}

// unframe undoes appendFrame for what stood between two delimiters and returns
// the body, in place. It accepts no other spelling of it than appendFrame's.
func unframe(f []byte) ([]byte, error) {
	if len(f) > maxCOBS {
		return nil, noise("a frame of %d bytes: at most %d", len(f), maxCOBS)
	}
	n := 0
	for i := 0; i < len(f); {
		code := int(f[i])
		if code == 0 || i+code > len(f) {
			return nil, noise("byte %d of the frame: not COBS", i)
		}
		copy(f[n:], f[i+1:i+code])
		n += code - 1
		if i += code; i < len(f) {
			f[n] = 0
			n++
		}
	}
	if n <= sumSize {
		return nil, noise("a frame of %d bytes is none", n)
	}
	body := f[:n-sumSize]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(f[n-sumSize:n]) {
		return nil, noise("the frame's CRC-32 is wrong")
	}
	return body, nil
}

// Splitter parts what comes over a line into frames of this link and lines of
// SMP over console, which share it: a body begins with a CBOR array's head,
// which is neither 0x09 nor 0x14, so the first two bytes tell them apart. The
// zero Splitter is ready to use.
type Splitter struct {
	buf  [MaxLine]byte
	n    int
	line bool // SMP: ends at a newline
	skip bool // too long for either: up to the next end
}

// Feed takes what has come. frame gets what stands between two delimiters, and
// line an SMP line with its marker and without its newline; either may be nil,
// and may not keep its argument.
func (s *Splitter) Feed(p []byte, frame, line func([]byte)) {
	for _, c := range p {
		switch {
		case c == endMark && !s.line:
			s.end(frame)
		case c == endMark:
			s.reset()
		case c == newline && s.line:
			s.end(line)
		case s.line && (c == restart || c == proceed):
			s.reset()
			s.take(c)
		default:
			s.take(c)
		}
	}
}

func (s *Splitter) take(c byte) {
	if s.n == len(s.buf) {
		s.skip = true
		return
	}
	s.buf[s.n] = c
	if s.n++; s.n == 2 {
		s.line = s.buf[0] == restart && c == 0x09 || s.buf[0] == proceed && c == 0x14
	}
}

func (s *Splitter) reset() { s.n, s.line, s.skip = 0, false, false }

// end hands over what has been collected.
func (s *Splitter) end(to func([]byte)) {
	b, whole := s.buf[:s.n], s.n > 0 && !s.skip
	s.reset()
	if whole && to != nil {
		to(b)
	}
}
