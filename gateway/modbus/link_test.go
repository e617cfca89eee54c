package modbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
	"plantroom/internal/mqttconn"
)

var quick = mqttconn.Backoff{First: time.Millisecond, Cap: 5 * time.Millisecond}

// mapOf makes a map of 16-bit registers, or bits, named a, b, ...
func mapOf(table registers.Table, address, count uint16, period time.Duration) *registers.Map {
	m := &registers.Map{Name: "test", Blocks: []registers.Block{{Table: table, Address: address, Count: count, Period: plantroom.Duration(period)}}}
	for i := range count {
		p := registers.Point{Signal: string(rune('a' + i)), Address: address + i}
		if !table.Bits() {
			p.Type = registers.Uint16
		}
		m.Blocks[0].Points = append(m.Blocks[0].Points, p)
	}
	return m
}

// heardSamples collects what a link has said, as "device signal=value".
type heardSamples struct {
	mu    sync.Mutex
	begun time.Time
	said  []string
	at    []time.Duration // since begun
	why   []string
}

func (h *heardSamples) sink(m plantroom.Message, samples []plantroom.Sample, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range samples {
		h.said = append(h.said, fmt.Sprintf("%s %s=%s", s.Address, s.Signal, s.Value))
		h.at = append(h.at, m.Received.Time().Sub(h.begun))
	}
	if why != nil {
		h.why = append(h.why, m.Topic+": "+why.Error())
	}
}

// times returns when something was said.
func (h *heardSamples) times(what string) (out []time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.said {
		if s == what {
			out = append(out, h.at[i])
		}
	}
	return out
}

// all returns what was said.
func (h *heardSamples) all() []string { h.mu.Lock(); defer h.mu.Unlock(); return slices.Clone(h.said) }

// reasons returns what could not be understood.
func (h *heardSamples) reasons() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.why)
}

func (h *heardSamples) wait(t *testing.T, what string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); len(h.times(what)) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q was not said, but %q", what, h.all())
		}
	}
}

// fake is a link in virtual time. A question takes 10 ms, or the timeout.
type fake struct {
	mu      sync.Mutex
	refused error // dial
	broken  error // the next question
	answers map[byte]func(r *registers.Request) (registers.Answer, error)
	asked   []string // "unit at"
	begun   time.Time
	dials   int
	written []string
}

const fakeTimeout = time.Second

func (f *fake) dial(context.Context, Options) (conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials++
	if f.refused != nil {
		return nil, f.refused
	}
	return f, nil
}

func (f *fake) close() {}

func (f *fake) read(unit byte, r *registers.Request) (registers.Answer, error) {
	f.mu.Lock()
	answer, broken := f.answers[unit], f.broken
	f.broken = nil
	f.asked = append(f.asked, fmt.Sprintf("%d %s", unit, time.Since(f.begun)))
	f.mu.Unlock()
	if broken != nil {
		return registers.Answer{}, broken
	}
	if answer == nil {
		time.Sleep(fakeTimeout)
		return registers.Answer{}, ErrSilent
	}
	time.Sleep(10 * time.Millisecond)
	return answer(r)
}

func (f *fake) writeCoil(unit byte, coil uint16, on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.written = append(f.written, fmt.Sprintf("%d/%d=%v", unit, coil, on))
	return nil
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// dialled is how often the link was opened.
func (f *fake) dialled() int { f.mu.Lock(); defer f.mu.Unlock(); return f.dials }

// times returns when a unit was asked.
func (f *fake) times(unit byte) (out []time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.asked {
		u, at, _ := strings.Cut(s, " ")
		if d, err := time.ParseDuration(at); err == nil && u == fmt.Sprint(unit) {
			out = append(out, d)
		}
	}
	return out
}

// steady answers with the same value in every register.
func steady(v uint16) func(*registers.Request) (registers.Answer, error) {
	return func(r *registers.Request) (registers.Answer, error) {
		return registers.Answer{Words: slices.Repeat([]uint16{v}, int(r.Count))}, nil
	}
}

func refusing(e Exception) func(*registers.Request) (registers.Answer, error) {
	return func(*registers.Request) (registers.Answer, error) { return registers.Answer{}, e }
}

// linked runs a link in virtual time with a device of one register per answer.
func linked(t *testing.T, f *fake, change func(*Options), script func(l *Link, h *heardSamples)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f.begun = time.Now()
		h := &heardSamples{begun: time.Now()}
		o := Options{Name: "riser", Address: "tcp://host:502", Timeout: fakeTimeout, Backoff: quick, Sink: h.sink, dial: f.dial}
		for unit := byte(1); unit <= 9; unit++ {
			if _, there := f.answers[unit]; there {
				o.Devices = append(o.Devices, Device{ID: plantroom.DeviceID(fmt.Sprint("d", unit)), Unit: unit, Map: mapOf(registers.Input, 0, 1, 10*time.Second)})
			}
		}
		if change != nil {
			change(&o)
		}
		l := New(o)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); l.Run(ctx) }()
		script(l, h)
		cancel()
		<-ended
	})
}

type answers = map[byte]func(*registers.Request) (registers.Answer, error)

func TestAValueIsSaidWhenItChangesAndAtEachHeartbeat(t *testing.T) {
	f := &fake{answers: answers{1: steady(7)}}
	linked(t, f, nil, func(_ *Link, h *heardSamples) {
		time.Sleep(3*time.Minute + 5*time.Second)
		if got := len(h.times("d1 a=7")); got != 4 {
			t.Errorf("in 3 minutes the same value was said %d times, want 4", got)
		}
		if got := len(f.times(1)); got != 19 {
			t.Errorf("asked %d times, want 19: every 10 s", got)
		}
		f.set(func() { f.answers[1] = steady(8) })
		time.Sleep(10 * time.Second)
		if got := len(h.times("d1 a=8")); got != 1 {
			t.Errorf("the new value was said %d times", got)
		}
		if got := len(h.times("d1 online=true")); got != 4 {
			t.Errorf("online was said %d times, want 4", got)
		}
	})
}

func TestTheFileSaysHowOften(t *testing.T) {
	f := &fake{answers: answers{1: steady(7)}}
	linked(t, f, func(o *Options) { o.Devices[0].Period, o.Devices[0].Heartbeat = 2*time.Second, 20*time.Second }, func(_ *Link, h *heardSamples) {
		time.Sleep(time.Minute + time.Second)
		if asked, said := len(f.times(1)), len(h.times("d1 a=7")); asked != 31 || said != 4 {
			t.Errorf("asked %d times, want 31; said %d times, want 4", asked, said)
		}
	})
}

func TestADeviceThatDoesNotAnswerIsTriedLessOftenAndSaidToBeOffline(t *testing.T) {
	f := &fake{answers: answers{1: steady(7), 2: nil}}
	linked(t, f, nil, func(l *Link, h *heardSamples) {
		time.Sleep(30 * time.Minute)
		tries := f.times(2)
		var gaps []time.Duration
		for i := range len(tries) - 1 {
			gaps = append(gaps, tries[i+1]-tries[i])
		}
		if gaps[0] > 3*time.Second || gaps[len(gaps)-1] < time.Minute || len(tries) > 40 {
			t.Errorf("in half an hour it was tried %d times, %s after one another", len(tries), gaps)
		}
		if got := h.times("d2 online=false"); len(got) < 20 || got[0] > 10*time.Second {
			t.Errorf("off-line was said %d times, first after %v", len(got), got)
		}
		if s := l.State(); !s.Devices[1].Silent || s.Devices[0].Silent || s.Devices[1].LastError == "" || !s.Connected {
			t.Errorf("state %+v", s)
		}
		if got := h.times("d1 bus_stuck=true"); len(got) > 0 {
			t.Errorf("the bus was called stuck %v while a device answered", got)
		}
		f.set(func() { f.answers[2] = steady(5) })
		time.Sleep(67 * time.Second)
		if len(h.times("d2 online=true")) == 0 || len(h.times("d2 a=5")) == 0 || l.State().Devices[1].Silent {
			t.Errorf("the device is back, and nobody says so: %+v", l.State())
		}
	})
}

func TestSilentDevicesDelayTheOthersByOneTimeoutAtMost(t *testing.T) {
	f := &fake{answers: answers{1: steady(7), 2: nil, 3: nil, 4: nil, 5: nil, 6: nil, 7: nil, 8: nil, 9: steady(7)}}
	often := func(o *Options) {
		for i := range o.Devices {
			o.Devices[i].Period = 500 * time.Millisecond
		}
	}
	linked(t, f, often, func(*Link, *heardSamples) {
		time.Sleep(20 * time.Minute)
		for _, unit := range []byte{1, 9} {
			tries := f.times(unit)
			// The first round: nobody knows yet who is silent.
			for i, at := range tries[:len(tries)-1] {
				if gap := tries[i+1] - at; gap > 500*time.Millisecond+fakeTimeout+50*time.Millisecond && at > 20*time.Second {
					t.Errorf("unit %d waited for %s at %s", unit, gap, at)
				}
			}
		}
		for unit := byte(2); unit < 9; unit++ {
			if n := len(f.times(unit)); n < 15 {
				t.Errorf("unit %d was tried %d times only", unit, n)
			}
		}
	})
}

func TestALinkOnWhichNothingAnswersIsOpenedAnewAndCalledStuck(t *testing.T) {
	f := &fake{answers: answers{1: nil, 2: nil}}
	linked(t, f, nil, func(l *Link, h *heardSamples) {
		time.Sleep(5 * time.Minute)
		if f.dialled() < 2 || len(h.times("d1 bus_stuck=true")) != 1 || len(h.times("d2 bus_stuck=true")) != 1 {
			t.Errorf("opened %d times, said %q", f.dialled(), h.all())
		}
		f.set(func() { f.answers[1] = steady(1) })
		time.Sleep(2 * time.Minute)
		if len(h.times("d1 bus_stuck=false")) != 1 || len(h.times("d2 bus_stuck=false")) != 1 {
			t.Errorf("one answers again, and the bus is still stuck: %q", h.all())
		}
	})
}

func TestALinkThatCannotBeOpenedIsTriedAgainForEver(t *testing.T) {
	f := &fake{answers: answers{1: steady(7)}, refused: errors.New("connection refused")}
	linked(t, f, func(o *Options) { o.Backoff = mqttconn.Backoff{} }, func(l *Link, h *heardSamples) {
		time.Sleep(time.Hour)
		if s := l.State(); s.Connected || s.LastError != "connection refused" {
			t.Errorf("state %+v", s)
		}
		if f.dialled() < 60 || f.dialled() > 400 {
			t.Errorf("tried %d times in an hour, want one or two a minute", f.dialled())
		}
		if len(h.times("d1 bus_stuck=true")) != 1 || len(h.times("d1 online=false")) < 20 {
			t.Errorf("said %q", h.all())
		}
		f.set(func() { f.refused = nil })
		time.Sleep(time.Minute + time.Second)
		if s := l.State(); !s.Connected || len(h.times("d1 bus_stuck=false")) != 1 || len(h.times("d1 a=7")) == 0 {
			t.Errorf("state %+v, said %q", s, h.all())
		}
	})
}

func TestAConverterThatStartsAnewIsNoNews(t *testing.T) {
	f := &fake{answers: answers{1: steady(7)}}
	linked(t, f, nil, func(l *Link, h *heardSamples) {
		time.Sleep(30 * time.Second)
		f.set(func() { f.broken = errors.New("connection reset by peer") })
		time.Sleep(30 * time.Second)
		if f.dialled() != 2 || len(h.times("d1 online=false")) > 0 {
			t.Errorf("opened %d times, said %q", f.dialled(), h.all())
		}
	})
}

func TestAnExceptionIsAnAnswerAndNamesTheMapsPlace(t *testing.T) {
	f := &fake{answers: answers{1: refusing(illegalAddress), 2: refusing(deviceBusy), 3: refusing(noAnswer)}}
	linked(t, f, nil, func(l *Link, h *heardSamples) {
		time.Sleep(time.Hour)
		tries := f.times(1)
		for i, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute} {
			if gap := tries[i+1] - tries[i]; gap.Round(time.Minute) != want {
				t.Errorf("an illegal request was made again after %s, want %s", gap, want)
			}
		}
		if n := len(f.times(2)); n < 350 {
			t.Errorf("a busy device was asked %d times in an hour", n)
		}
		for _, want := range []string{
			"modbus/riser/1: the device refuses input register 0, which the map test places there: exception 2, illegal data address",
			"modbus/riser/2: input register 0",
		} {
			if !slices.ContainsFunc(h.reasons(), func(s string) bool { return strings.HasPrefix(s, want) }) {
				t.Errorf("nobody says %q, but %q", want, h.reasons())
			}
		}
		if len(h.times("d1 online=true")) == 0 || len(h.times("d2 online=false")) > 0 {
			t.Error("a device that refuses a request is there all the same")
		}
		if s := l.State(); len(h.times("d3 online=false")) == 0 || !s.Devices[2].Silent || s.Exceptions == 0 {
			t.Errorf("a device behind a converter that says it is silent is silent: %+v", s)
		}
	})
}

func TestARequestThatIsRefusedDoesNotHoldUpTheOthersOfItsDevice(t *testing.T) {
	f := &fake{answers: answers{1: func(r *registers.Request) (registers.Answer, error) {
		if r.Address == 100 {
			return registers.Answer{}, illegalAddress
		}
		return steady(7)(r)
	}}}
	two := func(o *Options) {
		m := mapOf(registers.Input, 0, 1, 10*time.Second)
		m.Blocks = append(m.Blocks, registers.Block{Table: registers.Input, Address: 100, Count: 1, Points: []registers.Point{{Signal: "z", Address: 100, Type: registers.Uint16}}})
		o.Devices[0].Map = m
	}
	linked(t, f, two, func(_ *Link, h *heardSamples) {
		time.Sleep(10*time.Minute + time.Second)
		if got := len(h.times("d1 a=7")); got != 11 {
			t.Errorf("the good register was said %d times in 10 minutes, want 11", got)
		}
	})
}

func TestNothingIsWrittenThatIsNotListed(t *testing.T) {
	f := &fake{answers: answers{1: steady(7)}}
	linked(t, f, func(o *Options) { o.Outputs = []Output{{"d1", 4}, {"gone", 1}} }, func(l *Link, _ *heardSamples) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		for _, c := range []struct {
			device plantroom.DeviceID
			coil   uint16
			want   plantroom.Code
		}{{"d1", 4, ""}, {"d1", 5, plantroom.CodeForbidden}, {"d2", 4, plantroom.CodeForbidden}, {"gone", 1, plantroom.CodeNotFound}} {
			if err := l.WriteCoil(ctx, c.device, c.coil, true); plantroom.CodeOf(err) != c.want {
				t.Errorf("%s/%d: got %v, want %q", c.device, c.coil, err, c.want)
			}
		}
		if !slices.Equal(f.written, []string{"1/4=true"}) {
			t.Errorf("written %q", f.written)
		}
	})
}

func TestAWriteThatNobodyTakesEndsInTime(t *testing.T) {
	f := &fake{answers: answers{1: steady(7)}, refused: errors.New("no")}
	linked(t, f, func(o *Options) { o.Outputs = []Output{{"d1", 4}} }, func(l *Link, _ *heardSamples) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := l.WriteCoil(ctx, "d1", 4, true); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
			t.Errorf("got %v", err)
		}
	})
}
