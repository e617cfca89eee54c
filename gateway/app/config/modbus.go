package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"plantroom"
	registers "plantroom/firmware-bridge/modbus"
	"plantroom/gateway/binding"
	"plantroom/gateway/modbus"
	"plantroom/internal/yamldoc"
)

// Modbus is a serial line or a connection, and the devices on it.
type Modbus struct {
	Name     string             `json:"name"`
	Link     modbus.Address     `json:"link"`
	Baud     int                `json:"baud,omitempty"`
	Parity   string             `json:"parity,omitempty"` // none, even, odd
	StopBits int                `json:"stop_bits,omitempty"`
	Timeout  plantroom.Duration `json:"timeout,omitempty"`
	Devices  []Slave            `json:"devices"`
}

// Slave is one device on a Modbus link.
type Slave struct {
	Device    plantroom.DeviceID        `json:"device"`
	Unit      byte                      `json:"unit"`
	Registers string                    `json:"registers"` // a shipped map, or a file
	Period    plantroom.Duration        `json:"period,omitempty"`
	Heartbeat plantroom.Duration        `json:"heartbeat,omitempty"`
	Map       map[string]binding.Signal `json:"map,omitempty"`

	// Layout is the map that Registers names, after Load. It is not in the
	// file; it is written out, so that a changed map is seen as a change.
	Layout *registers.Map `json:"layout,omitempty"`
}

// On makes the device for a link.
func (s *Slave) On() modbus.Device {
	wanted := map[string]bool{}
	for signal, to := range s.Map {
		wanted[signal] = !to.Drop
	}
	return modbus.Device{ID: s.Device, Unit: s.Unit, Map: s.Layout, Wanted: wanted, Period: time.Duration(s.Period), Heartbeat: time.Duration(s.Heartbeat)}
}

func (k *checker) modbus(links []Modbus, dir string) {
	places := map[string]string{} // to the link's name
	names := map[string]bool{}
	for i := range links {
		l, path := &links[i], fmt.Sprintf("/modbus/%d", i)
		if !k.doc.Sound(path) {
			continue
		}
		if names[l.Name] {
			k.fault(path+"/name", fmt.Sprintf("a link %q exists already", l.Name), "give it another name")
		}
		names[l.Name] = true
		k.broken(path+"/link", l.Link.Check())
		place := where(l.Link)
		if other, twice := places[place]; twice {
			k.fault(path+"/link", fmt.Sprintf("the link %q leads to %s, too: two of them would talk at once", other, place), "list all its devices below one link")
		}
		places[place] = l.Name
		if !l.Link.Serial() && (l.Baud != 0 || l.Parity != "" || l.StopBits != 0) {
			k.fault(path, "baud, parity and stop_bits are for serial lines", "remove them, and set them at the converter")
		}
		k.slaves(path, l, dir)
	}
}

// where makes one name of the several that a serial line may have.
func where(a modbus.Address) string {
	if !a.Serial() {
		return strings.ToLower(a.Place())
	}
	if real, err := filepath.EvalSymlinks(a.Place()); err == nil {
		return real
	}
	return filepath.Clean(a.Place()) // not plugged in at present
}

func (k *checker) slaves(path string, l *Modbus, dir string) {
	units := map[byte]plantroom.DeviceID{}
	for i := range l.Devices {
		s, path := &l.Devices[i], fmt.Sprintf("%s/devices/%d", path, i)
		if other, twice := units[s.Unit]; twice {
			k.fault(path+"/unit", fmt.Sprintf("unit %d is %q already", s.Unit, other), "give each device on the link a unit of its own")
		}
		units[s.Unit] = s.Device
		if l.Link.Serial() && (s.Unit == 0 || s.Unit > 247) {
			k.fault(path+"/unit", fmt.Sprintf("there is no unit %d on a serial line", s.Unit), "use 1 to 247")
		}
		k.wired(path, s.Device, s.Map)
		if s.Layout = k.layout(path+"/registers", s.Registers, dir); s.Layout != nil {
			k.mapped(path, s)
		}
	}
}

// registersFile is the path of a register map; ok is false for the name of a
// shipped one.
func registersFile(name, dir string) (file string, ok bool) {
	if !strings.Contains(name, "/") && filepath.Ext(name) == "" {
		return "", false
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	return name, true
}

// layout finds a shipped map, or reads a file.
func (k *checker) layout(path, name, dir string) *registers.Map {
	file, ok := registersFile(name, dir)
	if !ok {
		m, err := registers.ByName(name)
		k.broken(path, err)
		return m
	}
	src, err := k.read(file, yamldoc.MaxSize)
	if err != nil {
		k.fault(path, "the register map cannot be read: "+err.Error(), "name a file beside this one, or a shipped map: "+strings.Join(registers.Names(), ", "))
		return nil
	}
	m, err := ParseMap(file, src)
	var faults yamldoc.Faults
	if errors.As(err, &faults) {
		k.faults = append(k.faults, faults...)
		return nil
	}
	k.broken(path, err)
	return m
}

// mapped wants a device to be asked for something, and a map of signals that
// it has.
func (k *checker) mapped(path string, s *Slave) {
	known := map[string]bool{}
	var all []string
	for _, b := range s.Layout.Blocks {
		for _, p := range b.Points {
			known[p.Signal] = true
			all = append(all, p.Signal)
		}
	}
	for signal := range s.Map {
		if !known[signal] && signal != "online" && signal != "bus_stuck" {
			k.fault(path+"/map/"+signal, fmt.Sprintf("the register map %s has no signal %q", s.Layout.Name, signal), "use one of "+strings.Join(all, ", "))
		}
	}
	d := s.On()
	if len(d.Requests()) == 0 {
		k.fault(path, fmt.Sprintf("nothing is read: of the register map %s, only signals are reported that map names", s.Layout.Name), "add a map for one of "+strings.Join(all, ", "))
	}
}

// ParseMap reads a register map that somebody has written. The error is of
// type yamldoc.Faults where the file is at fault.
func ParseMap(file string, src []byte) (*registers.Map, error) {
	doc, err := yamldoc.Parse(file, src, registers.Schema)
	if err != nil {
		return nil, err
	}
	m := &registers.Map{}
	if err := doc.Decode(m); err != nil {
		return nil, err
	}
	var faults yamldoc.Faults
	for _, p := range m.Problems() {
		faults = append(faults, doc.Fault(p.Path, p.Problem, p.Remedy))
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return m, nil
}
