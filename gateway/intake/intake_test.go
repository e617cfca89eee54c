package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/binding"
)

const noon = plantroom.Instant(1_772_452_800_000_000_000)

// paper is a spool on paper: it keeps records and settles them when told.
type paper struct {
	records [][]byte
	dones   []func(uint64, error)
	room    int // records it still takes; negative: any number
}

var errFull = errors.New("full")

func (p *paper) Submit(rec []byte, done func(uint64, error)) error {
	if p.room == 0 {
		return errFull
	}
	p.room--
	p.records = append(p.records, slices.Clone(rec))
	p.dones = append(p.dones, done)
	return nil
}

func (p *paper) settle(err error) {
	for i, d := range p.dones {
		d(uint64(i+1), err)
	}
	p.dones = nil
}

func (p *paper) read(t *testing.T) []plantroom.Record {
	t.Helper()
	var out []plantroom.Record
	for _, b := range p.records {
		r, err := wire.DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func fresh(t *testing.T) (*Intake, *paper) {
	t.Helper()
	b, err := binding.New([]binding.Rule{{Match: "b1-*"}}, []string{"test-*"})
	if err != nil {
		t.Fatal(err)
	}
	p := &paper{room: -1}
	return New(p, b), p
}

func message(topic, payload string, at plantroom.Instant) plantroom.Message {
	return plantroom.Message{Topic: topic, Payload: []byte(payload), Received: at}
}

func samples(address string, n int) []plantroom.Sample {
	var out []plantroom.Sample
	for i := range n {
		out = append(out, plantroom.Sample{Address: address, Signal: fmt.Sprintf("s%d", i), Value: plantroom.Float(float64(i)), At: noon})
	}
	return out
}

func TestAMessageIsDoneWhenTheLastOfItsReadingsIsDurable(t *testing.T) {
	in, p := fresh(t)
	var done []error
	in.Take(message("z/b1-a", "{}", noon), samples("b1-a", 3), nil, func(err error) { done = append(done, err) })
	p.dones[0](1, nil)
	p.dones[1](2, nil)
	if len(done) != 0 {
		t.Fatal("done before the last reading is durable")
	}
	p.dones[2](3, nil)
	if len(done) != 1 || done[0] != nil {
		t.Errorf("done with %v, want once with nil", done)
	}
	for i, r := range p.read(t) {
		if r.Reading.Device != "b1-a" || r.Reading.Signal != fmt.Sprintf("s%d", i) {
			t.Errorf("record %d is %+v", i, r)
		}
	}
}

func TestAMessageWithNothingToKeepIsDoneAtOnce(t *testing.T) {
	in, p := fresh(t)
	n := 0
	done := func(err error) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	in.Take(message("z/bridge", "{}", noon), nil, nil, done)
	in.Take(message("z/test-1", "{}", noon), samples("test-1", 2), nil, done)
	if n != 2 || len(p.records) != 0 {
		t.Errorf("done %d times with %d records, want 2 and 0", n, len(p.records))
	}
	if s := in.Stats(); s.Ignored != 2 {
		t.Errorf("stats are %+v", s)
	}
}

func TestAFailedSyncAndAFullSpoolAreReportedOnce(t *testing.T) {
	in, p := fresh(t)
	var done []error
	take := func() {
		in.Take(message("z/b1-a", "{}", noon), samples("b1-a", 3), nil, func(err error) { done = append(done, err) })
	}
	take()
	bad := errors.New("input/output error")
	p.settle(bad)
	if len(done) != 1 || !errors.Is(done[0], bad) {
		t.Fatalf("after a failed sync: done with %v", done)
	}
	p.room = 2
	take()
	if len(done) != 1 {
		t.Fatal("done while two readings are on their way")
	}
	p.settle(nil)
	if len(done) != 2 || !errors.Is(done[1], errFull) {
		t.Errorf("after a full spool: done with %v", done)
	}
}

func TestWhatCannotBeUsedBecomesARejectWithReasonAndBytes(t *testing.T) {
	for _, c := range []struct {
		name    string
		samples []plantroom.Sample
		why     error
		reason  string
	}{
		{"undecodable", nil, errors.New("byte 3: not JSON"), "byte 3: not JSON"},
		{"unknown device", samples("stranger", 1), nil, `no device rule knows the address "stranger"`},
		{"value too long", []plantroom.Sample{{Address: "b1-a", Signal: "state", Value: plantroom.String(strings.Repeat("x", 999)), At: noon}}, nil, "at most 128 bytes"},
		{"no value", []plantroom.Sample{{Address: "b1-a", Signal: "state", At: noon}}, nil, "has no value"},
	} {
		in, p := fresh(t)
		in.Take(message("z/x", "{bad", noon), c.samples, c.why, nil)
		got := p.read(t)
		if len(got) != 1 || got[0].Reject == nil {
			t.Errorf("%s: got %+v, want one reject", c.name, got)
			continue
		}
		r := got[0].Reject
		if r.Source != "z/x" || string(r.Raw) != "{bad" || r.Received != noon || !strings.Contains(r.Reason, c.reason) {
			t.Errorf("%s: got %+v, want the reason …%s…", c.name, r, c.reason)
		}
	}
}

func TestOneSourceHasOneRejectAMinuteAndTheRestIsCounted(t *testing.T) {
	in, p := fresh(t)
	for i := range 100 { // one a second
		m := message("z/bad", "?", noon.Add(time.Duration(i)*time.Second))
		in.Take(m, nil, errors.New("not JSON"), nil)
		if i == 30 {
			m.Topic = "z/other"
			in.Take(m, nil, errors.New("not JSON"), nil)
		}
	}
	got := p.read(t)
	if len(got) != 3 {
		t.Fatalf("%d rejects, want two of one source and one of the other", len(got))
	}
	if r := got[2].Reject; r.Source != "z/bad" || !strings.Contains(r.Reason, "and 59 before it") {
		t.Errorf("the second reject of z/bad is %+v, want 59 counted", r)
	}
	if s := in.Stats(); s.Rejected != 3 || s.Suppressed != 98 {
		t.Errorf("stats are %+v", s)
	}
}

func TestInventedSourcesCannotFillTheMemory(t *testing.T) {
	l := limiter{pace: time.Minute}
	passed := 0
	for i := range 3 * maxSources {
		if ok, _ := l.allow(fmt.Sprint("source ", i), noon); ok {
			passed++
		}
	}
	if len(l.sources) > maxSources+1 || passed > maxSources+1 {
		t.Errorf("%d sources remembered and %d passed, want at most %d", len(l.sources), passed, maxSources+1)
	}
	if ok, _ := l.allow("new", noon.Add(2*time.Minute)); !ok || len(l.sources) > 2 {
		t.Errorf("two minutes later: allowed %v, %d sources remembered", ok, len(l.sources))
	}
}

func TestAClockThatWasSetBackDoesNotSilenceASource(t *testing.T) {
	l := limiter{pace: time.Minute}
	l.allow("s", noon)
	if ok, _ := l.allow("s", noon.Add(-time.Hour)); !ok {
		t.Error("a reject was held back because of a time in the future")
	}
}

func BenchmarkTake(b *testing.B) {
	binder, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	in := New(sinkhole{}, binder)
	m, s := message("z/b1-a", "{}", noon), samples("b1-a", 1)
	b.ReportAllocs()
	for b.Loop() {
		s[0].At++
		in.Take(m, s, nil, nil)
	}
}

type sinkhole struct{}

func (sinkhole) Submit(_ []byte, done func(uint64, error)) error { done(1, nil); return nil }

func TestARejectThatCouldNotBeStoredIsKeptWhenItsMessageComesAgain(t *testing.T) {
	for name, refuse := range map[string]func(p *paper){
		"a full spool":  func(p *paper) { p.room = 0 },
		"a failed sync": func(p *paper) {},
	} {
		t.Run(name, func(t *testing.T) {
			in, p := fresh(t)
			refuse(p)
			take := func(at plantroom.Instant) {
				in.Take(message("z/b1-a", "?", at), nil, errors.New("not JSON"), nil)
			}
			take(noon)
			p.settle(errors.New("input/output error"))
			p.records, p.room = nil, -1
			take(noon.Add(time.Second))
			if got := p.read(t); len(got) != 1 || got[0].Reject == nil {
				t.Errorf("the second time %d records were kept, want the reject", len(got))
			}
			take(noon.Add(2 * time.Second))
			if len(p.records) != 1 {
				t.Error("a reject that was kept no longer counts against its minute")
			}
		})
	}
}

func TestSourcesWithEndlessNamesTakeBoundedRoom(t *testing.T) {
	l := limiter{pace: time.Minute}
	if ok, _ := l.allow(strings.Repeat("x", 60_000)+"1", noon); !ok {
		t.Fatal("the first one did not pass")
	}
	for name := range l.sources {
		if len(name) > maxKey {
			t.Errorf("a name of %d bytes is kept", len(name))
		}
	}
}
