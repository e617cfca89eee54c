package reflex

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"plantroom"
)

// Control takes the orders of people on site through a socket in the file
// system: whoever may write it may give orders, which is the gateway's user and
// its group. Neither a browser nor the network reaches it.
type Control struct {
	r   *Runner
	log *slog.Logger
	l   *net.UnixListener
}

// answer is what an order gets.
type answer struct {
	OK      bool           `json:"ok"`
	Durable bool           `json:"durable,omitempty"`
	Code    plantroom.Code `json:"code,omitempty"`
	Message string         `json:"message,omitempty"`
	Output  *OutputStatus  `json:"output,omitempty"`
}

// Bounds of what comes through the socket.
const (
	maxOrder   = 4 << 10 // bytes
	maxCallers = 8       // at once
	orderTime  = 5 * time.Second
)

// Listen opens the socket. What an earlier gateway has left there is removed;
// the spool's lock sees to it that there is none beside this one.
func Listen(path string, r *Runner, log *slog.Logger) (*Control, error) {
	failed := func(err error) error {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "open the socket for orders", Message: path, Err: err,
			Hint: "its path may have at most 107 bytes, and the gateway's user has to be able to write its directory"}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, failed(err)
	}
	l, err := listenPrivately(path)
	if err != nil {
		return nil, failed(err)
	}
	if err := os.Chmod(path, 0o660); err != nil {
		l.Close()
		return nil, failed(err)
	}
	return &Control{r: r, log: log, l: l}, nil
}

// Run takes orders until ctx ends.
func (c *Control) Run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { c.l.Close() })
	defer stop()
	defer c.l.Close()
	places := make(chan struct{}, maxCallers)
	var all sync.WaitGroup
	defer all.Wait()
	for ctx.Err() == nil {
		conn, err := c.l.AcceptUnix()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			c.log.Warn("an order was not heard", "error", err)
			time.Sleep(100 * time.Millisecond) // no file descriptors, say
			continue
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			defer conn.Close()
			c.serve(ctx, conn)
		})
	}
}

// serve answers one order, on a line each.
func (c *Control) serve(ctx context.Context, conn *net.UnixConn) {
	_ = conn.SetDeadline(time.Now().Add(orderTime)) // a socket can
	uid, err := peer(conn)
	var a answer
	if err == nil {
		a, err = c.order(ctx, conn, uid)
	}
	if err != nil {
		a = answer{Code: plantroom.CodeOf(err), Message: plantroom.MessageOf(err)}
	}
	b, err := json.Marshal(a)
	if err == nil {
		_, err = conn.Write(append(b, '\n'))
	}
	if err != nil {
		c.log.Debug("an order was not answered", "error", err)
	}
}

func (c *Control) order(ctx context.Context, conn io.Reader, uid uint32) (answer, error) {
	line, err := bufio.NewReader(io.LimitReader(conn, maxOrder)).ReadBytes('\n')
	if err != nil {
		return answer{}, plantroom.Errorf(plantroom.CodeInvalid, "an order is a line of at most %d bytes", maxOrder)
	}
	var x Order
	if err := json.Unmarshal(line, &x); err != nil {
		return answer{}, plantroom.Errorf(plantroom.CodeInvalid, "an order is JSON with output, to and for")
	}
	x.UID = uid
	durable, err := c.r.Order(ctx, x)
	if err != nil {
		return answer{}, err
	}
	a := answer{OK: true, Durable: durable}
	for _, o := range c.r.Status().Outputs {
		if o.Output == x.Output {
			a.Output = &o
		}
	}
	return a, nil
}

// Send gives an order to the gateway whose socket this is, and returns how the
// output stands then.
func Send(ctx context.Context, path string, x Order) (status OutputStatus, durable bool, err error) {
	failed := func(err error) error {
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "give an order to the gateway", Message: path, Err: err,
			Hint: "does the gateway run, and are you its user or in its group?"}
	}
	conn, err := (&net.Dialer{Timeout: orderTime}).DialContext(ctx, "unix", path)
	if err != nil {
		return status, false, failed(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(orderTime)); err != nil {
		return status, false, failed(err)
	}
	b, err := json.Marshal(x)
	if err != nil {
		return status, false, err
	}
	if _, err := conn.Write(append(b, '\n')); err != nil {
		return status, false, failed(err)
	}
	var a answer
	if err := json.NewDecoder(io.LimitReader(conn, 1<<20)).Decode(&a); err != nil {
		return status, false, failed(err)
	}
	if !a.OK {
		return status, false, &plantroom.Error{Code: a.Code, Message: a.Message}
	}
	if a.Output != nil {
		status = *a.Output
	}
	return status, a.Durable, nil
}
