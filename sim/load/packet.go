package load

import (
	"bufio"
	"encoding/binary"
	"io"

	"plantroom"
)

// The packets of MQTT 3.1.1 §2.2.1 that are spoken or understood here, as the
// first byte of their fixed header.
const (
	connect    = 0x10
	connack    = 0x20
	publish1   = 0x32 // QoS 1
	publish    = 0x30 // the type alone, QoS 0
	puback     = 0x40
	subscribe  = 0x82
	suback     = 0x90
	disconnect = 0xe0
)

const (
	typeMask  = 0xf0
	qosMask   = 0x06
	maxPacket = 4 << 20 // of what a broker may send us, in bytes
)

// appendHead appends a fixed header: the type and the remaining length
// (§2.2.3, at most four bytes of seven bits).
func appendHead(dst []byte, kind byte, length int) []byte {
	dst = append(dst, kind)
	for length >= 0x80 {
		dst = append(dst, byte(length)|0x80)
		length >>= 7
	}
	return append(dst, byte(length))
}

func appendText(dst []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}

// appendConnect appends a CONNECT with a clean session and without keep-alive
// (§3.1).
func appendConnect(dst []byte, o Options) []byte {
	const cleanSession, hasPassword, hasUsername = 0x02, 0x40, 0x80
	flags := byte(cleanSession)
	body := appendText(nil, o.ClientID)
	if o.Username != "" {
		flags |= hasUsername | hasPassword
		body = appendText(appendText(body, o.Username), o.Password)
	}
	head := append(appendText(nil, "MQTT"), 4, flags, 0, 0)
	return append(append(appendHead(dst, connect, len(head)+len(body)), head...), body...)
}

// appendSubscribe appends a SUBSCRIBE to one filter at QoS 0 (§3.8).
func appendSubscribe(dst []byte, id uint16, filter string) []byte {
	dst = appendHead(dst, subscribe, 2+2+len(filter)+1)
	return append(appendText(binary.BigEndian.AppendUint16(dst, id), filter), 0)
}

// packet is one packet from the broker. Its body is valid until the next read.
type packet struct {
	head byte
	body []byte
}

// readPacket reads a packet, its body into buf where that is large enough.
func readPacket(r *bufio.Reader, buf []byte) (packet, []byte, error) {
	head, err := r.ReadByte()
	if err != nil {
		return packet{}, buf, err
	}
	length, err := readLength(r)
	if err != nil {
		return packet{}, buf, err
	}
	if cap(buf) < length {
		buf = make([]byte, length)
	}
	_, err = io.ReadFull(r, buf[:length])
	return packet{head, buf[:length]}, buf, err
}

func readLength(r *bufio.Reader) (int, error) {
	length := 0
	for shift := 0; shift < 28; shift += 7 {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		length |= int(b&0x7f) << shift
		if b&0x80 == 0 {
			if length > maxPacket {
				break
			}
			return length, nil
		}
	}
	return 0, protocol("a packet is longer than %d bytes", maxPacket)
}

// id reads the packet identifier of a PUBACK or SUBACK.
func (p packet) id() (uint16, error) {
	if len(p.body) < 2 {
		return 0, protocol("a packet of type %#x has no identifier", p.head)
	}
	return binary.BigEndian.Uint16(p.body), nil
}

// message reads topic and payload of a PUBLISH (§3.3).
func (p packet) message() (topic string, payload []byte, err error) {
	b := p.body
	if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
		return "", nil, protocol("a message is cut short")
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	topic, b = string(b[2:n]), b[n:]
	if p.head&qosMask != 0 {
		return "", nil, protocol("a message on %s has a QoS that was not asked for", topic)
	}
	return topic, b, nil
}

func protocol(format string, args ...any) error {
	return plantroom.Errorf(plantroom.CodeInvalid, "MQTT: "+format, args...)
}
