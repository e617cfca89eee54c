package intake

import (
	"sync"
	"sync/atomic"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/binding"
)

// Spool is the part of the spool that the intake needs. Submit copies the
// record and calls done once it is durable, in order, from one goroutine.
type Spool interface {
	Submit(record []byte, done func(seq uint64, err error)) error
}

// Intake takes samples. It is safe for concurrent use; the samples of one call
// stand in the spool in their order.
type Intake struct {
	spool  Spool
	binder *binding.Binder

	mu      sync.Mutex
	buf     []byte // one record, encoded; the spool copies it
	rejects limiter

	readings, rejected, suppressed, ignored atomic.Uint64
}

// New makes an Intake before a spool.
func New(spool Spool, binder *binding.Binder) *Intake {
	return &Intake{spool: spool, binder: binder, rejects: limiter{pace: time.Minute}}
}

// Stats counts what was taken.
type Stats struct {
	Readings   uint64 // submitted
	Rejected   uint64 // submitted as rejects
	Suppressed uint64 // rejects that were too many to submit
	Ignored    uint64 // samples that the file says to ignore
}

// Stats returns the counts so far.
func (in *Intake) Stats() Stats {
	return Stats{in.readings.Load(), in.rejected.Load(), in.suppressed.Load(), in.ignored.Load()}
}

// Take submits what a decoder has made of a message: its samples, or the
// reason why there are none. done, which may be nil, is called exactly once:
// with nil when everything is durable or nothing was worth keeping, else with
// the first error, after which some records of the message may be durable and
// others not. It is called before Take returns or from the spool's goroutine,
// and must be quick.
//
// Of what cannot be used, at most one reject per source and minute is kept;
// its reason says how many like it were left out since the last one.
func (in *Intake) Take(m plantroom.Message, samples []plantroom.Sample, why error, done func(error)) {
	t := &ticket{done: done}
	t.left.Store(1) // ours, until all is submitted
	settle := t.settle
	in.mu.Lock()
	if why != nil {
		in.reject(m, m.Topic, why, t, settle)
	}
	for i := range samples {
		if t.failed.Load() != nil {
			break
		}
		in.sample(m, samples[i], t, settle)
	}
	in.mu.Unlock()
	t.settle(0, nil)
}

// sample submits one sample, or the reason why it is no reading.
func (in *Intake) sample(m plantroom.Message, s plantroom.Sample, t *ticket, settle func(uint64, error)) {
	heard := m.Received
	if m.Retained {
		heard = 0
	}
	r, keep, err := in.binder.BindHeard(s, heard)
	if err == nil {
		if !keep {
			in.ignored.Add(1)
			return
		}
		in.buf, err = wire.AppendRecord(in.buf[:0], plantroom.Record{Reading: r})
	}
	if err != nil {
		in.reject(m, s.Address, err, t, settle)
		return
	}
	if in.submit(t, settle) {
		in.readings.Add(1)
	}
}

// reject submits a reject, unless its source has had one a moment ago.
func (in *Intake) reject(m plantroom.Message, source string, why error, t *ticket, settle func(uint64, error)) {
	ok, left := in.rejects.allow(source, m.Received)
	if !ok {
		in.suppressed.Add(1)
		return
	}
	reason := why.Error()
	if left > 0 {
		reason = counted(reason, left)
	}
	var err error
	in.buf, err = wire.AppendRecord(in.buf[:0], plantroom.Record{Reject: &plantroom.Reject{
		Source: m.Topic, Reason: reason, Raw: m.Payload, Received: m.Received,
	}})
	if err != nil {
		t.fail(err)
		return
	}
	kept := func(seq uint64, err error) {
		if err != nil {
			in.rejects.giveBack(source, left)
		}
		settle(seq, err)
	}
	if !in.submit(t, kept) {
		in.rejects.giveBack(source, left)
		return
	}
	in.rejected.Add(1)
}

// submit hands the record in buf over.
func (in *Intake) submit(t *ticket, settle func(uint64, error)) bool {
	t.left.Add(1)
	if err := in.spool.Submit(in.buf, settle); err != nil {
		t.left.Add(-1) // cannot be the last: Take holds one
		t.fail(err)
		return false
	}
	return true
}

// ticket counts the records of one message that are not durable yet.
type ticket struct {
	left   atomic.Int32
	failed atomic.Pointer[error]
	done   func(error)
}

func (t *ticket) fail(err error) { t.failed.CompareAndSwap(nil, &err) }

// settle takes one record off. It is what the spool calls.
func (t *ticket) settle(_ uint64, err error) {
	if err != nil {
		t.fail(err)
	}
	if t.left.Add(-1) > 0 || t.done == nil {
		return
	}
	if p := t.failed.Load(); p != nil {
		t.done(*p)
		return
	}
	t.done(nil)
}
