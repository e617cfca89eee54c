package firmware

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/node"
	"plantroom/firmware-bridge/node/smp"
	"plantroom/internal/mqttconn"
)

// Port is an open line; see gateway/source/serial.Port.
type Port interface{ io.ReadWriteCloser }

// link asks a node over a line that may be cut at any moment: it opens the line
// anew and asks again. What it asks so may be asked twice.
type link struct {
	o        Options
	port     Port // nil: closed
	opened   bool // once; a line that was never there is no cut
	pace     mqttconn.Backoff
	sequence uint8
	split    node.Splitter
	lines    smp.Assembler
}

// errNoAnswer is a question that took too long.
var errNoAnswer = errors.New("no answer")

// errUnsent is a question that the node has not got whole.
var errUnsent = errors.New("not sent")

// ask asks until there is an answer, a refusal (*smp.Refusal), or ctx ends. cut
// reports whether the line was opened anew on the way, or an answer was lost:
// what the node was asked before may then have been done or not.
func (l *link) ask(ctx context.Context, c smp.Command, body, into any) (cut bool, err error) {
	for tries := 0; ; tries++ {
		if ctx.Err() != nil {
			return true, l.lost(ctx.Err())
		}
		err := l.once(ctx, c, body, into)
		var refusal *smp.Refusal
		if err == nil || errors.As(err, &refusal) {
			l.pace.Reset()
			return tries > 0, err
		}
		if ctx.Err() != nil || tries >= l.o.Tries || !l.opened {
			return true, l.lost(err)
		}
		if !errors.Is(err, errNoAnswer) {
			l.close()
			if !l.pace.Pause(ctx) {
				return true, l.lost(err)
			}
		}
	}
}

// lost is the error of a node that cannot be reached; a reason of a code of its
// own (no such line) stays.
func (l *link) lost(err error) error {
	if code := plantroom.CodeOf(err); code == plantroom.CodeNotFound || code == plantroom.CodeForbidden || code == plantroom.CodeConflict {
		return err
	}
	return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "talk to the node", Message: "it does not answer", Err: err,
		Hint: "check port, baud rate and power; the same command goes on where this one was"}
}

// once asks once.
func (l *link) once(ctx context.Context, c smp.Command, body, into any) error {
	if l.port == nil {
		port, err := l.o.Open()
		if err != nil {
			return fmt.Errorf("%w: %w", errUnsent, err)
		}
		l.opened = true
		l.port, l.split, l.lines = port, node.Splitter{}, smp.Assembler{}
	}
	l.sequence++
	m, err := smp.Encode(c, l.sequence, body)
	if err != nil {
		return err
	}
	if _, err := l.port.Write(smp.AppendLines([]byte{0}, m)); err != nil { // the zero ends half a frame in the node
		return fmt.Errorf("%w: %w", errUnsent, err)
	}
	answer, err := l.await(ctx, c)
	if err != nil {
		return err
	}
	return smp.Decode(answer, into)
}

// await reads until the answer to the present question comes. What else comes
// is frames of readings, and answers to questions that were given up.
func (l *link) await(ctx context.Context, c smp.Command) (answer []byte, err error) {
	buf := make([]byte, 512)
	for end := time.Now().Add(l.o.Patience); time.Now().Before(end) && ctx.Err() == nil; {
		n, err := l.port.Read(buf)
		if err != nil {
			return nil, err
		}
		l.split.Feed(buf[:n], nil, func(line []byte) {
			if m, err := l.lines.Line(line); err == nil && m != nil && smp.Answers(m, c, l.sequence) {
				answer = append([]byte(nil), m...)
			}
		})
		if answer != nil {
			return answer, nil
		}
	}
	return nil, errNoAnswer
}

func (l *link) close() {
	if l.port != nil {
		_ = l.port.Close() // it is of no use any more
		l.port = nil
	}
}
