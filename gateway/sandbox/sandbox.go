package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

// Program is the name of the program that runs codecs, and Argument what tells
// it to. It has to lie in the folder of the program that starts it: what is on
// the PATH may be anything, of any version.
const (
	Program  = "plantroom-codec"
	Argument = "serve"
)

const (
	// MaxCall is when a call that does not end is ended by force. It is
	// longer than codec.MaxTime, within which the engine ends most calls.
	MaxCall = codec.MaxTime * 5 / 2 // 250ms
	// maxStart bounds starting the process and compiling a file: both take
	// long on a small and busy machine.
	maxStart = 10 * time.Second
	// maxIdle is how long the process for codecs that are not trusted stays
	// without a call; longer than maxStart, which is the longest that a call may be
	// under way without another look at the process.
	maxIdle = 15 * time.Second
	// maxCalls is how many calls run beside each other; each may use
	// codec.MaxMemory.
	maxCalls = 16
)

// Options says how.
type Options struct {
	Command []string     // what to start; nil: Program, beside this one, with Argument
	Slow    int          // a call may take so many times codec.MaxTime and MaxCall, on a machine that is known to be busy; 0: once
	Logger  *slog.Logger // nil: silent
}

// Sandbox is the processes and the way to them. It is safe for concurrent use.
type Sandbox struct {
	trusted, others box

	mu    sync.Mutex
	trust map[string]bool // sums of the files whose last call succeeded
}

// box is one process after the other.
type box struct {
	o     Options
	log   *slog.Logger
	env   []string
	calls chan struct{} // a place for each call under way
	idle  time.Duration // end the process after so long without a call; 0: keep it

	alone sync.RWMutex // a call that is to have the process for itself writes

	mu     sync.Mutex
	child  *child // nil: none runs
	closed bool
	starts int
	unused *time.Timer
}

// New makes a Sandbox and starts nothing yet.
func New(o Options) *Sandbox {
	s := &Sandbox{trust: map[string]bool{}}
	s.trusted.init(o)
	s.others.init(o, "GOMAXPROCS=1") // whatever they do, one core is left
	s.others.idle = maxIdle
	return s
}

func (b *box) init(o Options, env ...string) {
	b.o, b.log, b.calls = o, o.Logger, make(chan struct{}, maxCalls)
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	b.env = append(env, "GOTRACEBACK=none") // and no secrets of the gateway's environment
}

// Starts returns how often a process has been started.
func (s *Sandbox) Starts() int { return s.trusted.started() + s.others.started() }

func (b *box) started() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.starts
}

// Run makes one call and is a codec.Runner. It takes at most MaxCall from when
// the process is there, or so many times that as Options say. CodeInvalid: the codec is at fault. CodeUnavailable:
// there is no process to run it in, for which the codec cannot be blamed.
//
// Where the process ends under a call, which may be another call's doing, the
// call is made again, the third time with the process for itself.
func (s *Sandbox) Run(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	b := &s.others
	if s.trusts(p) {
		b = &s.trusted
	}
	raw, err := b.run(p, c)
	switch plantroom.CodeOf(err) {
	case "":
		s.note(p, true)
	case plantroom.CodeInvalid:
		s.note(p, false)
	}
	return raw, err
}

// Compile says what is wrong with a file (CodeInvalid), or that there is no
// process to compile it in (CodeUnavailable). It runs nothing of the file.
func (s *Sandbox) Compile(p *codec.Program) error {
	b := &s.others
	b.calls <- struct{}{}
	defer func() { <-b.calls }()
	b.alone.RLock()
	defer b.alone.RUnlock()
	ch, err := b.running()
	if err == nil {
		err = b.load(ch, p)
	}
	if errors.Is(err, errDied) {
		return plantroom.Errorf(plantroom.CodeInvalid, "%s ended the process that compiled it", p.Name)
	}
	return err
}

func (s *Sandbox) trusts(p *codec.Program) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trust[p.Sum]
}

func (s *Sandbox) note(p *codec.Program, good bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if good {
		s.trust[p.Sum] = true
		return
	}
	delete(s.trust, p.Sum)
}

func (b *box) run(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	b.calls <- struct{}{}
	defer func() { <-b.calls }()
	for range 2 {
		b.alone.RLock()
		raw, err := b.try(p, c)
		b.alone.RUnlock()
		if !errors.Is(err, errDied) {
			return raw, err
		}
	}
	b.alone.Lock()
	defer b.alone.Unlock()
	raw, err := b.try(p, c)
	if errors.Is(err, errDied) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it ended the process that ran it")
	}
	return raw, err
}

// try makes a call in the process that runs, or in a new one.
func (b *box) try(p *codec.Program, c codec.Call) (json.RawMessage, error) {
	ch, err := b.running()
	if err != nil {
		return nil, err
	}
	if err := b.load(ch, p); err != nil {
		return nil, err
	}
	slow := time.Duration(max(1, b.o.Slow))
	limit := slow * MaxCall
	r, err := b.ask(ch, Request{Sum: p.Sum, Function: c.Function, Input: c.Input, Time: slow * cmp.Or(c.Time, codec.MaxTime)}, limit)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		b.log.Warn("a codec did not end and was ended by force", "codec", p.Name, "after", limit)
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "it took longer than %s and had to be ended by force", limit)
	case err != nil:
		return nil, err
	case r.Error != "":
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s", r.Error)
	}
	return r.Output, nil
}

// load gives the process a file that it does not have yet.
func (b *box) load(ch *child, p *codec.Program) error {
	ch.loading.Lock()
	defer ch.loading.Unlock()
	if ch.loaded[p.Sum] {
		return nil
	}
	r, err := b.ask(ch, Request{Sum: p.Sum, Name: p.Name, Source: p.Source}, maxStart)
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
func (b *box) ask(ch *child, r Request, patience time.Duration) (Reply, error) {
	answer, err := ch.send(r)
	if err != nil {
		return Reply{}, err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case a := <-answer:
		return a, nil
	case <-ch.died:
		return Reply{}, errDied
	case <-timer.C:
		ch.kill()
		return Reply{}, context.DeadlineExceeded
	}
}

// running gives the process that runs, and starts one where none does.
func (b *box) running() (*child, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, plantroom.Errorf(plantroom.CodeUnavailable, "the sandbox is closed")
	}
	if b.child != nil && !b.child.isOver() {
		b.used()
		return b.child, nil
	}
	command, err := b.o.command()
	if err != nil {
		return nil, err
	}
	ch, err := start(command, b.env, b.log)
	if err != nil {
		return nil, failed(command[0], err)
	}
	b.child = ch
	b.starts++
	b.used()
	return ch, nil
}

// command is what to start.
func (o *Options) command() ([]string, error) {
	if o.Command != nil {
		return o.Command, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeUnavailable, "find this program, to start %s beside it: %w", Program, err)
	}
	return []string{filepath.Join(filepath.Dir(self), Program), Argument}, nil
}

// failed says why the process is not there, and what to do.
func failed(program string, err error) error {
	const op = "start the sandbox for codecs"
	var known *plantroom.Error
	if errors.As(err, &known) {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: program + ": " + known.Message, Hint: known.Hint}
	}
	e := &plantroom.Error{Code: plantroom.CodeUnavailable, Op: op, Message: program, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Hint = "put " + Program + " of the same release beside this program: codecs run in it, and nowhere else"
	case errors.Is(err, fs.ErrPermission):
		e.Hint = "let the gateway's user run it"
	}
	return e
}

// used puts off the end of a process that is ended when nobody needs it. A call
// takes far less than that time.
func (b *box) used() {
	if b.idle == 0 {
		return
	}
	if b.unused != nil {
		b.unused.Stop()
	}
	b.unused = time.AfterFunc(b.idle, b.child.kill)
}

// Close ends the processes. Calls under way fail.
func (s *Sandbox) Close() {
	s.trusted.close()
	s.others.close()
}

func (b *box) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.unused != nil {
		b.unused.Stop()
	}
	if b.child != nil {
		b.child.kill()
		<-b.child.died
	}
}
