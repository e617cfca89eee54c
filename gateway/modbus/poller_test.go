package modbus

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	registers "plantroom/firmware-bridge/modbus"
)

// lineClock stands still unless somebody sleeps, or waits for a port.
type lineClock struct{ now time.Time }

func (c *lineClock) Now() time.Time        { return c.now }
func (c *lineClock) Sleep(d time.Duration) { c.now = c.now.Add(max(d, 0)) }

// slowPort is a line in virtual time: unit 3 answers after 40 ms, nobody else
// does.
type slowPort struct {
	clock *lineClock
	limit time.Duration
	out   []byte
}

func (p *slowPort) Close() error                         { return nil }
func (p *slowPort) SetReadTimeout(d time.Duration) error { p.limit = d; return nil }
func (p *slowPort) ResetInputBuffer() error              { p.out = nil; return nil }
func (p *slowPort) Write(q []byte) (int, error) {
	if q[0] == 3 { // registers hold their own addresses
		address, count := binary.BigEndian.Uint16(q[2:]), binary.BigEndian.Uint16(q[4:])
		a := []byte{q[0], q[1], byte(2 * count)}
		for i := range count {
			a = binary.BigEndian.AppendUint16(a, address+i)
		}
		p.out = framed(a...)
	}
	return len(q), nil
}

func (p *slowPort) Read(b []byte) (int, error) {
	if p.out == nil {
		p.clock.Sleep(p.limit)
		return 0, nil
	}
	p.clock.Sleep(40 * time.Millisecond)
	n := copy(b, p.out)
	p.out = nil
	return n, nil
}

// A day of a line is over at once, and the same each time.
func TestAPollerLivesByTheClockThatItIsGiven(t *testing.T) {
	begun := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	clock := &lineClock{begun}
	h := &heardSamples{begun: begun}
	o := Options{Name: "riser", Address: "rtu:///dev/none", Line: Line{Baud: 9600}, Sink: h.sink, Clock: clock,
		Jitter: func(time.Duration) time.Duration { return 0 },
		Devices: []Device{{ID: "d3", Unit: 3, Map: mapOf(registers.Input, 7, 1, 10*time.Second)},
			{ID: "d4", Unit: 4, Map: mapOf(registers.Input, 7, 1, 10*time.Second)}}}
	p, ask := NewPoller(o), OnLine(&slowPort{clock: clock}, o)
	p.Opened()
	for clock.now.Before(begun.Add(24 * time.Hour)) {
		due, wait := p.Due()
		if !due {
			clock.Sleep(wait)
			continue
		}
		if err := p.Poll(ask); err != nil {
			t.Fatal(err)
		}
	}
	s := p.State()
	if asked := s.Requests - s.Silent; asked != 24*360 || s.Silent < 1400 || s.Silent > 1450 || !s.Devices[1].Silent || s.Devices[0].Silent {
		t.Errorf("%+v", s)
	}
	if got := h.times("d3 a=7"); len(got) < 1400 || len(got) > 24*60 || got[0] != 40*time.Millisecond {
		t.Errorf("said %d times, first %v", len(got), got[:1])
	}
	// Three questions of 500 ms and the length of the frames, a second between.
	if got := h.times("d4 online=false"); len(got) == 0 || got[0] < 3500*time.Millisecond || got[0] > 3700*time.Millisecond {
		t.Errorf("off-line first after %v", got[:min(1, len(got))])
	}
}

// The bytes on the line are those of the protocol, whoever holds the clock.
func TestOnLineAsksInTheFramesOfRTU(t *testing.T) {
	clock := &lineClock{}
	ask := OnLine(&slowPort{clock: clock}, Options{Address: "rtu:///dev/none", Clock: clock})
	a, err := ask(3, request(registers.Holding, 40, 2))
	if err != nil || !slices.Equal(a.Words, []uint16{40, 41}) || binary.BigEndian.Uint16(a.Bytes()) != 40 {
		t.Errorf("got %v, %v", a, err)
	}
}
