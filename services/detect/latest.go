package detect

import (
	"cmp"
	"encoding/binary"
	"slices"

	"plantroom"
)

// latestVersion stands in front of a gateway's newest source times.
const latestVersion = 1

// maxLatest is the longest such record that is read, in bytes.
const maxLatest = 64 << 20

// carry notes that a channel's newest reading came through this gateway.
func (g *gateway) carry(ch *channel) {
	g.moved = true
	if ch.via == g {
		return
	}
	if ch.via != nil {
		ch.via.drop(ch)
	}
	ch.via = g
	g.channels = append(g.channels, ch)
	g.unsorted = true
}

func (g *gateway) drop(ch *channel) {
	g.channels = slices.DeleteFunc(g.channels, func(have *channel) bool { return have == ch })
	g.moved = true
}

// appendLatest writes the newest judged source time of each channel heard
// through the gateway: version, the signals' names, the newest time of all,
// and per device its name and per signal how much older than that it is. All
// numbers are varints, all names behind their length.
func (g *gateway) appendLatest(b []byte) []byte {
	if g.unsorted {
		slices.SortFunc(g.channels, func(x, y *channel) int {
			return cmp.Or(cmp.Compare(x.device.id, y.device.id), cmp.Compare(x.name(), y.name()))
		})
		g.unsorted = false
	}
	names, index, newest := []string{}, map[string]uint64{}, plantroom.Instant(0)
	for _, ch := range g.channels {
		if _, ok := index[ch.name()]; !ok {
			index[ch.name()] = uint64(len(names))
			names = append(names, ch.name())
		}
		newest = max(newest, ch.latest)
	}
	b = append(b, latestVersion)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, n := range names {
		b = appendName(b, n)
	}
	b = binary.AppendUvarint(b, uint64(newest))
	for i := 0; i < len(g.channels); {
		dev := g.channels[i].device
		n := i + 1
		for n < len(g.channels) && g.channels[n].device == dev {
			n++
		}
		b = appendName(b, string(dev.id))
		b = binary.AppendUvarint(b, uint64(n-i))
		for _, ch := range g.channels[i:n] {
			b = binary.AppendUvarint(b, index[ch.name()])
			b = binary.AppendUvarint(b, uint64(newest-ch.latest))
		}
		i = n
	}
	return b
}

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// readLatest gives each entry of what appendLatest wrote to f. A damaged
// record is refused with CodeInvalid; entries before the damage may have been
// given.
func readLatest(b []byte, f func(dev plantroom.DeviceID, signal string, at plantroom.Instant)) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) > maxLatest {
		return plantroom.Errorf(plantroom.CodeTooLarge, "the record of newest times has %d bytes, more than %d", len(b), maxLatest)
	}
	if b[0] != latestVersion {
		return plantroom.Errorf(plantroom.CodeInvalid, "the record of newest times is of version %d, this program reads %d", b[0], latestVersion)
	}
	d := latestDecoder{b: b[1:]}
	names := make([]string, 0, min(d.peek(), 1024))
	for n := d.number(); n > 0 && !d.bad; n-- {
		names = append(names, d.name())
	}
	newest := d.number()
	for !d.bad && len(d.b) > 0 {
		dev := plantroom.DeviceID(d.name())
		for n := d.number(); n > 0 && !d.bad; n-- {
			sig, age := d.number(), d.number()
			if d.bad || sig >= uint64(len(names)) || age > newest {
				d.bad = true
				break
			}
			f(dev, names[sig], plantroom.Instant(newest-age))
		}
	}
	if d.bad {
		return plantroom.Errorf(plantroom.CodeInvalid, "the record of newest times is damaged")
	}
	return nil
}

// latestDecoder reads numbers and names until something is wrong.
type latestDecoder struct {
	b   []byte
	bad bool
}

func (d *latestDecoder) peek() uint64 { n, _ := binary.Uvarint(d.b); return n }

// number reads a varint of at most 63 bits.
func (d *latestDecoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || n > 1<<63-1 {
		d.bad = true
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *latestDecoder) name() string {
	n := d.number()
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}
