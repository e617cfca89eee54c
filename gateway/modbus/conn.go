package modbus

import (
	"context"
	"errors"
	"io"
	"log"
	"strings"
	"time"

	lib "github.com/simonvetter/modbus"

	registers "plantroom/firmware-bridge/modbus"
)

// conn is an open link. It is used by one goroutine at a time.
type conn interface {
	// read asks a device. The error is an Exception, ErrSilent, ErrGarbled,
	// or one that ends the link.
	read(unit byte, r *registers.Request) (registers.Answer, error)
	writeCoil(unit byte, coil uint16, on bool) error
	close()
}

// dial opens the link that the options describe. It gives up waiting when ctx
// ends; what is opened later is closed.
func dial(ctx context.Context, o Options) (conn, error) {
	type result struct {
		c   conn
		err error
	}
	done := make(chan result, 1)
	go func() {
		c, err := open(o)
		done <- result{c, err}
	}()
	select {
	case r := <-done:
		return r.c, r.err
	case <-ctx.Done():
		go func() {
			if r := <-done; r.c != nil {
				r.c.close()
			}
		}()
		return nil, ctx.Err()
	}
}

func open(o Options) (conn, error) {
	if o.Address.Serial() {
		return openRTU(o)
	}
	return openTCP(o)
}

// tcp is a Modbus TCP connection.
type tcp struct{ client *lib.ModbusClient }

func openTCP(o Options) (conn, error) {
	c, err := lib.NewClient(&lib.ClientConfiguration{
		URL: "tcp://" + o.Address.Place(), Timeout: o.Timeout,
		Logger: log.New(io.Discard, "", 0), // it would write to standard output; what matters comes as an error
	})
	if err != nil {
		return nil, err
	}
	if err := c.Open(); err != nil {
		return nil, err
	}
	return &tcp{c}, nil
}

func (t *tcp) close() { _ = t.client.Close() } // nothing was written that could be lost

func (t *tcp) read(unit byte, r *registers.Request) (a registers.Answer, err error) {
	_ = t.client.SetUnitId(unit) // has no way to fail
	switch r.Table {
	case registers.Coil:
		a.Bits, err = t.client.ReadCoils(r.Address, r.Count)
	case registers.Discrete:
		a.Bits, err = t.client.ReadDiscreteInputs(r.Address, r.Count)
	case registers.Holding:
		a.Words, err = t.client.ReadRegisters(r.Address, r.Count, lib.HOLDING_REGISTER)
	default:
		a.Words, err = t.client.ReadRegisters(r.Address, r.Count, lib.INPUT_REGISTER)
	}
	return a, translate(err)
}

func (t *tcp) writeCoil(unit byte, coil uint16, on bool) error {
	_ = t.client.SetUnitId(unit) // has no way to fail
	return translate(t.client.WriteCoil(coil, on))
}

// translate makes our errors of the library's. Everything that may leave the
// stream out of step, such as a frame of the wrong form, ends the connection;
// a timeout does not, since answers over TCP carry the question's number.
func translate(err error) error {
	for from, to := range map[error]Exception{
		lib.ErrIllegalFunction: illegalFunction, lib.ErrIllegalDataAddress: illegalAddress, lib.ErrIllegalDataValue: illegalValue,
		lib.ErrServerDeviceFailure: deviceFailure, lib.ErrAcknowledge: acknowledged, lib.ErrServerDeviceBusy: deviceBusy,
		lib.ErrMemoryParityError: parityError, lib.ErrGWPathUnavailable: noPath, lib.ErrGWTargetFailedToRespond: noAnswer,
	} {
		if errors.Is(err, from) {
			return to
		}
	}
	switch {
	case errors.Is(err, lib.ErrRequestTimedOut):
		return ErrSilent
	case err != nil && strings.HasPrefix(err.Error(), "unknown exception code"):
		return Exception(0)
	}
	return err
}

// defaultTimeout is how long to wait for an answer where the file does not
// say: devices on a line answer within 0.1 s as a rule, converters add some.
func defaultTimeout(a Address) time.Duration {
	if a.Serial() {
		return 500 * time.Millisecond
	}
	return time.Second
}
