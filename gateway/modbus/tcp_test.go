package modbus

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"testing"
	"time"

	lib "github.com/simonvetter/modbus"

	registers "plantroom/firmware-bridge/modbus"
)

// slaves are behind a real Modbus TCP server: unit 1 has registers that hold
// their own addresses up to 999, unit 2 is silent behind its converter, unit 3
// takes its time.
type slaves struct{ coils map[uint16]bool }

func (s *slaves) fault(unit uint8, last int) error {
	switch {
	case unit == 2:
		return lib.ErrGWTargetFailedToRespond
	case last > 999:
		return lib.ErrIllegalDataAddress
	case unit == 3:
		time.Sleep(3 * short)
	}
	return nil
}

func (s *slaves) HandleCoils(r *lib.CoilsRequest) (out []bool, err error) {
	if r.IsWrite {
		s.coils[r.Addr] = r.Args[0]
		return nil, nil
	}
	for i := range r.Quantity {
		out = append(out, s.coils[r.Addr+i])
	}
	return out, s.fault(r.UnitId, int(r.Addr)+int(r.Quantity)-1)
}

func (s *slaves) HandleDiscreteInputs(r *lib.DiscreteInputsRequest) (out []bool, err error) {
	for i := range r.Quantity {
		out = append(out, (r.Addr+i)%2 == 1)
	}
	return out, s.fault(r.UnitId, int(r.Addr)+int(r.Quantity)-1)
}

func (s *slaves) HandleHoldingRegisters(r *lib.HoldingRegistersRequest) ([]uint16, error) {
	return s.HandleInputRegisters(&lib.InputRegistersRequest{UnitId: r.UnitId, Addr: r.Addr, Quantity: r.Quantity})
}

func (s *slaves) HandleInputRegisters(r *lib.InputRegistersRequest) (out []uint16, err error) {
	for i := range r.Quantity {
		out = append(out, r.Addr+i)
	}
	return out, s.fault(r.UnitId, int(r.Addr)+int(r.Quantity)-1)
}

// newServer starts a server on a free port.
func newServer(t *testing.T) (Address, *lib.ModbusServer) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	place := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := lib.NewServer(&lib.ServerConfiguration{URL: "tcp://" + place, Logger: log.New(io.Discard, "", 0)}, &slaves{coils: map[uint16]bool{5: true}})
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() }) // the test may have stopped it
	return Address("tcp://" + place), s
}

func connected(t *testing.T, a Address, timeout time.Duration) conn {
	t.Helper()
	c, err := dial(context.Background(), Options{Address: a, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func TestAConnectionReadsAllFourTables(t *testing.T) {
	a, _ := newServer(t)
	c := connected(t, a, long)
	for _, table := range []registers.Table{registers.Holding, registers.Input} {
		got, err := c.read(1, request(table, 500, 3))
		if err != nil || !slices.Equal(got.Words, []uint16{500, 501, 502}) {
			t.Errorf("%s: got %v, %v", table, got, err)
		}
	}
	if got, err := c.read(1, request(registers.Discrete, 2, 3)); err != nil || !slices.Equal(got.Bits, []bool{false, true, false}) {
		t.Errorf("discrete inputs: got %v, %v", got, err)
	}
	if err := c.writeCoil(1, 6, true); err != nil {
		t.Error(err)
	}
	if got, err := c.read(1, &registers.Request{Table: registers.Coil, Address: 6, Count: 1}); err != nil || !slices.Equal(got.Bits, []bool{true}) {
		t.Errorf("a coil that was written: got %v, %v", got, err)
	}
	if got, err := c.read(1, request(registers.Coil, 4, 4)); err != nil || !slices.Equal(got.Bits, []bool{false, true, true, false}) {
		t.Errorf("coils: got %v, %v", got, err)
	}
}

func TestFaultsOfAConnectionAreToldApart(t *testing.T) {
	a, server := newServer(t)
	patient, c := connected(t, a, long), connected(t, a, short)
	for _, k := range []struct {
		name    string
		conn    conn
		unit    byte
		address uint16
		want    error
	}{
		{"an address that the device does not have", patient, 1, 1000, illegalAddress},
		{"a device that is silent behind the converter", patient, 2, 0, noAnswer},
		{"a device that takes too long", c, 3, 0, ErrSilent},
	} {
		if got, err := k.conn.read(k.unit, request(registers.Input, k.address, 2)); !errors.Is(err, k.want) || !usable(err) {
			t.Errorf("%s: got %v, %v; want %v", k.name, got, err, k.want)
		}
	}
	// The late answer of unit 3 comes while the next question waits for its
	// own, and is passed over.
	for deadline := time.Now().Add(long); ; {
		got, err := c.read(1, request(registers.Input, 7, 2))
		if errors.Is(err, ErrSilent) && time.Now().Before(deadline) {
			continue // the server is still busy with unit 3
		}
		if err != nil || !slices.Equal(got.Words, []uint16{7, 8}) {
			t.Errorf("after a late answer: got %v, %v", got, err)
		}
		break
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.read(1, request(registers.Input, 7, 2)); err == nil || usable(err) {
		t.Errorf("a server that is gone: got %v, want an error that ends the link", err)
	}
}

func TestDiallingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, _ := newServer(t)
	if c, err := dial(ctx, Options{Address: a, Timeout: long}); err == nil {
		c.close() // it was quicker
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestALinkComesBackWhenItsServerDoes(t *testing.T) {
	a, server := newServer(t)
	h := &heardSamples{}
	m := mapOf(registers.Holding, 40, 2, time.Hour)
	link := New(Options{Name: "meters", Address: a, Timeout: long, Sink: h.sink, Backoff: quick,
		Devices: []Device{{ID: "dev", Unit: 1, Map: m, Period: 10 * time.Millisecond}}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); link.Run(ctx) }()
	h.wait(t, "dev b=41")
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "dev online=false")
	h.wait(t, "dev bus_stuck=true")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	h.wait(t, "dev bus_stuck=false")
	cancel()
	<-ended
	if s := link.State(); s.Connects != 2 || s.Devices[0].Silent {
		t.Errorf("state %+v", s)
	}
}
