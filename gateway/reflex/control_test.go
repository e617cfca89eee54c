package reflex

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// socket opens one before a runner without lines.
func socket(t *testing.T) (string, *Runner) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reflex.sock")
	r, err := NewRunner(house(), nil, Options{Store: &shelf{}, Sink: func(_ []plantroom.Reading, done func(error)) { done(nil) }})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Listen(path, r, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { r.Run(ctx); ended <- struct{}{} }()
	go func() { c.Run(ctx); ended <- struct{}{} }()
	t.Cleanup(func() { cancel(); <-ended; <-ended })
	return path, r
}

func TestAnOrderComesThroughTheSocketWithTheUserWhoGaveIt(t *testing.T) {
	path, r := socket(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Fatalf("the socket is %v, %v", info.Mode(), err)
	}
	st, durable, err := Send(t.Context(), path, Order{Output: "riser", To: Closed, For: plantroom.Duration(time.Hour), UID: 4711})
	if err != nil || !durable || st.Want != Closed || st.Override == nil || st.Override.UID != uint32(os.Getuid()) {
		t.Fatalf("got %+v, durable %v, %v", st, durable, err)
	}
	for _, c := range []struct {
		x    Order
		want plantroom.Code
	}{
		{Order{Output: "sprinklers", To: Closed}, plantroom.CodeForbidden},
		{Order{Output: "gone", To: Closed}, plantroom.CodeNotFound},
		{Order{Output: "riser", To: "ajar"}, plantroom.CodeInvalid},
	} {
		if _, _, err := Send(t.Context(), path, c.x); plantroom.CodeOf(err) != c.want || err.Error() == "" {
			t.Errorf("%+v: got %v, want %s", c.x, err, c.want)
		}
	}
	if _, _, err := Send(t.Context(), path, Order{Output: "riser", To: Auto}); err != nil || r.Status().Outputs[0].Override != nil {
		t.Errorf("given back: %v, %+v", err, r.Status().Outputs[0])
	}
}

func TestWhatIsNoOrderIsRefused(t *testing.T) {
	path, r := socket(t)
	for name, text := range map[string]string{
		"nothing":     "\n",
		"no JSON":     "close riser\n",
		"a browser":   "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}\n",
		"a list":      "[1]\n",
		"very long":   `{"output":"` + strings.Repeat("x", maxOrder) + "\"}\n",
		"cut short":   `{"output":"riser","to":"closed"}`,
		"a huge time": `{"output":"riser","to":"closed","for":"9999999h"}` + "\n",
	} {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.UnixConn).CloseWrite() // the gateway may have hung up already
		b, _ := io.ReadAll(conn)              // as above
		conn.Close()
		if len(b) > 0 && !strings.Contains(string(b), `"ok":false`) {
			t.Errorf("%s: got %s", name, b)
		}
	}
	if o := r.Status().Outputs[0]; o.Override != nil || o.Want != "" {
		t.Errorf("something was ordered: %+v", o)
	}
}

func TestASocketThatCannotBeOpenedSaysWhatToDo(t *testing.T) {
	_, err := Listen(filepath.Join(t.TempDir(), strings.Repeat("x", 200)), nil, nil)
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable || !strings.Contains(err.Error(), "107") {
		t.Errorf("got %v", err)
	}
	if _, _, err := Send(t.Context(), filepath.Join(t.TempDir(), "none"), Order{}); !strings.Contains(err.Error(), "does the gateway run") {
		t.Errorf("got %v", err)
	}
}
