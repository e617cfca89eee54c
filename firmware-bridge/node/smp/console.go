package smp

import (
	"encoding/base64"
	"encoding/binary"

	"plantroom"
)

// Bounds of a console, in bytes.
const (
	MaxMessage = 4096 // what a client believes; a node says what it takes
	maxBase64  = 124  // characters of a line of 127
	maxRaw     = maxBase64 / 4 * 3
)

// AppendLines appends a message as lines, each with its marker and newline.
func AppendLines(dst, message []byte) []byte {
	raw := binary.BigEndian.AppendUint16(nil, uint16(len(message)+2))
	raw = append(raw, message...)
	raw = binary.BigEndian.AppendUint16(raw, crc16(message))
	for marker := "\x06\x09"; len(raw) > 0; marker = "\x04\x14" {
		n := min(len(raw), maxRaw)
		dst = append(dst, marker...)
		dst = base64.StdEncoding.AppendEncode(dst, raw[:n])
		dst = append(dst, '\n')
		raw = raw[n:]
	}
	return dst
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, beginning with 0.
func crc16(p []byte) uint16 {
	var crc uint16
	for _, c := range p {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// Assembler makes messages of lines. The zero Assembler is ready to use.
type Assembler struct {
	buf  []byte
	want int // 0: no message is under way
}

// Line takes a line with its marker and without its newline. It returns a
// message where the line was its last, valid until the next call, and nil where
// more are to come. An error means that the message under way is lost.
func (a *Assembler) Line(line []byte) ([]byte, error) {
	lost := func(why string) ([]byte, error) {
		a.want = 0
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "SMP line: %s", why)
	}
	if len(line) < 2 || len(line) > 2+maxBase64 {
		return lost("it has no marker, or too much behind it")
	}
	first := line[0] == 0x06 && line[1] == 0x09
	if !first && a.want == 0 {
		return lost("it continues nothing")
	}
	var raw [maxRaw]byte
	n, err := base64.StdEncoding.Strict().Decode(raw[:], line[2:])
	if err != nil {
		return lost("it is not base64")
	}
	part := raw[:n]
	if first {
		if n < 2 {
			return lost("it has no length")
		}
		a.buf, a.want = a.buf[:0], int(binary.BigEndian.Uint16(part))
		part = part[2:]
		if a.want < headerSize+2 || a.want > MaxMessage+2 {
			return lost("its length is none of a message")
		}
	}
	if len(a.buf)+len(part) > a.want {
		return lost("it has more than its message's length")
	}
	if a.buf = append(a.buf, part...); len(a.buf) < a.want {
		return nil, nil
	}
	a.want = 0
	if crc16(a.buf) != 0 {
		return lost("its message's CRC-16 is wrong")
	}
	return a.buf[:len(a.buf)-2], nil
}
