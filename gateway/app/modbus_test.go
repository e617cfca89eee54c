package app_test

import (
	"io"
	stdlog "log"
	"net"
	"strings"
	"testing"

	"github.com/simonvetter/modbus"

	"plantroom/internal/mqttconn/brokertest"
)

// board is a Modbus TCP server: unit 1 is a board whose inputs 1 and 3 are
// closed, and there is nobody else.
type board struct{}

func (board) HandleDiscreteInputs(r *modbus.DiscreteInputsRequest) ([]bool, error) {
	if r.UnitId != 1 {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	return []bool{true, false, true, false, false, false, false, false}[r.Addr : r.Addr+r.Quantity], nil
}

func (board) HandleCoils(*modbus.CoilsRequest) ([]bool, error) { return nil, modbus.ErrIllegalFunction }
func (board) HandleHoldingRegisters(*modbus.HoldingRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}
func (board) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrGWTargetFailedToRespond
}

// plugged starts the server and returns host:port.
func plugged(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	place := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + place, Logger: stdlog.New(io.Discard, "", 0)}, board{})
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() }) // the test is over
	return place
}

const oneLink = `gateway: gw-b1
estate: story
spool: {dir: spool}
uplink: {broker: BROKER}
modbus:
  - name: lifts
    link: tcp://PLACE
    timeout: 5s
    devices:
      - {device: b1-l1-board, unit: 1, registers: contacts-8, map: {input_1: {to: fault, values: {"true": controller_fault, "false": none}}}}
health: {listen: "127.0.0.1:0"}
`

func TestModbusDevicesReachTheServices(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b)
	text := strings.Replace(oneLink, "PLACE", plugged(t), 1)
	g := start(t, text, b)
	g.ok()
	wait(t, "the contact arrived", func() bool { return s.has("b1-l1-board fault=controller_fault") })
	wait(t, "the device is said to be on line", func() bool { return s.has("b1-l1-board online=true") })

	// Another input is wired: a reload puts it to work.
	text = strings.Replace(text, "map: {", `map: {input_3: {to: door, values: {"true": open, "false": closed}}, `, 1)
	g.write(text, b)
	g.reload <- struct{}{}
	wait(t, "the new input arrived", func() bool { return s.has("b1-l1-board door=open") })
	wait(t, "the log says what was exchanged", func() bool { return strings.Contains(g.log.String(), "parts_stopped=1 parts_started=1") })

	// A device that is not there is named.
	text = strings.Replace(text, "    devices:\n", "    devices:\n      - {device: b1-leak, unit: 9, registers: aqualeak-10k}\n", 1)
	g.write(text, b)
	g.reload <- struct{}{}
	wait(t, "the silent device is named", func() bool {
		h := g.state()
		return h.Status == "degraded" && len(h.Problems) == 1 &&
			strings.HasPrefix(h.Problems[0], "modbus/lifts: unit 9, device b1-leak, does not answer: exception 11")
	})
	wait(t, "and said to be off line", func() bool { return s.has("b1-leak online=false") })
	metrics := g.get("/metrics")
	for _, want := range []string{
		`plantroom_gateway_source_connected{source="modbus/lifts"} 1`,
		`plantroom_gateway_modbus_device_silent{source="modbus/lifts",device="b1-leak"} 1`,
		`plantroom_gateway_modbus_device_silent{source="modbus/lifts",device="b1-l1-board"} 0`,
		`plantroom_gateway_modbus_requests_total{source="modbus/lifts"} `,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
	if err := g.stop(); err != nil {
		t.Error(err)
	}
}
