package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

// Argument is what makes the program a sandbox: its main has to call Serve.
const Argument = "codec-sandbox"

const (
	// MaxCall is when a call that does not end is ended by force. It is
	// longer than codec.MaxTime, within which the engine ends most calls.
	MaxCall = 250 * time.Millisecond
	// maxStart bounds starting the process and compiling a file: both take
	// long on a small and busy machine.
	maxStart = 10 * time.Second
	// maxCalls is how many calls run beside each other; each may use
	// codec.MaxMemory.
	maxCalls = 16
)

// Options says how.
type Options struct {
	Command []string     // what to start; nil: this program with Argument
	Logger  *slog.Logger // nil: silent
}

// Sandbox is the process and the way to it. It is safe for concurrent use.
type Sandbox struct {
	o     Options
	log   *slog.Logger
	calls chan struct{} // a place for each call under way

	alone sync.RWMutex // a call that is to have the process for itself writes

	mu     sync.Mutex
	child  *child // nil: none runs
	closed bool
	starts int
}

// New makes a Sandbox and starts nothing yet.
func New(o Options) *Sandbox {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Sandbox{o: o, log: o.Logger, calls: make(chan struct{}, maxCalls)}
}

// Starts returns how often the process has been started.
func (s *Sandbox) Starts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts
}

// Run makes one call and is a codec.Runner. It takes at most MaxCall from when
// the process is there. CodeInvalid: the codec is at fault. CodeUnavailable:
// there is no process to run it in, for which the codec cannot be blamed.
//
// Where the process ends under a call, which may be another call's doing, the
// call is made again, the third time with the process for itself.
func (s *Sandbox) Run(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	s.calls <- struct{}{}
	defer func() { <-s.calls }()
	for range 2 {
		s.alone.RLock()
		raw, err := s.try(p, c)
		s.alone.RUnlock()
		if !errors.Is(err, errDied) {
			return raw, err
		}
	}
	s.alone.Lock()
	defer s.alone.Unlock()
	raw, err := s.try(p, c)
	if errors.Is(err, errDied) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it ended the process that ran it")
	}
	return raw, err
}

// try makes a call in the process that runs, or in a new one.
func (s *Sandbox) try(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	ch, err := s.running()
	if err != nil {
		return nil, err
	}
	if err := s.load(ch, p); err != nil {
		return nil, err
	}
	r, err := s.ask(ch, request{Sum: p.Sum, Function: c.Function, Input: c.Input}, MaxCall)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.log.Warn("a codec did not end and was ended by force", "codec", p.Name, "after", MaxCall)
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it took longer than %s and had to be ended by force", MaxCall)
	case err != nil:
		return nil, err
	case r.Error != "":
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s", r.Error)
	}
	return r.Output, nil
}

// load gives the process a file that it does not have yet.
func (s *Sandbox) load(ch *child, p *codec.Program) error {
	ch.loading.Lock()
	defer ch.loading.Unlock()
	if ch.loaded[p.Sum] {
		return nil
	}
	r, err := s.ask(ch, request{Sum: p.Sum, Name: p.Name, Source: p.Source}, maxStart)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return plantroom.Errorf(plantroom.CodeInvalid, "compiling it took longer than %s", maxStart)
	case err != nil:
		return err
	case r.Error != "":
		return plantroom.Errorf(plantroom.CodeInvalid, "%s", r.Error)
	}
	ch.loaded[p.Sum] = true
	return nil
}

// ask sends a request and waits for the answer. A process that does not answer
// in time is killed: the error is context.DeadlineExceeded.
func (s *Sandbox) ask(ch *child, r request, patience time.Duration) (reply, error) {
	answer, err := ch.send(r)
	if err != nil {
		return reply{}, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case a := <-answer:
		return a, nil
	case <-ch.died:
		return reply{}, errDied
	case <-timer.C:
		ch.kill()
		return reply{}, context.DeadlineExceeded
	}
}

// running gives the process that runs, and starts one where none does.
func (s *Sandbox) running() (*child, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, plantroom.Errorf(plantroom.CodeUnavailable, "the sandbox is closed")
	}
	if s.child != nil && !s.child.isDead() {
		return s.child, nil
	}
	command := s.o.Command
	if command == nil {
		self, err := os.Executable()
		if err != nil {
			return nil, plantroom.Errorf(plantroom.CodeUnavailable, "find this program, to start it as a sandbox: %w", err)
		}
		command = []string{self, Argument}
	}
	ch, err := start(command, s.log)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "start the sandbox for codecs", Message: command[0], Err: err}
	}
	s.child = ch
	s.starts++
	return ch, nil
}

// Close ends the process. Calls under way fail.
func (s *Sandbox) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.child != nil {
		s.child.kill()
		<-s.child.died
	}
}
