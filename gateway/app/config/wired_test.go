package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom/gateway/app/config"
)

const wired = `gateway: gw-b1
estate: story
spool: {dir: ./spool}
uplink: {broker: "tcp://127.0.0.1:1883"}
serial:
  - {port: /dev/ttyUSB0, devices: [{node: 7, device: b1-riser-rope}]}
modbus: [{name: meters, link: "rtu:///dev/ttyUSB1", devices: [{device: b1-meter, unit: 1, registers: aqualeak-10k}]}]
pins:
  - {device: b1-water, pin: GPIO22, pull: up, active: low, debounce: 20ms, count: {signal: volume_l, per_pulse: 10, start: 4000, max_per_s: 20}}
buses:
  - name: I2C1
    devices:
      - {device: b1-pump-rope, channel: 0, rope: {}}
      - {device: b1-bin-1-mass, channel: 0, load: {tare: 84210, kg_per_count: 0.000473, max_kg: 600}}
onewire:
  - {name: w1_bus_master1, devices: [{device: b1-pump-temp, serial: 28-00000a1b2c3d, offset_c: -0.5, heartbeat: 5m}]}
iio:
  - {device: b1-bin-2-mass, name: hx711, load: {}}
ultrasonic:
  - {device: b1-bin-2-level, port: /dev/ttyUSB2, kind: a02yyuw, min_m: 0.05, samples: 9}
`

func TestWiredSensorsAreRead(t *testing.T) {
	c, err := config.Parse(filepath.Join(dir(t), "gateway.yaml"), []byte(wired))
	if err != nil {
		t.Fatal(err)
	}
	o := c.Ranging[0].Options()
	for what, is := range map[string]bool{
		"count": c.Pins[0].Count.Signal == "volume_l" && c.Pins[0].Count.PerPulse == 10 && c.Pins[0].Count.Start == 4000 && c.Pins[0].Count.MaxPerS == 20,
		"load":  c.Buses[0].Devices[1].Load.KgPerCount == 0.000473 && c.Buses[0].Devices[1].At() == 0x2a && c.Buses[0].Devices[0].At() == 0x48,
		"probe": c.OneWire[0].Devices[0].Serial == "28-00000a1b2c3d" && time.Duration(c.OneWire[0].Devices[0].Heartbeat) == 5*time.Minute && c.OneWire[0].Devices[0].OffsetC == -0.5,
		"iio":   c.IIO[0].Name == "hx711" && c.IIO[0].Load.KgPerCount == 0,
		"range": o.Port == "/dev/ttyUSB2" && o.Kind == "a02yyuw" && o.MinM == 0.05 && o.Samples == 9,
	} {
		if !is {
			t.Errorf("%s is not what the file says: %+v", what, c)
		}
	}
}

func TestFaultsOfWiredSensorsAreNamedWithTheirPlace(t *testing.T) {
	for _, c := range []struct {
		name     string
		old, new string
		want     []string
	}{
		{"a rate that the debounce does not let pass", "debounce: 20ms", "debounce: 50ms", []string{"9:76: pins.0.count", "no more than 10 pulses", "shorter debounce"}},
		{"a rate that is not promised", "debounce: 20ms, count: {signal: volume_l, per_pulse: 10, start: 4000, max_per_s: 20", "debounce: 1ms, count: {max_per_s: 500", []string{"pins.0.count", "promised", "divide"}},
		{"a total that shrinks", "per_pulse: 10", "per_pulse: -10", []string{"pins.0.count.per_pulse"}},
		{"a line of two", "pins:\n", "pins:\n  - {device: b1-l1-fault, pin: GPIO22}\n", []string{"pins.1.pin", `the line "GPIO22" is used twice`}},
		{"an input of two", "channel: 0, rope: {}}\n", "channel: 0, rope: {}}\n      - {device: b1-riser-leak, channel: 0, rope: {}}\n", []string{"buses.0.devices.1", "0x48, channel 0", "used twice"}},
		{"a rope and a load", "rope: {}", "rope: {}, load: {}", []string{"buses.0.devices.0", "not said what hangs"}},
		{"a rope at another chip's address", "channel: 0, rope", "channel: 0, address: 0x2a, rope", []string{"buses.0.devices.0.address", "ADS1115", "0x48 to 0x4b"}},
		{"a load at another chip's address", "channel: 0, load", "channel: 0, address: 0x48, load", []string{"buses.0.devices.1.address", "always 0x2a"}},
		{"a third channel", "channel: 0, load", "channel: 2, load", []string{"buses.0.devices.1.channel", "use 0 or 1"}},
		{"a load beyond the converter", "kg_per_count: 0.000473", "kg_per_count: 0.00001", []string{"buses.0.devices.1.load", "converter ends at"}},
		{"a tare without a scale", "load: {}", "load: {tare: 5}", []string{"iio.0.load", "kg_per_count"}},
		{"a load cell twice", "load: {}}\n", "load: {}}\n  - {device: b1-bin-3-mass, name: hx711, load: {}}\n", []string{"iio.1", "hx711, channel 0", "used twice"}},
		{"a serial that is none", "28-00000a1b2c3d", "28-xyz", []string{"onewire.0.devices.0.serial"}},
		{"a device that is no thermometer", "28-00000a1b2c3d", "01-00000a1b2c3d", []string{"onewire.0.devices.0.serial", "DS18B20"}},
		{"a thermometer twice", "iio:\n", "  - {name: w1_bus_master2, devices: [{device: b1-roof-temp, serial: 28-00000a1b2c3d}]}\niio:\n", []string{"onewire.1.devices.0.serial", "used twice"}},
		{"a 1-Wire bus twice", "iio:\n", "  - {name: w1_bus_master1, devices: [{device: b1-roof-temp, serial: 28-00000a1b2c3e}]}\niio:\n", []string{"onewire.1.name", "used twice"}},
		{"a kind of sensor that there is not", "kind: a02yyuw", "kind: hc-sr04", []string{"ultrasonic.0.kind"}},
		{"an empty range", "min_m: 0.05", "min_m: 7", []string{"ultrasonic.0", "is empty"}},
		{"a line of nodes and a sensor", "/dev/ttyUSB2", "/dev/ttyUSB0", []string{"ultrasonic.0.port", "used twice"}},
		{"a line of Modbus and a sensor", "/dev/ttyUSB2", "/dev/ttyUSB1", []string{"ultrasonic.0.port", "used twice"}},
		{"wired twice", "device: b1-bin-2-level", "device: b1-water", []string{"ultrasonic.0.device", "wired twice"}},
	} {
		text := strings.Replace(wired, c.old, c.new, 1)
		if text == wired {
			t.Errorf("%s: the file does not hold %q", c.name, c.old)
			continue
		}
		_, err := config.Parse(filepath.Join(dir(t), "gateway.yaml"), []byte(text))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got \"%v\", want it to hold %q", c.name, err, want)
			}
		}
	}
}
