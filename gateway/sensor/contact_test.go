package sensor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"plantroom"
)

// heard collects what a sensor emits, as "12.5s contact=true".
type heard struct {
	mu      sync.Mutex
	begun   time.Time
	samples []string
}

func (h *heard) sink(_ string, samples ...plantroom.Sample) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range samples {
		text := fmt.Sprintf("%v %s=%s", s.At.Sub(plantroom.At(h.begun)), s.Signal, s.Value)
		if s.Quality != plantroom.Good {
			text += " " + s.Quality.String()
		}
		h.samples = append(h.samples, text)
	}
}

func (h *heard) expect(t *testing.T, want ...string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Equal(h.samples, want) {
		t.Errorf("heard %q\n want %q", h.samples, want)
	}
}

// wired runs a contact on a fake pin, in virtual time.
func wired(t *testing.T, change func(*ContactOptions), script func(h *heard, edge func(gpio.Level, time.Duration))) {
	synctest.Test(t, func(t *testing.T) {
		pin := &gpiotest.Pin{N: "GPIO17", EdgesChan: make(chan gpio.Level)}
		h := &heard{begun: time.Now()}
		o := ContactOptions{
			Device: "b1-l1-fault", Pin: "GPIO17", Pull: gpio.PullDown, Heartbeat: time.Minute, Sink: h.sink,
			Open: func(string) (gpio.PinIO, error) { return pin, nil },
		}
		if change != nil {
			change(&o)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			NewContact(o).Run(ctx)
		}()
		script(h, func(l gpio.Level, then time.Duration) {
			if l != pin.Read() {
				pin.EdgesChan <- l
			}
			time.Sleep(then)
			synctest.Wait()
		})
		cancel()
		<-ended
	})
}

func TestAContactIsReportedAtStartAtEachChangeAndAtEachHeartbeat(t *testing.T) {
	wired(t, nil, func(h *heard, edge func(gpio.Level, time.Duration)) {
		edge(gpio.Low, 10*time.Second)
		edge(gpio.High, 100*time.Second)
		edge(gpio.Low, time.Second)
		h.expect(t, "0s bus_stuck=false", "0s contact=false", "10s contact=true", "1m10.05s contact=true", "1m50s contact=false")
	})
}

func TestBounceIsNotNews(t *testing.T) {
	wired(t, nil, func(h *heard, edge func(gpio.Level, time.Duration)) {
		edge(gpio.Low, 10*time.Second)
		for range 8 {
			edge(gpio.High, 5*time.Millisecond)
			edge(gpio.Low, 5*time.Millisecond)
		}
		edge(gpio.High, 10*time.Second) // steady from 10.08 s on
		edge(gpio.Low, 49*time.Millisecond)
		edge(gpio.High, 10*time.Second)
		h.expect(t, "0s bus_stuck=false", "0s contact=false", "10.08s contact=true")
	})
}

func TestAContactToGroundIsActiveLow(t *testing.T) {
	wired(t, func(o *ContactOptions) { o.ActiveLow, o.Pull = true, gpio.PullUp }, func(h *heard, edge func(gpio.Level, time.Duration)) {
		edge(gpio.High, 10*time.Second)
		edge(gpio.Low, 10*time.Second)
		h.expect(t, "0s bus_stuck=false", "0s contact=false", "10s contact=true")
	})
}

func TestALostEdgeIsFoundByLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pin := &gpiotest.Pin{N: "GPIO17", EdgesChan: make(chan gpio.Level)}
		h := &heard{begun: time.Now()}
		ctx, cancel := context.WithCancel(context.Background())
		go NewContact(ContactOptions{
			Device: "d", Pin: "GPIO17", Sink: h.sink, Open: func(string) (gpio.PinIO, error) { return pin, nil },
		}).Run(ctx)
		time.Sleep(10 * time.Second)
		_ = pin.Out(gpio.High) // without an edge
		time.Sleep(2 * time.Second)
		cancel()
		synctest.Wait()
		h.mu.Lock()
		defer h.mu.Unlock()
		if n := len(h.samples); n != 3 {
			t.Errorf("heard %q, want the change within two seconds", h.samples)
		}
		time.Sleep(pollEvery)
	})
}

func TestAPinThatCannotBeUsedIsReportedAndTriedAgain(t *testing.T) {
	fails := 2
	wired(t, func(o *ContactOptions) {
		pin, _ := o.Open("")
		o.Open = func(string) (gpio.PinIO, error) {
			if fails--; fails >= 0 {
				return nil, errors.New("line busy")
			}
			return pin, nil
		}
	}, func(h *heard, _ func(gpio.Level, time.Duration)) {
		time.Sleep(11 * time.Second)
		h.expect(t, "0s bus_stuck=true", "5s bus_stuck=true", "10s bus_stuck=false", "10s contact=false")
	})
}

// broken is a pin whose wait fails at once, as when its chip has gone.
type broken struct {
	*gpiotest.Pin
	waits int
}

func (b *broken) WaitForEdge(time.Duration) bool { b.waits++; return false }

func TestAWaitThatFailsAtOnceDoesNotBurnTheProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pin := &broken{Pin: &gpiotest.Pin{EdgesChan: make(chan gpio.Level)}}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		NewContact(ContactOptions{Device: "d", Sink: (&heard{}).sink, Open: func(string) (gpio.PinIO, error) { return pin, nil }}).Run(ctx)
		if pin.waits > 150 {
			t.Errorf("it waited %d times in ten seconds", pin.waits)
		}
	})
}

func TestAHeartbeatThatIsDueAtAChangeDoesNotHideIt(t *testing.T) {
	// The contact closes after the heartbeat is due and before it is looked at.
	wired(t, func(o *ContactOptions) { o.Heartbeat = 60*time.Second + 500*time.Millisecond }, func(h *heard, edge func(gpio.Level, time.Duration)) {
		edge(gpio.Low, 60*time.Second+800*time.Millisecond)
		edge(gpio.High, 10*time.Second)
		h.expect(t, "0s bus_stuck=false", "0s contact=false", "1m0.8s contact=true")
	})
}

// closing is a pin that can be given back.
type closing struct {
	*gpiotest.Pin
	closed int
}

func (c *closing) Close() { c.closed++ }

func TestALineIsGivenBackAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pin := &closing{Pin: &gpiotest.Pin{EdgesChan: make(chan gpio.Level)}}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		NewContact(ContactOptions{Device: "d", Sink: (&heard{}).sink, Open: func(string) (gpio.PinIO, error) { return pin, nil }}).Run(ctx)
		if pin.closed != 1 {
			t.Errorf("closed %d times: who counts pulses on it after a reload cannot open it", pin.closed)
		}
	})
}
