package serial

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node"
	"plantroom/internal/mqttconn"
)

// Intake is where readings go; see intake.Intake.Take.
type Intake interface {
	Take(m plantroom.Message, samples []plantroom.Sample, why error, done func(error))
}

// Options says what to listen to.
type Options struct {
	Port    string // the line's device: /dev/ttyUSB0
	Baud    int    // 0: DefaultBaud
	Intake  Intake
	Backoff mqttconn.Backoff // after the line was lost; zero: the usual pace

	Clock  func(time.Time) plantroom.Instant         // tells when a moment was on the gateway's clock; nil: the system's
	Open   func(path string, baud int) (Port, error) // nil: Open
	Logger *slog.Logger                              // nil: silent
}

// DefaultBaud is the rate where the file says none.
const DefaultBaud = 115200

// maxNodes bounds what a line of noise can make a gateway remember.
const maxNodes = 256

// settleTimeout bounds how long stopping waits for readings that are on their
// way to the disk, so that their nodes hear of it.
const settleTimeout = 2 * time.Second

// Source is one line: a Nodes with a port and two goroutines.
type Source struct {
	o     Options
	log   *slog.Logger
	nodes *Nodes

	mu      sync.Mutex
	asked   map[order]chan<- bool // commands under way
	command uint32                // the last command's number
	out     chan node.Message     // to be sent on the present connection
	state   State
}

// State is what the health page shows.
type State struct {
	Connected bool
	Since     plantroom.Instant // of the present state
	Connects  uint64
	Messages  uint64 // received
	Noise     uint64 // frames with a wrong checksum, or none at all
	Failed    uint64 // readings that the spool took no more; their nodes send them again
	LastError string
	Nodes     []NodeState // by number
}

// NodeState is one node's part of State.
type NodeState struct {
	Node     uint16
	Firmware string
	Last     plantroom.Instant // when it was heard
	Dropped  uint32            // readings it had no room for, since its start
	Missing  uint64            // readings it has left out, since ours
}

// New makes a Source.
func New(o Options) *Source {
	if o.Baud == 0 {
		o.Baud = DefaultBaud
	}
	if o.Open == nil {
		o.Open = Open
	}
	if o.Clock == nil {
		o.Clock = plantroom.At
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Source{
		o: o, log: o.Logger.With("line", o.Port), asked: map[order]chan<- bool{}, command: uint32(time.Now().UnixNano()),
	}
	s.nodes = NewNodes(NodesOptions{Port: o.Port, Intake: o.Intake, Say: s.send, Done: s.done, Logger: s.log})
	return s
}

// State returns a snapshot.
func (s *Source) State() State {
	s.mu.Lock()
	st := s.state
	s.mu.Unlock()
	s.nodes.fill(&st)
	return st
}

// Run listens until ctx ends. It never fails: whatever goes wrong is logged,
// shown in State and tried again.
func (s *Source) Run(ctx context.Context) {
	pace := s.o.Backoff
	for first := true; first || pace.Pause(ctx); first = false { // one line disturbs nobody: the first try is at once
		var up time.Time
		port, err := s.o.Open(s.o.Port, s.o.Baud)
		if err == nil {
			up = time.Now()
			err = s.listen(ctx, port)
		}
		if ctx.Err() != nil {
			return
		}
		s.note(false, err)
		s.log.Warn("line is down", "error", err)
		pace.Ended(up)
	}
}

func (s *Source) note(up bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Connected != up || s.state.Since.IsZero() {
		s.state.Connected, s.state.Since = up, plantroom.At(time.Now())
	}
	if up {
		s.state.Connects++
		s.state.LastError = ""
	}
	if err != nil {
		s.state.LastError = err.Error()
	}
}

// listen reads an open line until it is lost or ctx ends, and closes it.
func (s *Source) listen(ctx context.Context, port Port) error {
	out := make(chan node.Message, 2*maxNodes)
	s.mu.Lock()
	s.out = out
	s.mu.Unlock()
	s.note(true, nil)
	s.log.Info("line is up", "baud", s.o.Baud)

	talk, quiet := context.WithCancel(context.Background())
	silent := make(chan struct{})
	go func() {
		defer close(silent)
		s.talk(talk, port, out)
	}()
	err := s.read(ctx, port)
	if ctx.Err() != nil {
		s.settle()
	}
	s.mu.Lock()
	s.out = nil
	s.mu.Unlock()
	quiet()
	select {
	case <-silent:
	case <-time.After(settleTimeout): // a write that nobody takes ends with the line, if ever
		s.log.Warn("the line takes nothing")
	}
	if closed := port.Close(); err == nil {
		err = closed
	}
	return err
}

func (s *Source) read(ctx context.Context, port Port) error {
	s.nodes.Opened()
	buf := make([]byte, 1024)
	for ctx.Err() == nil {
		n, err := port.Read(buf)
		if err != nil {
			return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "listen to the serial line", Message: s.o.Port, Err: err,
				Hint: "is the adapter still plugged in?"}
		}
		s.nodes.Feed(buf[:n], s.o.Clock(time.Now()))
	}
	return nil
}

// settle waits until what has been taken is on disk.
func (s *Source) settle() {
	t := time.NewTimer(settleTimeout)
	defer t.Stop()
	for s.nodes.waiting() > 0 {
		select {
		case <-s.nodes.settled:
		case <-t.C:
			return
		}
	}
}
