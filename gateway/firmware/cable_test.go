package firmware_test

import (
	"bytes"
	"errors"
	"sync"
	"time"

	"plantroom/firmware-bridge/node/nodetest"
	"plantroom/gateway/firmware"
)

var errCut = errors.New("the cable is cut")

// cable connects ports to nodes, counts the SMP lines that go over it, and is
// cut in the middle of one of them: the port that is open then fails, and what
// its node was being told or saying is lost.
type cable struct {
	mu    sync.Mutex
	node  *nodetest.Node
	in    chan []byte // what the node says
	lines int
	cutAt int    // the line in which it is cut; 0: none
	then  func() // happens at the cut
	open  *port
}

// plug puts a node on the cable.
func (c *cable) plug(n *nodetest.Node) {
	in := make(chan []byte, 1000)
	c.mu.Lock()
	c.node, c.in = n, in
	c.mu.Unlock()
	go func() {
		for {
			buf := make([]byte, 512)
			k, err := n.Read(buf)
			if err != nil {
				close(in)
				return
			}
			in <- buf[:k]
		}
	}()
}

func (c *cable) Open() (firmware.Port, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = &port{cable: c}
	return c.open, nil
}

func (c *cable) count() int { c.mu.Lock(); defer c.mu.Unlock(); return c.lines }

// pass counts the lines in b, and gives what comes through.
func (c *cable) pass(b []byte) (through []byte, cut bool) {
	for i, ch := range b {
		if ch != '\n' {
			continue
		}
		if c.lines++; c.lines == c.cutAt {
			begin := bytes.LastIndexByte(b[:i], '\n') + 1
			return b[:(begin+i)/2], true
		}
	}
	return b, false
}

type port struct {
	cable *cable
	cut   bool
	rest  []byte
}

func (p *port) Read(to []byte) (int, error) {
	p.cable.mu.Lock()
	in, cut := p.cable.in, p.cut
	p.cable.mu.Unlock()
	if cut {
		return 0, errCut
	}
	if len(p.rest) == 0 {
		select {
		case b, on := <-in:
			if !on {
				return 0, errCut
			}
			p.rest = b
		case <-time.After(20 * time.Millisecond): // as a port does
			return 0, nil
		}
		p.cable.mu.Lock()
		p.rest, cut = p.cable.pass(p.rest)
		p.cable.mu.Unlock()
		if cut {
			p.fall()
		}
	}
	n := copy(to, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *port) Write(b []byte) (int, error) {
	p.cable.mu.Lock()
	cut, node := p.cut, p.cable.node
	if !cut {
		b, cut = p.cable.pass(b)
		defer func() {
			if cut {
				p.fall()
			}
		}()
	}
	p.cable.mu.Unlock()
	if p.cut {
		return 0, errCut
	}
	_, err := node.Write(b)
	if cut {
		err = errCut
	}
	return len(b), err
}

// fall ends the port.
func (p *port) fall() {
	p.cable.mu.Lock()
	p.cut = true
	then := p.cable.then
	p.cable.then = nil
	p.cable.mu.Unlock()
	if then != nil {
		then()
	}
}

func (p *port) Close() error { return nil }
