package handin_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/problem"
)

// pipes is a listener without a network, so that time can be virtual.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.done); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// trickle sends a form in pieces, each pause after the one before, and returns
// the answer's first line; "" where the line was cut.
func trickle(t *testing.T, k *handin.Taker, pieces int, pause time.Duration) (answer string) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		s := guard.NewServer("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f, err := k.Take(w, r, 4, handin.MaxBytes)
			if err != nil {
				d := problem.Of(err)
				http.Error(w, d.Detail, d.Status)
				return
			}
			f.Release()
			fmt.Fprintln(w, "taken")
		}), slog.New(slog.DiscardHandler))
		go func() { _ = s.Serve(l) }()
		ours, theirs := net.Pipe()
		l.conns <- theirs
		body, kind := form(t, strings.Repeat("x", 1000), letter)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			fmt.Fprintf(ours, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", kind, len(body))
			for n := len(body) / pieces; len(body) > 0; {
				n = min(n, len(body))
				if _, err := ours.Write(body[:n]); err != nil {
					return
				}
				if body = body[n:]; len(body) > 0 {
					time.Sleep(pause) // virtual
				}
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(ours), nil)
		if err == nil {
			b, _ := io.ReadAll(resp.Body)
			answer = resp.Status + " " + strings.TrimSpace(string(b))
		}
		_ = ours.Close()
		_ = s.Close()
		<-sent
	})
	return answer
}

func TestASlowTelephoneIsWaitedForAsLongAsSomethingComes(t *testing.T) {
	k := newTaker(t)
	if got := trickle(t, k, 8, 15*time.Second); got != "200 OK taken" { // two minutes in all; other requests have 15 s
		t.Errorf("a slow line: %q", got)
	}
	if got := trickle(t, k, 2, 25*time.Second); !strings.HasPrefix(got, "400") || !strings.Contains(got, "did not come to their end") {
		t.Errorf("a line on which nothing comes: %q", got)
	}
	if got := trickle(t, k, 30, 15*time.Second); strings.HasPrefix(got, "200") {
		t.Errorf("one that never ends: %q", got)
	}
	if left := kept(t, k); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}
