package sandbox

import (
	"os"
	"testing"
	"time"

	"plantroom/firmware-bridge/codec"
)

// BusyMachine is how much longer a codec may take in tests, which must not
// fail because others have the processor: half a second within the engine,
// and what the race detector takes instead where that is more.
const BusyMachine = max(1, int(500*time.Millisecond/codec.MaxTime))

func TestTheProcessForCodecsThatAreNotTrustedEndsWhenNobodyNeedsIt(t *testing.T) {
	s := New(Options{Command: []string{os.Args[0], Argument}, Slow: BusyMachine})
	defer s.Close()
	p, err := codec.Read("x.js", []byte("function decodeUplink(i) { return i.fPort === 1 ? {data: {}} : nothing }"))
	if err != nil {
		t.Fatal(err)
	}
	call := func(port uint8, good bool) {
		t.Helper()
		if _, err := s.Run(p, codec.Uplink(port, nil, 1)); (err == nil) != good {
			t.Fatalf("port %d: %v", port, err)
		}
	}
	call(1, true)
	first := s.others.child
	call(1, true) // trusted by now
	if s.trusted.started() != 1 || s.others.started() != 1 {
		t.Errorf("%d and %d processes were started, want one each", s.trusted.started(), s.others.started())
	}
	// Its time is counted from the last call on. It is made short when no call is under
	// way: on a busy machine one may take longer than any time that a test could wait.
	s.others.mu.Lock()
	if s.others.unused == nil {
		t.Error("nothing will end the process")
	}
	s.others.idle = time.Millisecond
	s.others.used()
	s.others.idle = maxIdle
	s.others.mu.Unlock()
	select {
	case <-first.died:
	case <-time.After(time.Minute):
		t.Fatal("the process does not end")
	}
	call(2, false) // no longer trusted
	call(1, true)  // in a new process
	call(1, true)
	if s.trusted.started() != 1 || s.others.started() != 2 {
		t.Errorf("%d and %d processes were started, want one and two", s.trusted.started(), s.others.started())
	}
}
