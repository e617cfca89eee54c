package modbus

import (
	"context"
	"fmt"
	"slices"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
)

// write is a coil to be written or read, and where the outcome goes.
type write struct {
	unit byte
	coil uint16
	on   bool
	read *bool      // not nil: the coil is read into it, and not written
	done chan error // buffered
}

// WriteCoil writes a coil before the next question, and returns when the
// device has confirmed it. It is CodeForbidden for a coil that is not on the
// list of outputs. When ctx ends first, the coil may have been written or not.
func (l *Link) WriteCoil(ctx context.Context, device plantroom.DeviceID, coil uint16, on bool) error {
	return l.output(ctx, device, coil, write{on: on})
}

// ReadCoil reads a coil that WriteCoil may write, before the next question.
func (l *Link) ReadCoil(ctx context.Context, device plantroom.DeviceID, coil uint16) (on bool, err error) {
	into := new(bool)
	if err = l.output(ctx, device, coil, write{read: into}); err != nil {
		return false, err // into may still be written
	}
	return *into, nil
}

// output has the link's goroutine write or read a coil.
func (l *Link) output(ctx context.Context, device plantroom.DeviceID, coil uint16, w write) error {
	if !slices.Contains(l.o.Outputs, Output{device, coil}) {
		return plantroom.Errorf(plantroom.CodeForbidden, "coil %d of device %s is not an output of the link %s", coil, device, l.o.Name)
	}
	i := slices.IndexFunc(l.poller.units, func(u *unit) bool { return u.ID == device })
	if i < 0 {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no device %s on the link %s", device, l.o.Name)
	}
	w.unit, w.coil, w.done = l.poller.units[i].Unit, coil, make(chan error, 1)
	select {
	case l.writes <- w:
	case <-ctx.Done():
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "write a coil", Message: "the link " + l.o.Name + " did not take it in time", Err: ctx.Err()}
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "write a coil", Message: "device " + string(device) + " did not confirm it in time", Err: ctx.Err()}
	}
}

// write writes or reads a coil. The error ends the link; whoever asked has it
// too.
func (l *Link) write(c conn, w write) error {
	var err error
	if w.read == nil {
		err = c.writeCoil(w.unit, w.coil, w.on)
	} else {
		var a registers.Answer
		if a, err = c.read(w.unit, &registers.Request{Table: registers.Coil, Address: w.coil, Count: 1}); err == nil && len(a.Bits) == 1 {
			*w.read = a.Bits[0]
		}
	}
	l.poller.publish(func(s *State) { s.count(err) })
	if usable(err) {
		if err != nil {
			err = &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "write a coil", Message: fmt.Sprintf("unit %d on the link %s", w.unit, l.o.Name), Err: err}
		}
		w.done <- err
		return nil
	}
	w.done <- err
	return err
}
