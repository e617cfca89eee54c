package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"plantroom/gateway/app/config"
	"plantroom/gateway/probe"
	"plantroom/gateway/sensor/gpioline"
)

// board is a machine with a line, two converters, a thermometer and a load cell.
func board(t *testing.T) probe.Machine {
	return probe.Machine{
		Sys: fstest.MapFS{
			"bus/w1/devices/w1_bus_master1/w1_master_slaves":         {Data: []byte("28-00000a1b2c3d\n")},
			"bus/w1/devices/w1_bus_master1/28-00000a1b2c3d/w1_slave": {Data: []byte("72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n")},
			"bus/iio/devices/iio:device0/name":                       {Data: []byte("hx711\n")},
		},
		Dev: fstest.MapFS{"i2c-1": {}, "ttyAMA0": {}},
		Chips: func() ([]gpioline.Chip, error) {
			return []gpioline.Chip{{Name: "gpiochip0", Lines: []gpioline.Info{{Name: "GPIO17"}}}}, nil
		},
		Wire: func(string) (probe.Wire, error) { return converters{}, nil },
		May: func(dev string) error {
			if dev != "/dev/ttyAMA0" {
				t.Errorf("it asks for %s", dev)
			}
			return nil
		},
	}
}

// converters answers at 0x2a and 0x48.
type converters struct{}

func (converters) Close() error { return nil }
func (converters) Read(a uint16) (byte, error) {
	if a == 0x2a || a == 0x48 {
		return 0, nil
	}
	return 0, probe.ErrSilent
}

// bare is a machine with nothing.
func bare() probe.Machine {
	return probe.Machine{Sys: fstest.MapFS{}, Dev: fstest.MapFS{}, Chips: func() ([]gpioline.Chip, error) { return nil, nil }}
}

const least = "gateway: gw\nestate: e\nspool: {dir: s}\nuplink: {broker: tcp://h}\n"

func TestAProbeSaysWithItsExitCodeWhetherAllIsAsItShouldBe(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fits := file("fits.yaml", least+"pins: [{device: b1-l1-fault, pin: GPIO17}]\nultrasonic: [{device: b1-bin-1-level, port: /dev/ttyAMA0, kind: a02yyuw}]\n")
	other := file("other.yaml", least+"pins: [{device: b1-l1-fault, pin: GPIO18}]\n")
	denied := bare()
	denied.Chips = func() ([]gpioline.Chip, error) {
		return nil, &fs.PathError{Op: "open", Path: "/dev/gpiochip0", Err: fs.ErrPermission}
	}
	for _, c := range []struct {
		name string
		m    probe.Machine
		args []string
		code int
		says string
	}{
		{"a board", board(t), nil, exitOK, "likely NAU7802"},
		{"a board and a file", board(t), []string{fits}, exitOK, "b1-bin-1-level"},
		{"a board and a file for another", board(t), []string{other}, exitFailed, `no GPIO line "GPIO18", which the file gives to b1-l1-fault`},
		{"nothing", bare(), nil, exitFailed, "dtparam=i2c_arm=on"},
		{"no rights", denied, nil, exitFailed, "usermod -aG gpio"},
		{"JSON", board(t), []string{"--json", fits}, exitOK, `"used_by": "b1-bin-1-level"`},
		{"no file", board(t), []string{filepath.Join(dir, "gone")}, exitFailed, ""},
		{"a faulty file", board(t), []string{file("bad.yaml", "foo: 1\n")}, exitUsage, ""},
		{"two files", board(t), []string{fits, other}, exitUsage, ""},
		{"an unknown flag", board(t), []string{"--all"}, exitUsage, ""},
	} {
		var out, errs bytes.Buffer
		if code := look(c.args, c.m, &out, &errs); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: code %d, %s%s; want %d and %q", c.name, code, out.String(), errs.String(), c.code, c.says)
		}
	}
}

func TestWhatAProbeProposesCanBePasted(t *testing.T) {
	var out bytes.Buffer
	if code := look([]string{"--json"}, board(t), &out, new(bytes.Buffer)); code != exitOK {
		t.Fatal(code)
	}
	var r probe.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(filepath.Join(t.TempDir(), "gateway.yaml"), []byte(least+r.YAML))
	if err != nil {
		t.Fatalf("%v:\n%s", errors.Unwrap(err), r.YAML)
	}
	if len(c.Buses) != 1 || len(c.Buses[0].Devices) != 2 || len(c.OneWire) != 1 || len(c.IIO) != 1 {
		t.Errorf("it proposes\n%s", r.YAML)
	}
}
