package sensor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"plantroom"
)

// RangerOptions describes an ultrasonic sensor that measures by itself and
// sends what it found over a serial line of its own.
type RangerOptions struct {
	Device    plantroom.DeviceID
	Port      string
	Kind      string  // one of EchoKinds
	OffsetM   float64 // added to the result
	MinM      float64 // the nearest it can measure; that of its kind
	MaxM      float64 // the farthest; that of its kind
	Samples   int     // the median of so many is the reading; 5
	Heartbeat time.Duration
	Open      func(port string, baud int) (io.ReadWriteCloser, error)
	Sink      Sink
	Clock     Clock
	Logger    *slog.Logger
}

// Ranger is an ultrasonic sensor on a serial line. It emits distance_m at each
// heartbeat, and bus_stuck where nothing comes that is understood.
//
// A distance within 1 % of the ends of its range is Suspect: there, sensors say
// the same for everything beyond. Where the middle one of the frames says that
// nothing came back, no distance is known and none is made up: it emits
// heartbeat, so that it is not taken for silent.
type Ranger struct{ *poller }

const echoBaud = 9600

func (o *RangerOptions) fill() {
	k, _ := echoKindOf(o.Kind)
	set(&o.MinM, k.minM)
	set(&o.MaxM, k.maxM)
	if o.Samples <= 0 {
		o.Samples = 5
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
}

// Check reports what cannot be, once the defaults are filled in.
func (o RangerOptions) Check() error {
	if _, ok := echoKindOf(o.Kind); !ok {
		return invalid("use one of "+strings.Join(EchoKinds(), ", "), "there is no kind %q of ultrasonic sensor", o.Kind)
	}
	o.fill()
	if o.MaxM <= o.MinM {
		return invalid("give a max_m above min_m", "a range from %v m to %v m is empty", o.MinM, o.MaxM)
	}
	return nil
}

// NewRanger makes a Ranger.
func NewRanger(o RangerOptions) *Ranger {
	o.fill()
	kind, _ := echoKindOf(o.Kind)
	r := &ranger{RangerOptions: o, frames: echoFrames{kind: kind}}
	p := &Ranger{newPoller(line{
		name: o.Port, what: "the serial line", hint: "the gateway's user has to be in the group dialout",
		sink: o.Sink, clock: o.Clock, logger: o.Logger,
		open: func() (func(), error) {
			port, err := o.Open(o.Port, echoBaud)
			if err != nil {
				return nil, err
			}
			r.port = port
			return func() { _ = port.Close() }, nil // what was written needs no answer any more
		},
	})}
	p.add(o.Device, o.Heartbeat, r)
	return p
}

// ranger is the sensor and the line while it is open.
type ranger struct {
	RangerOptions
	frames echoFrames
	port   io.ReadWriteCloser
	middle echo
}

// frameWait is how long one frame may take: those that measure by themselves
// send one every 100 to 300 ms, MaxBotix' at 6 a second.
const frameWait = 500 * time.Millisecond

// ask takes as many frames as the median needs.
func (r *ranger) ask(ctx context.Context, begin func()) error {
	if stale, ok := r.port.(interface{ ResetInputBuffer() error }); ok { // what came since the last poll
		if err := stale.ResetInputBuffer(); err != nil {
			return errors.Join(errGone, err)
		}
	}
	r.frames.n = 0
	var metres []float64
	none, heard := 0, 0
	for range r.Samples {
		e, n, err := r.frame(ctx, begin)
		heard += n
		switch {
		case err != nil:
			return r.explain(err, heard)
		case e.none:
			none++
		default:
			metres = append(metres, e.metres)
		}
	}
	r.middle = echo{none: none > r.Samples/2}
	if !r.middle.none && len(metres) > 0 {
		r.middle.metres = median(metres)
	}
	return nil
}

var errNoFrame = errors.New("no frame")

// explain says more of what is heard where no frame comes.
func (r *ranger) explain(err error, heard int) error {
	switch {
	case !errors.Is(err, errNoFrame):
		return err
	case heard == 0:
		return errors.New("nothing comes: has the sensor power, and is its TX on this line's RX?")
	}
	return fmt.Errorf("%d bytes came that are no frame of a %s: is it another kind?", heard, r.Kind)
}

// frame waits for the next frame, and counts the bytes that came.
func (r *ranger) frame(ctx context.Context, begin func()) (e echo, heard int, err error) {
	if q := r.frames.kind.question; q != 0 {
		begin()
		if _, err := r.port.Write([]byte{q}); err != nil {
			return echo{}, 0, errors.Join(errGone, err)
		}
	}
	for end := time.Now().Add(frameWait); time.Now().Before(end); {
		if ctx.Err() != nil {
			return echo{}, heard, ctx.Err()
		}
		begin()
		var b [1]byte // the rest waits in the kernel: a frame is four to seven bytes
		n, err := r.port.Read(b[:])
		if err != nil {
			return echo{}, heard, errors.Join(errGone, err)
		}
		heard += n
		if n == 0 {
			continue
		}
		if e, ok := r.frames.push(b[0]); ok {
			return e, heard, nil
		}
	}
	return echo{}, heard, errNoFrame
}

// tell makes the reading.
func (r *ranger) tell(_ time.Time, say say) {
	if r.middle.none {
		say("heartbeat", plantroom.Bool(true), plantroom.Good)
		return
	}
	m, q := r.middle.metres, plantroom.Good
	if m <= r.MinM*1.01 || m >= r.MaxM*0.99 {
		q = plantroom.Suspect
	}
	say("distance_m", plantroom.Float(max(0, round(m+r.OffsetM, 1000))), q)
}
