package sensor

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sonar is a sensor on a serial line: it sends a frame every 100 ms, or one for
// each question, and fails the test on any other byte.
type sonar struct {
	t       *testing.T
	mu      sync.Mutex
	frame   string
	asked   bool // it speaks when it is asked
	gone    bool
	waiting []byte
	opens   int
}

func (s *sonar) open(port string, baud int) (io.ReadWriteCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if port != "/dev/ttyUSB7" || baud != 9600 {
		s.t.Errorf("%s is opened at %d baud", port, baud)
	}
	if s.opens++; s.gone {
		return nil, errors.New("no such file or directory")
	}
	s.waiting = []byte("\xff\x0f\xff\x0d\xa0") // of an hour ago
	return s, nil
}

func (s *sonar) set(f func()) { s.mu.Lock(); defer s.mu.Unlock(); f() }

func (s *sonar) ResetInputBuffer() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = nil
	return nil
}

func (s *sonar) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked || string(b) != "\x55" {
		s.t.Errorf("the sensor is told % x", b)
	}
	s.waiting = append(s.waiting, s.frame...)
	return len(b), nil
}

func (s *sonar) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		s.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
		s.mu.Lock()
		if !s.asked {
			s.waiting = append(s.waiting, s.frame...)
		}
	}
	if s.gone {
		return 0, errors.New("input/output error")
	}
	n := copy(b, s.waiting)
	s.waiting = s.waiting[n:]
	return n, nil
}

func (s *sonar) Close() error { return nil }

// ranged runs a sensor in virtual time.
func ranged(t *testing.T, s *sonar, kind string, script func(h *heard)) {
	synctest.Test(t, func(t *testing.T) {
		s.t = t
		measured(t, func(sink Sink) interface{ Run(context.Context) } {
			return NewRanger(RangerOptions{Device: "level", Port: "/dev/ttyUSB7", Kind: kind, OffsetM: -0.05, Open: s.open, Sink: sink})
		}, script)
	})
}

func TestAnUltrasonicSensorsDistanceIsReportedAtEachHeartbeat(t *testing.T) {
	for kind, frame := range map[string]string{
		"a02yyuw": "\xff\x03\x84\x86", "jsn-sr04t": "\xff\x03\x84\x86", "maxbotix-mm": "R0900\r", "maxbotix-cm": "R090\r",
	} {
		ranged(t, &sonar{frame: frame, asked: kind == "jsn-sr04t"}, kind, func(h *heard) {
			time.Sleep(90 * time.Second)
			synctest.Wait()
			if got, want := h.only("distance_m", "bus_stuck"), []string{"bus_stuck=false", "distance_m=0.85", "distance_m=0.85"}; !slices.Equal(got, want) {
				t.Errorf("%s: heard %q, want %q", kind, got, want)
			}
		})
	}
}

func TestWhatLiesBeyondASensorsRangeIsSuspectAndNoEchoIsNoDistance(t *testing.T) {
	s := &sonar{frame: "\xff\x00\x1e\x1d"} // 30 mm
	ranged(t, s, "a02yyuw", func(h *heard) {
		for _, next := range []string{"\xff\x11\x94\xa4", "\xff\x00\x00\xff", "\xff\x03\x84\x86"} { // 4.5 m, nothing, 0.9 m
			time.Sleep(30 * time.Second)
			s.set(func() { s.frame = next })
			time.Sleep(30 * time.Second)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		want := []string{"distance_m=0 suspect", "distance_m=4.45 suspect", "heartbeat=true", "distance_m=0.85"}
		if got := h.only("distance_m", "heartbeat"); !slices.Equal(got, want) {
			t.Errorf("heard %q, want %q", got, want)
		}
	})
}

func TestASensorOfAnotherKindOrWithoutPowerIsReported(t *testing.T) {
	for _, frame := range []string{"", "R0900\r"} {
		ranged(t, &sonar{frame: frame}, "a02yyuw", func(h *heard) {
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			if got := h.only("bus_stuck"); len(got) < 3 || slices.Contains(got, "bus_stuck=false") {
				t.Errorf("%q: heard %q, want it reported again and again", frame, got)
			}
		})
	}
}

func TestALineThatIsPulledOutIsOpenedAgain(t *testing.T) {
	s := &sonar{frame: "\xff\x03\x84\x86"}
	ranged(t, s, "a02yyuw", func(h *heard) {
		time.Sleep(30 * time.Second)
		s.set(func() { s.gone = true })
		time.Sleep(5 * time.Minute)
		s.set(func() {
			if s.gone = false; s.opens > 15 {
				t.Errorf("opened %d times in five minutes", s.opens)
			}
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := h.only("bus_stuck", "distance_m")
		if !slices.Contains(got, "bus_stuck=true") || got[len(got)-1] != "distance_m=0.85" {
			t.Errorf("heard %q, want it away, and back", got)
		}
	})
}
