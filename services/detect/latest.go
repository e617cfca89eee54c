package detect

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"plantroom"
)

// latestVersion stands in front of a gateway's newest source times. Version 1,
// which knew nothing of times ahead of the server, is read too.
const latestVersion = 2

// maxLatest is the longest such record that is read, in bytes.
const maxLatest = 64 << 20

// carry notes that a device's newest reading came through this gateway.
func (g *gateway) carry(dev *device) {
	g.moved = true
	if dev.via == g {
		return
	}
	if old := dev.via; old != nil {
		old.devices = slices.DeleteFunc(old.devices, func(have *device) bool { return have == dev })
		old.moved = true
	}
	dev.via = g
	g.devices = append(g.devices, dev)
	g.unsorted = true
}

// appendLatest writes the newest judged source times of the devices heard
// through the gateway: version, the signals' names, the newest time of all,
// and per device its name and per signal how much older than that it is, and
// by how much the newest source time was ahead of when it was judged (0: it was
// not). All numbers are varints, all names behind their length.
func (g *gateway) appendLatest(b []byte) []byte {
	if g.unsorted {
		slices.SortFunc(g.devices, func(x, y *device) int { return cmp.Compare(x.id, y.id) })
		g.unsorted = false
	}
	names, places, newest := g.names()
	b = append(b, latestVersion)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, n := range names {
		b = appendName(b, n)
	}
	b = binary.AppendUvarint(b, uint64(newest))
	for _, dev := range g.devices {
		b = appendName(b, string(dev.id))
		heard := 0
		for _, at := range dev.latest {
			if !at.IsZero() {
				heard++
			}
		}
		b = binary.AppendUvarint(b, uint64(heard))
		place := places[dev.words]
		for i, at := range dev.latest {
			if !at.IsZero() {
				b = binary.AppendUvarint(b, uint64(place[i]))
				b = binary.AppendUvarint(b, uint64(newest-at))
				b = binary.AppendUvarint(b, uint64(max(0, dev.lead.of(i)-at)))
			}
		}
	}
	return b
}

// names lists the signals that the gateway's devices have, says for each
// vocabulary at which place its signals stand there, and gives the newest time
// of all.
func (g *gateway) names() (names []string, places map[*vocabulary][]int, newest plantroom.Instant) {
	places = map[*vocabulary][]int{}
	for _, dev := range g.devices {
		for _, at := range dev.latest {
			newest = max(newest, at)
		}
		if places[dev.words] != nil {
			continue
		}
		place := make([]int, len(dev.words.names))
		for i, n := range dev.words.names {
			if place[i] = slices.Index(names, n); place[i] < 0 {
				place[i] = len(names)
				names = append(names, n)
			}
		}
		places[dev.words] = place
	}
	return names, places, newest
}

func appendName(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// readLatest gives each entry of what appendLatest wrote to f. A damaged
// record is refused with CodeInvalid; entries before the damage may have been
// given.
func readLatest(b []byte, f func(dev plantroom.DeviceID, signal string, at, ahead plantroom.Instant)) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) > maxLatest {
		return plantroom.Errorf(plantroom.CodeTooLarge, "the record of newest times has %d bytes, more than %d", len(b), maxLatest)
	}
	version := b[0]
	if version < 1 || version > latestVersion {
		return plantroom.Errorf(plantroom.CodeInvalid, "the record of newest times is of version %d, this program reads %d", version, latestVersion)
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
			sig, age, by := d.number(), d.number(), uint64(0)
			if version > 1 {
				by = d.number()
			}
			if d.bad || sig >= uint64(len(names)) || age > newest || by > math.MaxInt64-(newest-age) {
				d.bad = true
				break
			}
			at, ahead := plantroom.Instant(newest-age), plantroom.Instant(0)
			if by > 0 {
				ahead = at + plantroom.Instant(by)
			}
			f(dev, names[sig], at, ahead)
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
