package mqttconn

import (
	"bufio"
	"errors"
	"net"
	"runtime"
	"sync"
	"time"
)

const (
	readBuffer   = 16 << 10
	writeBacklog = 256 << 10 // a Write beyond it waits for the network
	writeTimeout = 10 * time.Second
	closeTimeout = time.Second // to send what is left
)

// pipe is a net.Conn that gathers small reads and writes. paho reads a packet
// in three calls and writes each four-byte acknowledgement in one: unbuffered,
// that is four system calls a message, more than all our own work.
//
// Writes return once they are buffered; a goroutine sends whatever has
// gathered while its previous write was under way. A failed write closes the
// connection, so that the reader notices.
type pipe struct {
	net.Conn
	in *bufio.Reader

	gather  gatherer
	handled func() uint64 // messages since the connection began

	mu     sync.Mutex
	more   sync.Cond // out has grown or shrunk, or closed is set
	out    []byte
	err    error // of the first write that failed
	closed bool
	done   chan struct{} // the writing goroutine has ended
}

func newPipe(c net.Conn) *pipe {
	p := &pipe{Conn: c, handled: func() uint64 { return 0 }, in: bufio.NewReaderSize(c, readBuffer), done: make(chan struct{})}
	p.more.L = &p.mu
	go p.send()
	return p
}

// Read reads through the buffer, which it may leave empty for a moment. Where a
// write has failed it says so: for paho a connection that is merely closed was
// closed by itself, and not lost.
func (p *pipe) Read(b []byte) (int, error) {
	if p.gather.every > 0 && p.in.Buffered() == 0 {
		if wait := p.gather.pause(time.Now(), p.handled()); wait > 0 {
			wakeAt(p.Conn, readBuffer)
			time.Sleep(wait)
			wakeAt(p.Conn, 1)
		}
	}
	n, err := p.in.Read(b)
	if err == nil {
		return n, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		err = p.err
	}
	return n, err
}

// Write buffers b. It waits only while the network is behind by writeBacklog.
func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.out) > writeBacklog && p.err == nil && !p.closed {
		p.more.Wait()
	}
	if p.err != nil {
		return 0, p.err
	}
	if p.closed {
		return 0, net.ErrClosed
	}
	p.out = append(p.out, b...)
	p.more.Broadcast()
	return len(b), nil
}

// send is the writing goroutine. It ends when the pipe is closed and all that
// was written is on its way, or when a write fails.
func (p *pipe) send() {
	defer close(p.done)
	var spare []byte
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for len(p.out) == 0 && !p.closed {
			p.more.Wait()
		}
		if len(p.out) == 0 {
			return
		}
		p.linger()
		batch, limit := p.out, writeTimeout
		if p.closed {
			limit = closeTimeout
		}
		p.out = spare[:0]
		p.more.Broadcast()
		p.mu.Unlock()
		_ = p.Conn.SetWriteDeadline(time.Now().Add(limit)) // a dead connection shows in Write
		_, err := p.Conn.Write(batch)
		p.mu.Lock()
		spare = batch
		if cap(spare) > writeBacklog { // one great batch must not be kept for ever
			spare = nil
		}
		if err != nil {
			p.err = err
			p.more.Broadcast()
			_ = p.Conn.Close() // wakes the reader
			return
		}
	}
}

// linger lets those go on who have more to write now: after a group of the
// spool that is an acknowledgement for each of its messages. The caller holds
// mu.
func (p *pipe) linger() {
	for had := 0; had < len(p.out); {
		had = len(p.out)
		p.mu.Unlock()
		runtime.Gosched()
		p.mu.Lock()
	}
}

// Close sends what is buffered and closes the connection. paho closes it from
// two goroutines at once, and neither may cut off what the other still sends:
// without the DISCONNECT the broker publishes the will.
func (p *pipe) Close() error {
	p.mu.Lock()
	p.closed = true
	p.more.Broadcast()
	p.mu.Unlock()
	_ = p.Conn.SetWriteDeadline(time.Now().Add(closeTimeout)) // a dead connection shows in send
	<-p.done
	if err := p.Conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// SetDeadline limits reading only: writes have a limit of their own.
func (p *pipe) SetDeadline(t time.Time) error { return p.SetReadDeadline(t) }

// SetWriteDeadline does nothing, because a buffered write cannot be late.
func (p *pipe) SetWriteDeadline(time.Time) error { return nil }
