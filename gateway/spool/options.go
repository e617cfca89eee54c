package spool

import (
	"log/slog"
	"time"

	"plantroom"
)

// The defaults of Options.
const (
	DefaultMaxBytes     = 1 << 30
	DefaultSegmentBytes = 16 << 20
	DefaultLinger       = 20 * time.Millisecond
	DefaultMaxGroup     = 500
)

// MaxLinger is the longest permitted linger: an accepted reading waits no
// longer than this for company.
const MaxLinger = 200 * time.Millisecond

// Options say where a spool lives and how it behaves. Only Dir is required.
type Options struct {
	Dir string // made if it does not exist; holds nothing else
	FS  FS     // nil: the operating system's

	// MaxBytes is how large the segments together may grow before records
	// are refused with ErrFull. 0: 1 GiB. At least 64 KiB.
	MaxBytes int64
	// Reserve is how much of the disk is left to others: beyond it records are
	// refused with ErrReserve. 0: none. Segments that are written again take
	// their passing room from it.
	Reserve int64
	// Dropped is what Read gives in the place of a record that was dropped.
	// nil: DefaultDropped.
	Dropped []byte
	// SegmentBytes is when a new segment is begun; a segment may be longer
	// by one group. 0: 16 MiB. Never more than a quarter of MaxBytes.
	SegmentBytes int64

	// Linger is how long the first record of a group waits for others before
	// the group is written; while they come steadily, until 100 ms after the
	// group before. 0: 20 ms; negative: not at all; at most 200 ms.
	Linger time.Duration
	// MaxGroup is the number of waiting records that ends the lingering.
	// 0: 500. A group may be larger: it takes all that arrived during the
	// sync before it.
	MaxGroup int

	Logger *slog.Logger // nil: no log

	unkept bool // nothing is written again but by a test
}

// DefaultDropped is what the wire calls a dropped record, so that what the
// spool reads can be sent.
var DefaultDropped = []byte{0x81, 0x03}

func (o Options) check() (Options, error) {
	if o.Dir == "" {
		return o, invalid("no directory given", "set spool.dir")
	}
	if o.Linger > MaxLinger {
		return o, invalid("a linger of "+o.Linger.String()+" is too long", "use at most "+MaxLinger.String())
	}
	if o.MaxBytes < 0 || o.SegmentBytes < 0 || o.MaxGroup < 0 || o.Reserve < 0 {
		return o, invalid("a size is negative", "use 0 for the default")
	}
	if o.MaxBytes != 0 && o.MaxBytes < 64<<10 {
		return o, invalid("a limit below 64 KiB leaves no room to work", "raise spool.max")
	}
	if o.FS == nil {
		o.FS = osFS{}
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.SegmentBytes == 0 {
		o.SegmentBytes = DefaultSegmentBytes
	}
	o.SegmentBytes = min(o.SegmentBytes, o.MaxBytes/4)
	if len(o.Dropped) == 0 {
		o.Dropped = DefaultDropped
	}
	if o.Linger == 0 {
		o.Linger = DefaultLinger
	}
	if o.MaxGroup == 0 {
		o.MaxGroup = DefaultMaxGroup
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func invalid(message, hint string) error {
	return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "open spool", Message: message, Hint: hint}
}
