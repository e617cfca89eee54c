package lorawan

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"plantroom"
)

const (
	// retransmission is how long a device may go on sending one frame.
	retransmission = 2 * time.Minute
	// maxDevices bounds the accounts, which take some 250 bytes each; when
	// they are full all are forgotten, which at worst lets a repeated frame
	// through and a gap go uncounted. It is as many as a gateway binds.
	maxDevices = 20_000
	// late is how far a counter may step back for a frame that was overtaken.
	// Further back the device has begun anew.
	late = 8
	// MaxPayload is more than any frame holds: 242 bytes (LoRaWAN Regional
	// Parameters RP002, the largest N of all regions).
	MaxPayload = 255
	// maxGap is the largest step of a counter that is taken for lost frames
	// (MAX_FCNT_GAP, LoRaWAN 1.0.3 regional parameters); beyond it the device
	// has lost its counter.
	maxGap = 16384
)

// Frame is what tells one frame from another.
type Frame struct {
	Kind    string // of the server's event: up, join, status
	ID      string // the server's, for one event; "": it gives none
	Session string // changes with each join: a session key's id, or a device address
	Counter uint32
	Port    int
	Payload []byte
	At      plantroom.Instant // when the server got it
}

// Frames keeps the account of all devices' frames. The zero value is not for
// use: see NewFrames.
type Frames struct {
	seed    maphash.Seed
	devices map[string]*account
}

// NewFrames makes an empty account.
func NewFrames() *Frames {
	return &Frames{seed: maphash.MakeSeed(), devices: make(map[string]*account)}
}

// account is what is kept of one device. Names and payloads are kept as
// hashes: their size is the sender's choice.
type account struct {
	heard   [8]heard
	next    int
	session uint64
	counter uint32
	counted bool // counter is of a frame
	battery plantroom.Instant
}

type heard struct {
	id, frame uint64
	at        plantroom.Instant
}

func (f *Frames) device(address string) *account {
	d := f.devices[address]
	if d == nil {
		if len(f.devices) >= maxDevices {
			clear(f.devices)
		}
		d = new(account)
		f.devices[strings.Clone(address)] = d // not the whole topic it is a part of
	}
	return d
}

// Repeated reports whether a frame was here before, and remembers it. The same
// event of the server (its ID) is a repetition whenever it comes: the broker
// gave it twice. So is a frame of the same session, counter, port and bytes
// within two minutes, which is how a device retransmits one that was not
// confirmed. The same counter with other bytes is news: the device has begun
// to count anew.
func (f *Frames) Repeated(address string, fr *Frame) bool {
	d := f.device(address)
	now := heard{at: fr.At}
	if fr.ID != "" {
		now.id = maphash.Comparable(f.seed, [2]string{fr.Kind, fr.ID})
	}
	if fr.Kind == "up" {
		now.frame = maphash.Comparable(f.seed, struct {
			session string
			counter uint32
			port    int
			payload uint64
		}{fr.Session, fr.Counter, fr.Port, maphash.Bytes(f.seed, fr.Payload)})
	}
	if slices.ContainsFunc(d.heard[:], now.repeats) {
		return true
	}
	d.heard[d.next] = now
	d.next = (d.next + 1) % len(d.heard)
	return false
}

func (e heard) repeats(old heard) bool {
	if e.id != 0 && e.id == old.id {
		return true
	}
	return e.frame != 0 && e.frame == old.frame && e.at.Sub(old.at).Abs() < retransmission
}

// Forget forgets which frames were here, and keeps the counts: what is heard
// again after that is no repetition.
func (f *Frames) Forget() {
	for _, d := range f.devices {
		d.heard = [8]heard{}
	}
}

// Joined forgets a device's counter: the next frame begins a new count, with
// whatever number.
func (f *Frames) Joined(address string) { f.device(address).counted = false }

// Lost returns how many frames are missing between this one, which is no
// repetition, and the one before it: 0 for the first of a session, after a
// counter that was set back, and for a frame that was overtaken.
func (f *Frames) Lost(address string, fr *Frame) uint32 {
	d := f.device(address)
	session := maphash.String(f.seed, fr.Session)
	known := d.counted && d.session == session
	last := d.counter
	if known && fr.Counter <= last && last-fr.Counter <= late {
		return 0
	}
	d.session, d.counter, d.counted = session, fr.Counter, true
	if !known || fr.Counter < last || fr.Counter-last > maxGap {
		return 0
	}
	return fr.Counter - last - 1
}

// NewBattery reports whether a device's word on its battery, which a server
// repeats with each frame, is newer than the last.
func (f *Frames) NewBattery(address string, at plantroom.Instant) bool {
	d := f.device(address)
	if at <= d.battery {
		return false
	}
	d.battery = at
	return true
}
