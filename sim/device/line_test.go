package device_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	registers "plantroom/firmware-bridge/modbus"
	"plantroom/gateway/modbus"
	"plantroom/sim/device"
)

var eight = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func request(table registers.Table, address, count uint16) *registers.Request {
	return &registers.Request{Table: table, Address: address, Count: count}
}

// A question and its answer as a flow meter's manual prints them.
func TestTheBytesOnTheLineAreThoseOfTheProtocol(t *testing.T) {
	s := device.NewSlave()
	s.Set(registers.Holding, 4, 0x0651, 0x3f9e)
	clock := device.NewClock(eight)
	l := device.NewLine(clock, 9600, map[byte]*device.Slave{1: s})
	if _, err := l.Write([]byte{0x01, 0x03, 0x00, 0x04, 0x00, 0x02, 0x85, 0xca}); err != nil {
		t.Fatal(err)
	}
	_ = l.SetReadTimeout(time.Second)
	var got [32]byte
	n, err := l.Read(got[:])
	if want := []byte{0x01, 0x03, 0x04, 0x06, 0x51, 0x3f, 0x9e, 0x3b, 0x32}; err != nil || !bytes.Equal(got[:n], want) {
		t.Errorf("got % x, %v", got[:n], err)
	}
	// 17 characters of 11 bits at 9,600, and 20 ms in which the device thinks.
	if took := clock.Now().Sub(eight).Round(time.Millisecond); took != 39*time.Millisecond {
		t.Errorf("it took %s", took)
	}
}

// The gateway's own end of the line hears what a device keeps, and how it fares.
func TestTheGatewayHearsADeviceAsItFares(t *testing.T) {
	s, clock := device.NewSlave(), device.NewClock(eight)
	s.Set(registers.Input, 8000, 0x0000, 0x4148)
	s.Set(registers.Discrete, 1, 1)
	l := device.NewLine(clock, 9600, map[byte]*device.Slave{2: s})
	ask := modbus.OnLine(l, modbus.Options{Address: "rtu:///dev/none", Clock: clock})
	for _, c := range []struct {
		health device.Health
		unit   byte
		want   error
	}{{device.Well, 2, nil}, {device.Silent, 2, modbus.ErrSilent}, {device.Garbled, 2, modbus.ErrGarbled}, {device.Well, 3, modbus.ErrSilent}, {device.Well, 2, nil}} {
		s.Health = c.health
		begun := clock.Now()
		a, err := ask(c.unit, request(registers.Input, 8000, 2))
		if !errors.Is(err, c.want) || err == nil && !slices.Equal(a.Words, []uint16{0, 0x4148}) {
			t.Errorf("%q unit %d: got %v, %v", c.health, c.unit, a, err)
		}
		if took := clock.Now().Sub(begun); took == 0 || took > 600*time.Millisecond {
			t.Errorf("%q: it took %s", c.health, took)
		}
	}
	if a, err := ask(2, request(registers.Discrete, 0, 9)); err != nil || !slices.Equal(a.Bits, []bool{false, true, false, false, false, false, false, false, false}) {
		t.Errorf("bits: got %v, %v", a, err)
	}
	if a := s.Read(request(registers.Discrete, 1, 2)); !slices.Equal(a.Bits, []bool{true, false}) {
		t.Errorf("over TCP: got %v", a)
	}
	if a := s.Read(request(registers.Input, 8001, 1)); !slices.Equal(a.Words, []uint16{0x4148}) {
		t.Errorf("over TCP: got %v", a)
	}
}
