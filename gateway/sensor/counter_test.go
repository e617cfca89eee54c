package sensor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/gateway/sensor/gpioline"
)

// wire is a line whose level a test changes, with the kernel's buffer behind
// it. It is opened once at a time.
type wire struct {
	t      *testing.T
	mu     sync.Mutex
	open   bool
	err    error // what all calls say
	active bool
	number uint32
	queue  []gpioline.Edge
	begun  time.Time
}

func (w *wire) opener() (EdgeLine, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open {
		w.t.Error("the line is opened twice")
	}
	if w.err != nil {
		return nil, w.err
	}
	w.open, w.number, w.queue = true, 0, nil
	return w, nil
}

func (w *wire) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = false
	return nil
}

func (w *wire) Now() time.Duration { return time.Since(w.begun) }

func (w *wire) Active() (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.active, w.err
}

func (w *wire) Wait(timeout time.Duration, into []gpioline.Edge) ([]gpioline.Edge, error) {
	if timeout <= 0 {
		w.t.Errorf("a wait of %v", timeout)
	}
	for end := time.Now().Add(timeout); ; time.Sleep(ms) {
		w.mu.Lock()
		queue, err := w.queue, w.err
		w.queue = nil
		w.mu.Unlock()
		if len(queue) > 0 || err != nil || !time.Now().Before(end) {
			return append(into, queue...), err
		}
	}
}

// change is an edge; with more than fits, the oldest goes.
func (w *wire) change() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = !w.active
	if !w.open {
		return
	}
	w.number++
	w.queue = append(w.queue, gpioline.Edge{At: w.Now(), Active: w.active, Number: w.number})
	w.queue = w.queue[max(0, len(w.queue)-gpioline.Buffered):]
}

func (w *wire) pulses(n int) {
	for range n {
		w.change()
		time.Sleep(50 * ms)
		w.change()
		time.Sleep(50 * ms)
	}
}

func (w *wire) fail(err error) { w.mu.Lock(); defer w.mu.Unlock(); w.err = err }

// counted runs a counter whose file is in dir, until the script ends.
func counted(t *testing.T, dir string, count Count, script func(w *wire, h *heard)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &wire{t: t, begun: time.Now()}
		measured(t, func(sink Sink) interface{ Run(context.Context) } {
			return NewCounter(CounterOptions{Device: "b1-water", Pin: "GPIO22", Count: count, File: filepath.Join(dir, "b1-water.json"), Open: w.opener, Sink: sink})
		}, func(h *heard) {
			synctest.Wait()
			script(w, h)
			synctest.Wait()
		})
	})
}

var water = Count{Signal: "volume_l", PerPulse: 10, Start: 4000}

func TestACounterReportsItsTotalAtEachHeartbeatAndGoesOnAfterAStop(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, water, func(w *wire, h *heard) {
		w.pulses(7)
		time.Sleep(time.Minute)
		w.pulses(2)
		synctest.Wait()
		h.expect(t, "0s counter_reset=true", "0s bus_stuck=false", "0s volume_l=4000 suspect", "1m0s volume_l=4070")
	})
	counted(t, dir, water, func(w *wire, h *heard) {
		w.pulses(1)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.expect(t, "0s counter_reset=false", "0s bus_stuck=false", "0s volume_l=4090", "1m0s volume_l=4100")
	})
}

func TestWhatWasReportedIsNotTakenBackByAPowerCut(t *testing.T) {
	dir, cut := t.TempDir(), t.TempDir()
	counted(t, dir, water, func(w *wire, _ *heard) {
		w.pulses(7)
		time.Sleep(time.Minute) // 4070 is said
		w.pulses(2)             // and these are not
		b, err := os.ReadFile(filepath.Join(dir, "b1-water.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cut, "b1-water.json"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	counted(t, cut, water, func(w *wire, h *heard) {
		time.Sleep(61 * time.Second)
		synctest.Wait()
		h.expect(t, "0s counter_reset=false", "0s bus_stuck=false", "0s volume_l=4070 suspect", "1m0s volume_l=4070")
	})
}

func TestAPulseJustBeforeAStopIsCounted(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, water, func(w *wire, _ *heard) {
		time.Sleep(1500 * ms)
		w.change()
		time.Sleep(20 * ms)
	})
	counted(t, dir, water, func(_ *wire, h *heard) {
		h.expect(t, "0s counter_reset=false", "0s bus_stuck=false", "0s volume_l=4010")
	})
}

func TestATotalThatGoesBackwardsSaysSo(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, water, func(w *wire, _ *heard) { w.pulses(7) })
	if err := os.WriteFile(filepath.Join(dir, "b1-water.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	counted(t, dir, water, func(_ *wire, h *heard) {
		h.expect(t, "0s counter_reset=true", "0s bus_stuck=false", "0s volume_l=4000 suspect")
	})
}

func TestATotalThatCannotBeKeptIsSuspect(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	counted(t, dir, water, func(w *wire, h *heard) {
		w.pulses(1)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.expect(t, "0s counter_reset=true", "0s bus_stuck=false", "0s volume_l=4000 suspect", "1m0s volume_l=4010 suspect", "2m0s volume_l=4010 suspect")
	})
}

func TestAnIdleCounterDoesNotWearTheDisk(t *testing.T) {
	dir := t.TempDir()
	counted(t, dir, Count{}, func(w *wire, h *heard) {
		w.pulses(1)
		time.Sleep(90 * time.Second)
		file := filepath.Join(dir, "b1-water.json")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it is written without a pulse: %v", err)
		}
		if got := h.only("pulses"); len(got) != 12 || got[11] != "pulses=1" {
			t.Errorf("heard %q, want a reading at each heartbeat all the same", got)
		}
	})
}

func TestMoreThanTheStatedMaximumIsSuspectForOneHeartbeat(t *testing.T) {
	counted(t, t.TempDir(), Count{MaxPerS: 5}, func(w *wire, h *heard) {
		time.Sleep(30 * time.Second)
		w.pulses(20) // ten a second
		time.Sleep(90 * time.Second)
		synctest.Wait()
		want := []string{"pulses=0 suspect", "pulses=20 suspect", "pulses=20"}
		if got := h.only("pulses"); !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
	})
}

func TestABurstBeyondTheKernelsBufferIsSuspect(t *testing.T) {
	counted(t, t.TempDir(), Count{}, func(w *wire, h *heard) {
		time.Sleep(time.Second)
		for range 2 * gpioline.Buffered {
			w.change()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, want := h.only("pulses"), []string{"pulses=0 suspect", "pulses=0 suspect"}; !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
	})
}

func TestALineThatGoesIsReportedAndOpenedAgain(t *testing.T) {
	counted(t, t.TempDir(), Count{}, func(w *wire, h *heard) {
		w.pulses(3)
		w.fail(errors.New("no such device"))
		time.Sleep(7 * time.Second)
		w.fail(nil)
		time.Sleep(7 * time.Second)
		w.pulses(1)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, want := h.only("bus_stuck"), []string{"bus_stuck=false", "bus_stuck=true", "bus_stuck=true", "bus_stuck=false"}; !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
		if got, want := h.only("pulses"), []string{"pulses=0 suspect", "pulses=3 suspect", "pulses=4"}; !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
	})
}

func TestImpossibleCountersAreNamed(t *testing.T) {
	for _, c := range []struct {
		count    Count
		debounce time.Duration
		says     string
	}{
		{Count{MaxPerS: 101}, ms, "promised"}, {Count{MaxPerS: 60}, 0, "no more than 50"}, {Count{}, 100 * time.Microsecond, "shorter"},
		{Count{Start: -1}, 0, "only grows"}, {Count{PerPulse: -1}, 0, "only grows"},
	} {
		if err := c.count.Check(c.debounce); plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v, %v: got %v, want it to say %q", c.count, c.debounce, err, c.says)
		}
	}
	for _, d := range []time.Duration{0, ms, 5 * ms, 200 * ms} {
		if err := (Count{}).Check(d); err != nil {
			t.Errorf("the defaults with a debounce of %v: %v", d, err)
		}
	}
}
