package inside

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/codec/engine"
	"plantroom/gateway/sandbox"
)

// Serve answers requests until its input ends. What is still running then
// ends with the process.
func Serve(in io.Reader, out io.Writer, version string) error {
	debug.SetGCPercent(50) // the engine's memory is not the collector's; the rest is small
	s := &served{out: json.NewEncoder(out), programs: map[string]*engine.Compiled{}}
	if err := s.say(sandbox.Hello{Protocol: sandbox.Protocol, Version: version}); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, sandbox.MaxRequest)
	for lines.Scan() {
		var r sandbox.Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		go s.take(r)
	}
	return lines.Err()
}

// BeModest lowers the priority of this process and makes it the first to be
// ended when memory is short. It does what it can.
func BeModest() {
	lowerPriority()
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // Linux only
}

// served is what requests share.
type served struct {
	mu       sync.Mutex
	out      *json.Encoder
	programs map[string]*engine.Compiled // by sum
}

func (s *served) say(line any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Encode(line)
}

// take does what a request asks for. Where the answer cannot be sent, the
// gateway is gone.
func (s *served) take(r sandbox.Request) {
	out, err := s.do(r)
	a := sandbox.Reply{ID: r.ID, Output: out}
	if err != nil {
		a.Error = err.Error()
	}
	_ = s.say(a)
}

func (s *served) do(r sandbox.Request) (json.RawMessage, error) {
	if r.Source != "" {
		p, err := engine.Compile(&codec.Program{Name: r.Name, Source: r.Source, Sum: r.Sum})
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
		return nil, errors.New("this file was not loaded") // cannot be: a file is always loaded first
	}
	return p.Run(codec.Call{Function: r.Function, Input: r.Input, Time: r.Time})
}
