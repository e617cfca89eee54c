package sandbox

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"plantroom/firmware-bridge/codec"
)

// Serve is the process's side: it answers requests until its input ends. What
// is still running then ends with the process.
func Serve(in io.Reader, out io.Writer) error {
	debug.SetGCPercent(50) // the engine's memory is not the collector's; the rest is small
	step := &steps{out: json.NewEncoder(out), programs: map[string]*codec.Program{}}
	if err := step.answer(reply{}); err != nil { // it is there
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRequest)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		go step.take(r)
	}
	return lines.Err()
}

// BeModest lowers the priority of this process and makes it the first to be
// ended when memory is short. It does what it can.
func BeModest() {
	lowerPriority()
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // Linux only
}

// steps is what requests share.
type steps struct {
	mu       sync.Mutex
	out      *json.Encoder
	programs map[string]*codec.Program // by sum
}

func (s *steps) answer(r reply) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Encode(r)
}

// take does what a request asks for. Where the answer cannot be sent, the
// gateway is gone.
func (s *steps) take(r request) {
	out, err := s.do(r)
	a := reply{ID: r.ID, Output: out}
	if err != nil {
		a.Error = err.Error()
	}
	_ = s.answer(a)
}

func (s *steps) do(r request) (json.RawMessage, error) {
	if r.Source != "" {
		p, err := codec.Compile(r.Name, []byte(r.Source))
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.programs[r.Sum] = p
		s.mu.Unlock()
		return nil, nil
	}
	s.mu.Lock()
	p := s.programs[r.Sum]
	s.mu.Unlock()
	if p == nil {
		return nil, errDied // cannot be: a file is always loaded first
	}
	return codec.Run(p, codec.Call{Function: r.Function, Input: r.Input, Time: r.Time})
}
