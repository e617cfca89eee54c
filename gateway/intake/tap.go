package intake

import (
	"bytes"
	"context"
	"slices"
	"time"

	"plantroom"
)

// maxTaken is how many messages may wait behind a tap for the disk.
const maxTaken = 1024

// drainWithin bounds how long the end of a tap waits for the disk.
const drainWithin = 2 * time.Second

// Tap is an Intake whose readings are heard by somebody who cannot wait for the
// disk: they are shown first, and whoever brings them waits for nothing. Beyond
// maxTaken messages that the disk has not taken, further ones fail.
type Tap struct {
	in    *Intake
	hear  func(plantroom.Message, plantroom.Reading)
	queue chan taking
}

type taking struct {
	m       plantroom.Message
	samples []plantroom.Sample
	why     error
	done    func(error)
}

// NewTap makes a Tap before an Intake. hear is called from the goroutine of
// whoever calls Take, and must be quick.
func NewTap(in *Intake, hear func(plantroom.Message, plantroom.Reading)) *Tap {
	return &Tap{in: in, hear: hear, queue: make(chan taking, maxTaken)}
}

// Show shows what samples say without taking them in.
func (in *Intake) Show(m plantroom.Message, samples []plantroom.Sample, hear func(plantroom.Message, plantroom.Reading)) {
	for _, s := range samples {
		if r, keep, err := in.binder.See(s); err == nil && keep {
			hear(m, r)
		}
	}
}

// Take is Intake.Take, except that it never waits.
func (t *Tap) Take(m plantroom.Message, samples []plantroom.Sample, why error, done func(error)) {
	t.in.Show(m, samples, t.hear)
	m.Payload, samples = bytes.Clone(m.Payload), slices.Clone(samples) // whoever brings them may use them again
	select {
	case t.queue <- taking{m, samples, why, done}:
	default:
		if done != nil {
			done(plantroom.Errorf(plantroom.CodeUnavailable, "%d messages wait for the disk", maxTaken))
		}
	}
}

// Run takes in what waits until ctx ends, and then what is left, as long as the
// disk takes it in time.
func (t *Tap) Run(ctx context.Context) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case x := <-t.queue:
				t.in.Take(x.m, x.samples, x.why, x.done)
				continue
			default:
			}
			select {
			case x := <-t.queue:
				t.in.Take(x.m, x.samples, x.why, x.done)
			case <-ctx.Done():
				return
			}
		}
	}()
	<-ctx.Done()
	select {
	case <-ended:
	case <-time.After(drainWithin):
	}
}
