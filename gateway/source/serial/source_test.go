package serial_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node/nodetest"
	"plantroom/gateway/source/serial"
	"plantroom/internal/mqttconn"
)

const soon = time.Minute

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(soon); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// shelf is an intake that keeps what it is given, and says when it is safe.
type shelf struct {
	mu    sync.Mutex
	got   []string
	why   []error
	dones []func(error) // of readings that wait; nil where each is safe at once
	slow  bool
	full  bool
}

func (s *shelf) Take(_ plantroom.Message, samples []plantroom.Sample, why error, done func(error)) {
	s.mu.Lock()
	full, slow := s.full, s.slow
	if !full {
		for _, x := range samples {
			s.got = append(s.got, fmt.Sprintf("%s %s=%s", x.Address, x.Signal, x.Value))
		}
	}
	if why != nil {
		s.why = append(s.why, why)
	}
	if slow && done != nil {
		s.dones = append(s.dones, done)
		done = nil
	}
	s.mu.Unlock()
	switch {
	case done == nil:
	case full:
		done(errors.New("full"))
	default:
		done(nil)
	}
}

func (s *shelf) count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, g := range s.got {
		if g == what {
			n++
		}
	}
	return n
}

func (s *shelf) set(slow, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow, s.full = slow, full
}

// run runs a source on a line until the test ends or stop is called.
func run(t *testing.T, o serial.Options) (s *serial.Source, stop func()) {
	t.Helper()
	o.Backoff = mqttconn.Backoff{First: 10 * time.Millisecond, Cap: 100 * time.Millisecond}
	s = serial.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(stop)
	return s, stop
}

// The firmware in C, under the sanitizers, on a pseudo-terminal.
func TestAReadingOfARealNodeIsAcknowledgedWhenItIsSafe(t *testing.T) {
	line, in := nodetest.NewLine(t), &shelf{}
	s, _ := run(t, serial.Options{Port: line.Path, Intake: in})
	wait(t, "the line is up", func() bool { return s.State().Connected })
	in.set(true, false)
	n := nodetest.Start(t, nodetest.Build(t), "--id", "7")
	line.Plug(n)
	wait(t, "the rope's first reading", func() bool { return in.count("7 state=dry") == 1 })
	before := s.State().Messages
	wait(t, "it comes again", func() bool { return s.State().Messages >= before+2 })
	if got := in.count("7 state=dry"); got != 1 || in.count("7 contact=false") != 0 {
		t.Fatalf("while it is not safe, it was taken %d times, and the next reading %d times", got, in.count("7 contact=false"))
	}
	in.set(false, false)
	in.dones[0](nil)
	wait(t, "the next reading", func() bool { return in.count("7 contact=false") == 1 })
	n.ADC(0, 300)
	wait(t, "the rope is wet", func() bool { return in.count("7 state=wet") == 1 })
	wait(t, "a sign of life", func() bool { return in.count("7 heartbeat=true") == 1 })
	if st := s.State(); len(st.Nodes) != 1 || st.Nodes[0].Node != 7 || st.Nodes[0].Firmware != "0.0.0" || st.Nodes[0].Last.IsZero() {
		t.Errorf("state %+v", st)
	}
}

func TestALineThatLosesFramesLosesNoReading(t *testing.T) {
	line, in := nodetest.NewLine(t), &shelf{}
	s, _ := run(t, serial.Options{Port: line.Path, Intake: in})
	wait(t, "the line is up", func() bool { return s.State().Connected })
	i := 0
	line.Lose(func(bool) bool { i++; return i%3 == 0 }) // each third frame, either way
	n := nodetest.Start(t, nodetest.Build(t), "--id", "300")
	line.Plug(n)
	for i := range 5 {
		n.ADC(0, 300)
		wait(t, "wet", func() bool { return in.count("300 state=wet") == i+1 })
		n.ADC(0, 2000)
		wait(t, "cut", func() bool { return in.count("300 state=cable_break") == i+1 })
	}
	if st := s.State(); st.Nodes[0].Missing != 0 || st.Nodes[0].Dropped != 0 {
		t.Errorf("%+v", st)
	}
}

func TestWhatTheSpoolCannotTakeTheNodeSendsAgain(t *testing.T) {
	line, in := nodetest.NewLine(t), &shelf{full: true}
	s, _ := run(t, serial.Options{Port: line.Path, Intake: in})
	line.Plug(nodetest.Start(t, nodetest.Build(t), "--id", "7"))
	wait(t, "the spool has refused a reading twice", func() bool { return s.State().Failed >= 2 })
	in.set(false, false)
	wait(t, "both readings arrive", func() bool { return in.count("7 state=dry") == 1 && in.count("7 contact=false") == 1 })
}

func TestANodesOutputIsSetAndItsAnswerAwaited(t *testing.T) {
	line, in := nodetest.NewLine(t), &shelf{}
	s, _ := run(t, serial.Options{Port: line.Path, Intake: in})
	wait(t, "the line is up", func() bool { return s.State().Connected })
	lost := 0
	line.Lose(func(toNode bool) bool { lost++; return toNode && lost < 4 })
	n := nodetest.Start(t, nodetest.Build(t), "--id", "7")
	line.Plug(n)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := s.Set(ctx, 7, 2, true); err != nil {
		t.Fatal(err)
	}
	wait(t, "the node says what it did", func() bool { return slices.Contains(n.Log(), "output 2 on") }) // by another way than its answer
	if err := s.Set(ctx, 7, 9, true); plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("an output that is not there: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if err := s.Set(short, 8, 2, true); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("a node that is not there: %v", err)
	}
}

func TestALineThatIsNotThereIsTriedAgain(t *testing.T) {
	var mu sync.Mutex
	tries, there := 0, false
	line := nodetest.NewLine(t)
	s, _ := run(t, serial.Options{Port: "/dev/ttyUSB0", Intake: &shelf{}, Open: func(path string, baud int) (serial.Port, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries++; !there {
			return serial.Open(filepath.Join(t.TempDir(), "none"), baud)
		}
		return serial.Open(line.Path, baud)
	}})
	wait(t, "several tries", func() bool { mu.Lock(); defer mu.Unlock(); return tries > 3 })
	if st := s.State(); st.Connected || st.LastError == "" || st.Since.IsZero() {
		t.Errorf("while the line is away: %+v", st)
	}
	mu.Lock()
	there = true
	mu.Unlock()
	wait(t, "the line is up", func() bool { return s.State().Connected })
}

func TestALineHasOneUser(t *testing.T) {
	line := nodetest.NewLine(t)
	p, err := serial.Open(line.Path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	second, err := serial.Open(line.Path, 9600)
	if root := os.Geteuid() == 0; root != (err == nil) || !root && plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Errorf("a second user, who is root: %v: %v", root, err)
	}
	if err == nil {
		second.Close()
	}
	if _, err := serial.Open("/dev/none", 9600); plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("no such line: %v", err)
	}
}

// A stop waits for what is on its way to the disk, so that its node hears of it.
func TestAStopAcknowledgesWhatIsStored(t *testing.T) {
	line, in := nodetest.NewLine(t), &shelf{slow: true}
	_, stop := run(t, serial.Options{Port: line.Path, Intake: in})
	n := nodetest.Start(t, nodetest.Build(t), "--id", "7")
	line.Plug(n)
	wait(t, "a reading waits", func() bool { return in.count("7 state=dry") == 1 })
	go func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.dones[0](nil)
	}()
	stop()
	again := &shelf{}
	run(t, serial.Options{Port: line.Path, Intake: again})
	wait(t, "the next reading comes", func() bool { return again.count("7 contact=false") == 1 })
	if again.count("7 state=dry") != 0 {
		t.Error("the reading that was stored has come again")
	}
}

func TestNoiseIsCountedAndWhatNobodyKnowsIsRejected(t *testing.T) {
	in := &shelf{}
	p := &script{lines: [][]byte{
		{0, 5, 'n', 'o', 'i', 's', 0},
		// [2, 16, 7, 1, 1], a message of the link's second version, and whole.
		secondVersion,
	}}
	s, _ := run(t, serial.Options{Port: "p", Intake: in, Open: func(string, int) (serial.Port, error) { return p, nil }})
	wait(t, "both were read", func() bool { return s.State().Messages == 2 })
	in.mu.Lock()
	defer in.mu.Unlock()
	if st := s.State(); st.Noise != 1 || len(in.why) != 1 || len(in.got) != 0 {
		t.Errorf("noise %d, reasons %v, samples %v", st.Noise, in.why, in.got)
	}
}

var secondVersion = []byte("\x00\x0b\x85\x02\x10\x07\x01\x01\xbe\x35\x37\x65\x00")

// script is a port on which lines come, and then nothing.
type script struct{ lines [][]byte }

func (s *script) Read(p []byte) (int, error) {
	if len(s.lines) == 0 {
		time.Sleep(10 * time.Millisecond) // as a port without anything to say
		return 0, nil
	}
	n := copy(p, s.lines[0])
	s.lines = s.lines[1:]
	return n, nil
}
func (s *script) Write(p []byte) (int, error) { return len(p), nil }
func (s *script) Close() error                { return nil }
