// Package config is the gateway's file: its shape, its JSON Schema and the
// checks that a schema cannot express. It opens no connection and starts
// nothing (a Loader is told who compiles codecs); it reads the files that the
// gateway's file names, to find fault with them early.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/codec"
	"plantroom/firmware-bridge/devices"
	"plantroom/gateway/binding"
	"plantroom/gateway/broker"
	"plantroom/gateway/reflex"
	"plantroom/gateway/sensor"
	"plantroom/internal/mqttconn"
	"plantroom/internal/yamldoc"
)

// Schema is the JSON Schema of the file.
//
//go:embed gateway.schema.json
var Schema []byte

// Config is one gateway. Paths in it are absolute, or relative to the working
// directory after Load: in the file they are relative to the file.
type Config struct {
	Gateway plantroom.GatewayID `json:"gateway"`
	Estate  plantroom.EstateID  `json:"estate"`
	Spool   Spool               `json:"spool"`
	Uplink  Uplink              `json:"uplink"`
	MQTT    []Source            `json:"mqtt,omitempty"`
	Listen  *Listen             `json:"listen,omitempty"` // nil: no broker of its own
	Serial  []Line              `json:"serial,omitempty"`
	Pins    []Pin               `json:"pins,omitempty"`
	Buses   []Bus               `json:"buses,omitempty"`
	Modbus  []Modbus            `json:"modbus,omitempty"`
	OneWire []OneWire           `json:"onewire,omitempty"`
	IIO     []IIO               `json:"iio,omitempty"`
	Ranging []Ranger            `json:"ultrasonic,omitempty"`
	Remote  *Remote             `json:"remote,omitempty"` // nil: no configurations from the services
	Health  Health              `json:"health,omitzero"`
	Clock   *Clock              `json:"clock,omitempty"` // nil: the usual

	Outputs  []Output         `json:"outputs,omitempty"`
	Reflexes []reflex.Reflex  `json:"reflexes,omitempty"`
	SelfTest *reflex.SelfTest `json:"self_test,omitempty"` // nil: valves are not exercised

	dir string // of the file
}

// Uplink says where readings go.
type Uplink struct {
	mqttconn.Options
	Window int                `json:"window,omitempty"`
	Linger plantroom.Duration `json:"linger,omitempty"`
}

// Source is a broker on site and the devices of one family behind it.
type Source struct {
	Name string `json:"name"`
	mqttconn.Options
	Family    string            `json:"family"`
	Topics    []string          `json:"topics,omitempty"`
	Prefix    string            `json:"prefix,omitempty"`
	FullTopic string            `json:"full_topic,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Models    map[string]string `json:"models,omitempty"`
	Codecs    map[string]*Codec `json:"codecs,omitempty"`
	Host      string            `json:"host,omitempty"`
	Devices   []binding.Rule    `json:"devices"`
	Ignore    []string          `json:"ignore,omitempty"`
}

// Listen is the gateway's own broker, and what its devices speak.
type Listen struct {
	Addresses []broker.Address `json:"addresses"`
	TLS       broker.TLS       `json:"tls,omitzero"`
	Accounts  string           `json:"accounts"`
	Sources   []Heard          `json:"sources"`
}

// Heard is the devices of one family that publish to the gateway itself.
type Heard struct {
	Name      string            `json:"name"`
	Family    string            `json:"family"`
	Topics    []string          `json:"topics,omitempty"`
	Prefix    string            `json:"prefix,omitempty"`
	FullTopic string            `json:"full_topic,omitempty"`
	Zone      string            `json:"zone,omitempty"`
	Models    map[string]string `json:"models,omitempty"`
	Codecs    map[string]*Codec `json:"codecs,omitempty"`
	Host      string            `json:"host,omitempty"`
	Devices   []binding.Rule    `json:"devices"`
	Ignore    []string          `json:"ignore,omitempty"`
}

// Source is the same as of a broker elsewhere.
func (h *Heard) Source() Source {
	return Source{Name: h.Name, Family: h.Family, Topics: h.Topics, Prefix: h.Prefix, FullTopic: h.FullTopic, Zone: h.Zone, Models: h.Models,
		Codecs: h.Codecs, Host: h.Host, Devices: h.Devices, Ignore: h.Ignore}
}

// Codec is a maker's JavaScript for the devices of one model.
type Codec struct {
	File string        `json:"file"`
	Map  codec.Mapping `json:"map,omitempty"`

	Sum     string         `json:"sum,omitempty"` // of the file's content, to see whether it has changed; not in the gateway's file
	Program *codec.Program `json:"-"`             // after a Load without faults
}

// Line is a serial line and the sensor nodes on it.
type Line struct {
	Port    string `json:"port"`
	Baud    int    `json:"baud,omitempty"`
	Devices []Node `json:"devices"`
}

// Node is one sensor node.
type Node struct {
	Node   uint16                    `json:"node"`
	Device plantroom.DeviceID        `json:"device"`
	Map    map[string]binding.Signal `json:"map,omitempty"`
}

// Pin is a dry contact, or with Count a counter of pulses.
type Pin struct {
	Device    plantroom.DeviceID        `json:"device"`
	Pin       string                    `json:"pin"`
	Pull      string                    `json:"pull,omitempty"`   // up, down, none
	Active    string                    `json:"active,omitempty"` // high, low
	Debounce  plantroom.Duration        `json:"debounce,omitempty"`
	Heartbeat plantroom.Duration        `json:"heartbeat,omitempty"`
	Map       map[string]binding.Signal `json:"map,omitempty"`
	Count     *sensor.Count             `json:"count,omitempty"`
}

// Bus is an I²C bus.
type Bus struct {
	Name    string  `json:"name"`
	Devices []Input `json:"devices"`
}

// Input is one input of a converter.
type Input struct {
	Device    plantroom.DeviceID        `json:"device"`
	Address   uint16                    `json:"address,omitempty"`
	Channel   int                       `json:"channel"`
	Poll      plantroom.Duration        `json:"poll,omitempty"`
	Heartbeat plantroom.Duration        `json:"heartbeat,omitempty"`
	Map       map[string]binding.Signal `json:"map,omitempty"`
	Rope      *sensor.Rope              `json:"rope,omitempty"`
	Distance  *sensor.Distance          `json:"distance,omitempty"`
	Load      *sensor.Load              `json:"load,omitempty"`
}

// Health says where the gateway tells how it is.
type Health struct {
	Listen string `json:"listen,omitempty"` // "": nowhere
}

// Size is a number of bytes, written 512MiB.
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(b []byte) error {
	text, shift := string(b), 0
	for _, unit := range []struct {
		suffix string
		shift  int
	}{{"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"B", 0}} {
		if number, ok := strings.CutSuffix(text, unit.suffix); ok {
			text, shift = number, unit.shift
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && n > 1<<62>>shift:
		return &plantroom.Error{Code: plantroom.CodeInvalid, Message: fmt.Sprintf("size %.40q is larger than any disk", b), Hint: "give a smaller one, like 1GiB"}
	case err != nil || n < 1:
		return &plantroom.Error{Code: plantroom.CodeInvalid, Message: fmt.Sprintf("%.40q is no size", b), Hint: "write it like 512MiB or 1GiB"}
	}
	*s = Size(n << shift)
	return nil
}

// MarshalText writes a size in bytes.
func (s Size) MarshalText() ([]byte, error) { return strconv.AppendInt(nil, int64(s), 10), nil }

// Loader reads files. The zero Loader does not look at the syntax of codecs,
// for which it takes a JavaScript engine.
type Loader struct {
	Compile func(*codec.Program) error // CodeUnavailable: there is nothing to compile it with
}

// Load reads a file. The error is of type yamldoc.Faults where the file itself
// is at fault, and then holds all faults.
func (l Loader) Load(file string) (Config, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return Config{}, &plantroom.Error{Code: plantroom.CodeNotFound, Op: "read the gateway's file", Message: file, Err: err}
	}
	return l.Parse(file, src)
}

// Parse is Load for a file that is in memory.
func (l Loader) Parse(file string, src []byte) (Config, error) {
	doc, err := yamldoc.Parse(file, src, Schema)
	if doc == nil {
		return Config{}, err
	}
	var c Config
	if err := doc.Decode(&c); err != nil && !errors.As(err, new(yamldoc.Faults)) {
		return Config{}, err
	}
	c.fill(filepath.Dir(file))
	return c, c.check(doc, nil, l.Compile)
}

// Load is that of the zero Loader.
func Load(file string) (Config, error) { return Loader{}.Load(file) }

// Parse is that of the zero Loader.
func Parse(file string, src []byte) (Config, error) { return Loader{}.Parse(file, src) }

// fill makes paths independent of the file's place and sets the defaults that
// depend on other keys.
func (c *Config) fill(dir string) {
	c.dir = dir
	from := func(p *string) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	connection := func(o *mqttconn.Options, name string) {
		for _, p := range []*string{&o.PasswordFile, &o.TLS.CA, &o.TLS.Cert, &o.TLS.Key} {
			from(p)
		}
		if o.ClientID == "" {
			o.ClientID = string(c.Gateway) + "-" + name
		}
	}
	from(&c.Spool.Dir)
	c.Remote.fill(from)
	connection(&c.Uplink.Options, "uplink")
	source := func(family string, codecs map[string]*Codec, host *string) {
		for _, codec := range codecs {
			from(&codec.File)
		}
		if f, err := devices.ByName(family); err == nil && f.Host && *host == "" {
			*host = string(c.Gateway)
		}
	}
	for i := range c.MQTT {
		s := &c.MQTT[i]
		connection(&s.Options, s.Name)
		source(s.Family, s.Codecs, &s.Host)
	}
	if l := c.Listen; l != nil {
		for _, p := range []*string{&l.TLS.Cert, &l.TLS.Key, &l.TLS.ClientCA, &l.Accounts} {
			from(p)
		}
		for i := range l.Sources {
			s := &l.Sources[i]
			source(s.Family, s.Codecs, &s.Host)
		}
	}
}
