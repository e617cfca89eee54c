package spool_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

const dir = "/spool"

// testing.TB and *rapid.T both are a failer.
type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// ledger is what a test knows of a spool from outside: what it tried to
// store, what was accepted, and what it has acknowledged.
type ledger struct {
	tried    int               // payloads so far; each is different
	accepted map[uint64]string // sequence number -> payload
	trimmed  uint64
	lost     map[uint64]bool // numbers that a spool has declared lost
	spare    map[uint64]bool // numbers that may be dropped
}

// dropped is what a spool gives in the place of a record that it has dropped.
const dropped = "\x81\x03"

func newLedger() *ledger {
	return &ledger{accepted: map[uint64]string{}, lost: map[uint64]bool{}, spare: map[uint64]bool{}}
}

// payload makes the next payload: its number first, then some length.
func (l *ledger) payload() []byte {
	l.tried++
	return []byte(fmt.Sprintf("%08d%s", l.tried, strings.Repeat("x", l.tried*7%90)))
}

func (l *ledger) payloads(n int) [][]byte {
	var recs [][]byte
	for range n {
		recs = append(recs, l.payload())
	}
	return recs
}

// accept notes that the spool has acknowledged records.
func (l *ledger) accept(t failer, first uint64, recs ...[]byte) {
	t.Helper()
	for i, r := range recs {
		seq := first + uint64(i)
		if old, used := l.accepted[seq]; used || l.lost[seq] {
			t.Fatalf("sequence number %d was used twice: %q, then %q", seq, old, r)
		}
		l.accepted[seq] = string(r)
	}
}

// declare notes gaps that the spool has reported.
func (l *ledger) declare(s *spool.Spool) {
	for _, g := range s.Gaps() {
		for seq := g.First; seq <= g.Last && seq < g.First+10_000; seq++ {
			l.lost[seq] = true
		}
	}
}

// contents reads everything that a spool holds.
func contents(t failer, s *spool.Spool) map[uint64]string {
	t.Helper()
	got := map[uint64]string{}
	for from := s.Base(); ; {
		first, recs, err := s.Read(from, 7, 400)
		if err != nil { // what cannot be read is given up at the second try
			first, recs, err = s.Read(from, 7, 400)
		}
		if err != nil {
			t.Fatalf("Read(%d): %v", from, err)
		}
		if len(recs) == 0 {
			if next := s.Next(); first < next {
				t.Fatalf("Read(%d) stops at %d, but Next is %d", from, first, next)
			}
			return got
		}
		if first < from {
			t.Fatalf("Read(%d) goes back to %d", from, first)
		}
		for i, r := range recs {
			got[first+uint64(i)] = string(r)
		}
		from = first + uint64(len(recs))
	}
}

// check says what must hold of any spool at any time: all that was accepted
// and not trimmed is there, or declared lost where that is permitted; nothing
// is there that nobody wrote; and the order is that of writing.
func (l *ledger) check(t failer, s *spool.Spool, lossPermitted bool) {
	t.Helper()
	got := contents(t, s)
	l.declare(s)
	for seq, want := range l.accepted {
		if seq >= s.Next() {
			t.Fatalf("record %d was accepted, but Next is %d", seq, s.Next())
		}
		have, ok := got[seq]
		if have == dropped && l.spare[seq] {
			continue
		}
		if ok && have != want {
			t.Fatalf("record %d is %q, accepted was %q", seq, have, want)
		} else if !ok && seq > l.trimmed && !(lossPermitted && l.lost[seq]) {
			t.Fatalf("record %d %q was accepted and is not there; base %d next %d gaps %v", seq, want, s.Base(), s.Next(), s.Gaps())
		}
	}
	l.checkOrder(t, got)
}

// offered notes what a reader can have seen: it must stay as it is.
func (l *ledger) offered(t failer, s *spool.Spool) {
	t.Helper()
	for seq, payload := range contents(t, s) {
		if payload != dropped {
			l.accepted[seq] = payload
		}
	}
}

func (l *ledger) checkOrder(t failer, got map[uint64]string) {
	t.Helper()
	seqs := make([]uint64, 0, len(got))
	for seq := range got {
		seqs = append(seqs, seq)
	}
	slices.Sort(seqs)
	last := 0
	for _, seq := range seqs {
		if got[seq] == dropped {
			continue
		}
		var n int
		if _, err := fmt.Sscanf(got[seq][:min(8, len(got[seq]))], "%d", &n); err != nil || n < 1 || n > l.tried {
			t.Fatalf("record %d holds %q, which nobody wrote", seq, got[seq])
		}
		if n <= last {
			t.Fatalf("record %d holds payload %d after payload %d", seq, n, last)
		}
		last = n
	}
}

// small are options that make a spool rotate often and never wait.
func small(fs *faultfs.FS) spool.Options {
	return spool.Options{Dir: dir, FS: fs, SegmentBytes: 600, Linger: -1}
}

func mustOpen(t testing.TB, o spool.Options) (*spool.Spool, spool.Recovery) {
	t.Helper()
	s, rec, err := spool.Open(o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, rec
}
