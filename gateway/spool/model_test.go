package spool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

// machine is a spool under test on a file system with faults, next to the
// ledger that says how it must look.
type machine struct {
	fs *faultfs.FS
	s  *spool.Spool
	l  *ledger
}

// Any sequence of appends, reads, trims, stops, crashes, disk faults, packing
// and dropping leaves a spool that agrees with the model.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{fs: faultfs.New(), l: newLedger()}
		m.open(t)
		defer func() { _ = m.s.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"append": m.append,
			"submit": m.submit,
			"trim":   m.trim,
			"read":   m.read,
			"reopen": m.reopen,
			"crash":  m.crash,
			"fault":  m.fault,
			"space":  m.space,
			"pack":   func(t *rapid.T) { m.again(t, m.s.Pack) },
			"drop":   func(t *rapid.T) { m.again(t, m.s.Squeeze) },
			"": func(t *rapid.T) {
				m.l.check(t, m.s, false)
				gone(t, m.s, m.l)
			},
		})
	})
}

func (m *machine) open(t *rapid.T) {
	s, rec, err := spool.Open(spool.Unkept(small(m.fs)))
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if rec.NewEpoch && len(m.l.accepted) > 0 {
		t.Fatalf("a new epoch: %+v", rec)
	}
	m.s = s
	m.l.check(t, s, false)
	m.l.offered(t, s)
}

func (m *machine) append(t *rapid.T) {
	recs := m.l.payloads(rapid.IntRange(1, 9).Draw(t, "records"))
	first, err := m.s.Append(context.Background(), recs...)
	if err == nil {
		m.l.accept(t, first, recs...)
	} else if !permitted(err) {
		t.Fatalf("Append: %v", err)
	}
}

// submit hands over several records at once; the order of the calls is the
// order of the numbers.
func (m *machine) submit(t *rapid.T) {
	n := rapid.IntRange(1, 9).Draw(t, "records")
	type result struct {
		seq uint64
		err error
	}
	results := make(chan result, n)
	recs, spare := m.l.payloads(n), rapid.Bool().Draw(t, "spare")
	submit := m.s.Submit
	if spare {
		submit = m.s.SubmitSpare
	}
	for _, r := range recs {
		if err := submit(r, func(seq uint64, err error) { results <- result{seq, err} }); err != nil {
			t.Fatalf("Submit: %v", err)
		}
	}
	for _, r := range recs {
		got := <-results
		if got.err == nil {
			m.l.accept(t, got.seq, r)
			m.l.spare[got.seq] = spare
		} else if !permitted(got.err) {
			t.Fatalf("done: %v", got.err)
		}
	}
}

// again writes segments again.
func (m *machine) again(t *rapid.T, write func() error) {
	if err := write(); err != nil && !permitted(err) {
		t.Fatalf("making room: %v", err)
	}
}

// permitted reports whether an error comes from a fault that the test made.
func permitted(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENOSPC)
}

func (m *machine) trim(t *rapid.T) {
	upTo := rapid.Uint64Range(0, m.s.Next()+2).Draw(t, "up to")
	upTo = min(upTo, m.s.Next()-1)
	m.l.trimmed = max(m.l.trimmed, upTo)
	if err := m.s.Trim(upTo); err != nil && !permitted(err) {
		t.Fatalf("Trim: %v", err)
	}
	if base := m.s.Base(); base <= upTo {
		t.Fatalf("Base is %d after Trim(%d)", base, upTo)
	}
}

func (m *machine) read(t *rapid.T) {
	from := rapid.Uint64Range(0, m.s.Next()+2).Draw(t, "from")
	limit := rapid.IntRange(1, 20).Draw(t, "limit")
	first, recs, err := m.s.Read(from, limit, 1<<20)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if first < from || first < m.s.Base() && len(recs) > 0 || len(recs) > limit {
		t.Fatalf("Read(%d, %d) = %d, %d records; base %d", from, limit, first, len(recs), m.s.Base())
	}
	for i, r := range recs {
		if want, ok := m.l.accepted[first+uint64(i)]; ok && want != string(r) && !(string(r) == dropped && m.l.spare[first+uint64(i)]) {
			t.Fatalf("record %d is %q, not %q", first+uint64(i), r, want)
		}
	}
	if from < m.s.Next() && m.s.Base() < m.s.Next() && len(recs) == 0 {
		t.Fatalf("Read(%d) finds nothing below %d", from, m.s.Next())
	}
}

func (m *machine) reopen(t *rapid.T) {
	m.fs.Fail(nil)
	if err := m.s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	epoch, next := m.s.Epoch(), m.s.Next()
	m.open(t)
	if m.s.Epoch() != epoch || m.s.Next() != next {
		t.Fatalf("after a proper stop: epoch %d next %d, before: %d, %d", m.s.Epoch(), m.s.Next(), epoch, next)
	}
}

func (m *machine) crash(t *rapid.T) {
	loss := rapid.SampledFrom([]faultfs.Loss{faultfs.KeepAll, faultfs.LoseAll, faultfs.Torn}).Draw(t, "loss")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	old := m.s
	m.fs = m.fs.Crash(loss, rng)
	_ = old.Close() // only ends its goroutine
	m.open(t)
}

// fault makes one of the next operations fail.
func (m *machine) fault(t *rapid.T) {
	kind := rapid.SampledFrom([]faultfs.Kind{faultfs.OpSync, faultfs.OpWrite, faultfs.OpTruncate, faultfs.OpSyncDir, faultfs.OpCreate, faultfs.OpRemove}).Draw(t, "kind")
	suffix := rapid.SampledFrom([]string{".seg", "meta", ""}).Draw(t, "file")
	after := rapid.IntRange(0, 6).Draw(t, "after")
	m.fs.Fail(func(op faultfs.Op) error {
		if op.Kind != kind || !strings.HasSuffix(op.Name, suffix) {
			return nil
		}
		after--
		if after == -1 {
			return syscall.EIO
		}
		return nil
	})
}

func (m *machine) space(t *rapid.T) {
	m.fs.SetSpace(rapid.SampledFrom([]int64{0, 30, 200, 900, -1, -1}).Draw(t, "bytes"))
}
