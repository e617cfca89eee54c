package sensor

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// w1File is what the kernel writes of nine bytes of memory.
func w1File(verdict string, m ...byte) string {
	text := strings.ReplaceAll(fmt.Sprintf("% x ", m), "  ", " ")
	return text + ": crc=" + fmt.Sprintf("%02x ", m[len(m)-1]) + verdict + "\n" + text + "t=0\n"
}

// sealed adds the checksum to eight bytes.
func sealed(m ...byte) []byte { return append(m, crc8(m)) }

func TestAThermometersMemoryIsATemperatureOrAnError(t *testing.T) {
	for _, c := range []struct {
		name    string
		file    string
		celsius float64
		powerUp bool
		err     error
	}{
		{"a room, as often seen", "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n", 23.125, false, nil},
		{"below zero", w1File("YES", sealed(0x5e, 0xff, 0x4b, 0x46, 0x7f, 0xff, 0x02, 0x10)...), -10.125, false, nil},
		{"nine bits: the last three are not defined", w1File("YES", sealed(0x57, 0x01, 0x4b, 0x46, 0x1f, 0xff, 0x09, 0x10)...), 21, false, nil},
		{"85 °C after a conversion", w1File("YES", sealed(0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x10, 0x10)...), 85, true, nil},
		{"85 °C before the first conversion", "50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n50 05 4b 46 7f ff 0c 10 1c t=85000\n", 0, false, errW1Power},
		{"the kernel found the checksum wrong", w1File("NO", sealed(0x50, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10)...), 0, false, errW1CRC},
		{"the kernel did not, and it is", "73 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n", 0, false, errW1CRC},
		{"nothing pulls the wire down", w1File("NO", 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 0, false, errW1CRC},
		{"a short: nine zeros have a right checksum", w1File("YES", 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, false, errW1Zero},
		{"the conversion failed", "", 0, false, errNoAnswer},
		{"half a line", "50 01 4b 46", 0, false, errW1Garbled},
		{"eight bytes", "50 01 4b 46 7f ff 0c 10 : crc=1c YES\n", 0, false, errW1Garbled},
		{"no hexadecimal", "5x 01 4b 46 7f ff 0c 10 1c : crc=1c YES\n", 0, false, errW1Garbled},
		{"longer bytes", "500 01 4b 46 7f ff 0c 10 1c : crc=1c YES\n", 0, false, errW1Garbled},
	} {
		celsius, powerUp, err := parseW1Slave([]byte(c.file))
		if celsius != c.celsius || powerUp != c.powerUp || !errors.Is(err, c.err) {
			t.Errorf("%s: got %v °C, power-up %v, error %v; want %v, %v, %v", c.name, celsius, powerUp, err, c.celsius, c.powerUp, c.err)
		}
	}
	// −127 °C is what a well-known library says of a thermometer that is away.
	for name, m := range map[string][]byte{"-127": sealed(0x10, 0xf8, 0x4b, 0x46, 0x7f, 0xff, 0, 0x10), "127.9": sealed(0xff, 0x07, 0x4b, 0x46, 0x7f, 0xff, 0, 0x10)} {
		if _, _, err := parseW1Slave([]byte(w1File("YES", m...))); err == nil || !strings.Contains(err.Error(), "beyond") {
			t.Errorf("%s °C: got %v, want it refused as beyond the range", name, err)
		}
	}
}

func FuzzAThermometersMemory(f *testing.F) {
	f.Add([]byte("72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"))
	f.Add([]byte(w1File("YES", 0, 0, 0, 0, 0, 0, 0, 0, 0)))
	f.Add([]byte(": YES"))
	f.Fuzz(func(t *testing.T, b []byte) {
		celsius, _, err := parseW1Slave(b)
		if err == nil && (math.IsNaN(celsius) || celsius < -55 || celsius > 125) || err != nil && celsius != 0 {
			t.Errorf("%q: %v °C, %v", b, celsius, err)
		}
	})
}
