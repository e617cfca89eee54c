package serial

import (
	"context"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node"
)

// order is one command to one node.
type order struct {
	node uint16
	id   uint32
}

// again is how long a command waits for its answer before it is repeated.
const again = 500 * time.Millisecond

// send hands a message to the goroutine that writes. Where the line is down or
// takes nothing, it is dropped: whoever waits for it asks again.
func (s *Source) send(m node.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.out <- m: // nil while the line is down: blocks, and default is taken
	default:
	}
}

// talk writes until ctx ends, and what is waiting then.
func (s *Source) talk(ctx context.Context, port Port, out <-chan node.Message) {
	var buf []byte
	write := func(m node.Message) {
		var err error
		if buf, err = node.Append(buf[:0], m); err == nil {
			_, err = port.Write(buf)
		}
		if err != nil {
			s.log.Debug("not said", "node", m.Node, "error", err)
		}
	}
	for {
		select {
		case m := <-out:
			write(m)
		case <-ctx.Done():
			for len(out) > 0 {
				write(<-out)
			}
			return
		}
	}
}

// done tells whoever waits for a command what became of it.
func (s *Source) done(m node.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.asked[order{m.Node, m.ID}]; answer != nil {
		answer <- m.On
		delete(s.asked, order{m.Node, m.ID})
	}
}

// Set switches an output of a node and returns when the node has done it. It
// repeats the command until then or until ctx ends: CodeUnavailable. A node
// that has no such output is CodeNotFound.
func (s *Source) Set(ctx context.Context, to uint16, output uint8, on bool) error {
	answer := make(chan bool, 1)
	s.mu.Lock()
	s.command++
	o := order{to, s.command}
	s.asked[o] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.asked, o)
		s.mu.Unlock()
	}()
	m := node.Message{Kind: node.Command, Node: to, ID: o.id, Output: output, On: on}
	if err := m.Check(); err != nil {
		return err
	}
	repeat := time.NewTicker(again)
	defer repeat.Stop()
	for {
		s.send(m)
		select {
		case ok := <-answer:
			if !ok {
				return plantroom.Errorf(plantroom.CodeNotFound, "node %d has no output %d", to, output)
			}
			return nil
		case <-repeat.C:
		case <-ctx.Done():
			return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "set an output of a node",
				Message: s.o.Port + ": node " + node.Address(to) + " has not answered", Err: ctx.Err()}
		}
	}
}
