package reflex

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
)

// shelf is a store in memory, which may fail.
type shelf struct {
	mu    sync.Mutex
	b     []byte
	fails error
}

func (s *shelf) Load() ([]byte, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.b, s.fails }
func (s *shelf) Save(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.b = b
	}
	return s.fails
}

// workbench is a runner before lines of cardboard, in virtual time.
type workbench struct {
	t     *testing.T
	r     *Runner
	store *shelf
	plan  Plan

	mu    sync.Mutex
	at    map[string]Position
	when  map[string]time.Time
	line  map[string]func(ctx context.Context, to Position) error // instead of taking it at once
	tries map[string]int
	said  []plantroom.Reading
	full  bool // the spool takes nothing
	end   func()
}

func newBench(t *testing.T, p Plan) *workbench {
	return &workbench{t: t, store: &shelf{}, plan: p, at: map[string]Position{}, when: map[string]time.Time{},
		line: map[string]func(context.Context, Position) error{}, tries: map[string]int{}}
}

func (b *workbench) lines(p Plan) map[string]Line {
	lines := map[string]Line{}
	for _, o := range p.Outputs {
		lines[o.Name] = func(ctx context.Context, to Position) error {
			b.mu.Lock()
			b.tries[o.Name]++
			other := b.line[o.Name]
			b.mu.Unlock()
			if other != nil {
				if err := other(ctx, to); err != nil {
					return err
				}
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.at[o.Name], b.when[o.Name] = to, time.Now()
			return nil
		}
	}
	return lines
}

func (b *workbench) start() {
	b.t.Helper()
	r, err := NewRunner(b.plan, b.lines(b.plan), Options{Store: b.store, Sink: func(readings []plantroom.Reading, done func(error)) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.full {
			done(errors.New("full"))
			return
		}
		b.said = append(b.said, readings...)
		done(nil)
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	b.r, b.end = r, func() { cancel(); <-ended }
	synctest.Wait()
}

func (b *workbench) wet(d plantroom.DeviceID, state string) {
	b.r.Observe(plantroom.Reading{Device: d, Signal: "state", Value: plantroom.String(state), At: plantroom.At(time.Now())})
}

func (b *workbench) is(when, output string, want Position) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at[output] != want {
		b.t.Errorf("%s: %s is %q, want %q", when, output, b.at[output], want)
	}
}

func (b *workbench) heard(signal, want string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.said {
		if r.Signal == signal && r.Value.String() == want {
			return true
		}
	}
	return false
}

// quick is a plan in which nothing has to hold, and nothing is in the way.
func quick() Plan {
	p := house()
	p.Reflexes[0].Unless = nil
	p.Reflexes[0].Do = append(p.Reflexes[0].Do, Action{Output: "flat", To: Closed})
	p.Reflexes = p.Reflexes[:1]
	return p
}

func bubble(t *testing.T, f func(b *workbench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, quick())
		b.start()
		defer func() { b.end() }()
		f(b)
	})
}

func TestALineThatHangsDelaysNoOther(t *testing.T) {
	bubble(t, func(b *workbench) {
		free := make(chan struct{})
		b.line["riser"] = func(context.Context, Position) error { <-free; return errors.New("gone") }
		begun := time.Now()
		b.wet("b1-leak-1", "wet")
		synctest.Wait()
		b.is("at once", "buzzer", On)
		b.is("at once", "flat", Closed)
		if d := b.when["buzzer"].Sub(begun); d != 0 {
			t.Errorf("the buzzer came after %s", d)
		}
		time.Sleep(10 * time.Second)
		if n := b.tries["riser"]; n != 1 {
			t.Errorf("a line that hangs was asked %d times at once", n)
		}
		if s := b.r.Status(); !s.Outputs[0].Stuck || !strings.Contains(s.Outputs[0].Why, "has not returned") {
			t.Errorf("the page says %+v", s.Outputs[0])
		}
		close(free)
		b.mu.Lock()
		b.line["riser"] = nil
		b.mu.Unlock()
		time.Sleep(time.Second)
		b.is("when it is free", "riser", Closed)
	})
}

func TestALineThatFailsIsTriedAgainWithinTheSecond(t *testing.T) {
	bubble(t, func(b *workbench) {
		n := 0
		b.line["riser"] = func(context.Context, Position) error {
			if n++; n < 3 {
				return errors.New("no answer")
			}
			return nil
		}
		begun := time.Now()
		b.wet("b1-leak-1", "wet")
		time.Sleep(time.Second)
		b.is("within a second", "riser", Closed)
		if d := b.when["riser"].Sub(begun); d > time.Second {
			t.Errorf("closed after %s", d)
		}
	})
}

func TestAnOrderGoesBeforeAnAttemptThatIsUnderWay(t *testing.T) {
	bubble(t, func(b *workbench) {
		b.line["riser"] = func(ctx context.Context, to Position) error {
			if to == Closed {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		b.wet("b1-leak-1", "wet")
		synctest.Wait()
		begun := time.Now()
		if _, err := b.r.Order(context.Background(), Order{Output: "riser", To: Open}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.is("at once", "riser", Open)
		if d := time.Since(begun); d != 0 {
			t.Errorf("the order took %s", d)
		}
	})
}

func TestABoardThatHasForgottenIsToldAgain(t *testing.T) {
	bubble(t, func(b *workbench) {
		b.wet("b1-leak-1", "wet")
		synctest.Wait()
		b.mu.Lock()
		b.at["flat"] = Open // the board had no power
		b.mu.Unlock()
		time.Sleep(assert + time.Second)
		b.is("half a minute later", "flat", Closed)
	})
}

func TestADeadDiskKeepsNoValveOpenAndNoOrderBack(t *testing.T) {
	bubble(t, func(b *workbench) {
		time.Sleep(time.Second)
		b.store.mu.Lock()
		b.store.fails = errors.New("input/output error")
		b.store.mu.Unlock()
		b.mu.Lock()
		b.full = true
		b.mu.Unlock()
		b.wet("b1-leak-1", "wet")
		synctest.Wait()
		b.is("at once", "riser", Closed)
		durable, err := b.r.Order(context.Background(), Order{Output: "riser", To: Open, For: plantroom.Duration(time.Hour)})
		if err != nil || durable {
			t.Errorf("durable %v, %v; want carried out and not durable", durable, err)
		}
		b.is("ordered", "riser", Open)
		if s := b.r.Status(); !strings.Contains(s.Problem, "cannot be kept") || s.Unsent == 0 {
			t.Errorf("the page says %q, %d unsent", s.Problem, s.Unsent)
		}
		b.store.mu.Lock()
		b.store.fails = nil
		b.store.mu.Unlock()
		b.mu.Lock()
		b.full = false
		b.mu.Unlock()
		time.Sleep(5 * time.Second)
		if s := b.r.Status(); s.Problem != "" || s.Unsent != 0 || !b.heard("reflex", "acted") || !b.heard("driven_by", "person") {
			t.Errorf("with the disk back: %q, %d unsent, said %v", s.Problem, s.Unsent, b.said)
		}
	})
}

func TestWhatIsKnownOutlivesAnyRestart(t *testing.T) {
	bubble(t, func(b *workbench) {
		b.wet("b1-leak-1", "wet")
		time.Sleep(time.Minute)
		b.end()
		b.is("at the end", "riser", Closed)
		b.is("at the end", "buzzer", Off)
		b.mu.Lock()
		b.at = map[string]Position{}
		b.mu.Unlock()
		b.start()
		time.Sleep(time.Second)
		b.is("after the start", "riser", Closed)
		b.is("after the start", "buzzer", On)
		b.wet("b1-leak-1", "dry")
		if _, err := b.r.Order(context.Background(), Order{Output: "riser", To: Auto}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.is("given back", "riser", Open)
	})
}

func TestADamagedStateMovesNoValve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, quick())
		b.store.b = []byte(`{"version":1,"outputs":`)
		b.start()
		defer func() { b.end() }()
		time.Sleep(time.Second)
		b.is("at the start", "riser", "")
		b.is("at the start", "buzzer", Off)
		if p := b.r.Status().Problem; !strings.Contains(p, "is lost") {
			t.Errorf("the page says %q", p)
		}
	})
}

func TestAnotherPlanKeepsWhatIsKnownByName(t *testing.T) {
	bubble(t, func(b *workbench) {
		b.wet("b1-leak-1", "wet")
		time.Sleep(time.Second)
		p := quick()
		p.Outputs = append(p.Outputs[:1], p.Outputs[2:]...) // without the flat's valve
		p.Reflexes[0].Do = p.Reflexes[0].Do[:2]
		b.mu.Lock()
		b.at = map[string]Position{}
		b.mu.Unlock()
		if err := b.r.Replace(p, b.lines(p)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		b.is("with the new lines", "riser", Closed)
		b.is("with the new lines", "buzzer", On)
		b.is("an output that is gone", "flat", "")
		bad := quick()
		bad.Reflexes[0].Do[0].To = Open
		if err := b.r.Replace(bad, b.lines(bad)); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("a faulty plan: %v", err)
		}
	})
}

func TestTheSelfTestMovesARealRunnersValves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := quick()
		p.Outputs[0].Confirm = nil
		p.SelfTest = &SelfTest{From: "00:05", To: "00:20", Zone: "UTC"} // a bubble begins at midnight
		b := newBench(t, p)
		b.start()
		defer func() { b.end() }()
		time.Sleep(10 * time.Minute)
		if !b.heard("self_test", "passed") {
			t.Errorf("said %v", b.said)
		}
		b.is("afterwards", "riser", Open)
		b.is("afterwards", "sprinklers", "")
	})
}

func TestAFileIsReplacedWhole(t *testing.T) {
	f := File(filepath.Join(t.TempDir(), "reflex.json"))
	if b, err := f.Load(); b != nil || err != nil {
		t.Errorf("nothing was kept: %q, %v", b, err)
	}
	for _, text := range []string{"one", "a second, longer one", "3"} {
		if err := f.Save([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := f.Load(); string(b) != text || err != nil {
			t.Errorf("got %q, %v; want %q", b, err, text)
		}
	}
	if err := os.WriteFile(string(f), make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Load(); plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("a huge file: %v", err)
	}
	if err := File(filepath.Join(t.TempDir(), "gone", "x")).Save(nil); err == nil {
		t.Error("a file in no directory was saved")
	}
	bad := File(filepath.Join(t.TempDir(), "bad"))
	if err := os.WriteFile(string(bad), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewRunner(house(), nil, Options{Store: bad}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(string(bad) + ".damaged"); err != nil {
		t.Error("the damaged state was not put aside")
	}
}
