package modbus

import (
	"context"
	"fmt"
	"slices"

	"plantroom"
)

// write is a coil to be written, and where the outcome goes.
type write struct {
	unit byte
	coil uint16
	on   bool
	done chan error // buffered
}

// WriteCoil writes a coil before the next question, and returns when the
// device has confirmed it. It is CodeForbidden for a coil that is not on the
// list of outputs. When ctx ends first, the coil may have been written or not.
func (l *Link) WriteCoil(ctx context.Context, device plantroom.DeviceID, coil uint16, on bool) error {
	if !slices.Contains(l.o.Outputs, Output{device, coil}) {
		return plantroom.Errorf(plantroom.CodeForbidden, "coil %d of device %s is not an output of the link %s", coil, device, l.o.Name)
	}
	i := slices.IndexFunc(l.poller.units, func(u *unit) bool { return u.ID == device })
	if i < 0 {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no device %s on the link %s", device, l.o.Name)
	}
	w := write{l.poller.units[i].Unit, coil, on, make(chan error, 1)}
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

// write writes a coil. The error ends the link; whoever asked has it too.
func (l *Link) write(c conn, w write) error {
	err := c.writeCoil(w.unit, w.coil, w.on)
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
