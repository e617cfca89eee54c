package homie

import (
	"strings"
	"unicode/utf8"

	"plantroom"
)

// DefaultPrefix is the usual domain of the topics.
const DefaultPrefix = "homie"

// Limits on what strangers can make a gateway remember.
const (
	maxPayload    = 64 << 10 // bytes
	maxDevices    = 2000
	maxNodes      = 64     // of one device
	maxProperties = 20_000 // of all devices
	maxID         = 64     // bytes
	maxFormat     = 1024   // bytes
	maxHeld       = 64     // values of one device that wait for its description
	maxWaiting    = 4096   // of all devices
	maxText       = 128    // of a value, in bytes: what the wire carries
)

// Topics gives the subscriptions for a domain; "" is DefaultPrefix. They are by
// the number of levels, so that no message is under two of them.
func Topics(prefix string) []string {
	b := base(prefix)
	return []string{b + "+/+", b + "+/+/+", b + "+/+/+/+"}
}

// New makes a decoder for a domain; "" is DefaultPrefix.
func New(prefix string) plantroom.Decoder {
	return &decoder{base: base(prefix), devices: map[key]*device{}}
}

func base(prefix string) string {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}

type decoder struct {
	base       string
	devices    map[key]*device
	properties int // of all devices
	waiting    int // values, of all devices
}

// key tells devices apart: the same id may exist in both versions.
type key struct {
	five bool
	id   string
}

// Decode implements plantroom.Decoder.
func (d *decoder) Decode(m plantroom.Message) ([]plantroom.Sample, error) {
	rest, ok := strings.CutPrefix(m.Topic, d.base)
	if !ok || len(rest) > 5*maxID {
		return nil, nil
	}
	levels := strings.Split(rest, "/")
	k := key{five: levels[0] == "5"}
	if k.five {
		levels = levels[1:]
	}
	if len(levels) < 2 || !id(levels[0]) {
		return nil, nil
	}
	k.id = levels[0]
	c := collector{m: m}
	if len(m.Payload) > maxPayload {
		c.fail("payload of %d bytes, at most %d", len(m.Payload), maxPayload)
	} else if k.five {
		d.five(k, levels[1:], &c)
	} else {
		d.four(k, levels[1:], &c)
	}
	if c.err != nil {
		return c.samples, plantroom.Errorf(plantroom.CodeInvalid, "homie %.200s: %w", strings.Join(levels, "."), c.err)
	}
	return c.samples, nil
}

// id reports whether a level is an id of the convention: a-z, 0-9 and -.
func id(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxID && s[0] != '-'
}

// five takes a topic below homie/5/{device}.
func (d *decoder) five(k key, levels []string, c *collector) {
	switch {
	case len(levels) == 1 && levels[0] == "$state":
		d.state(k, c)
	case len(levels) == 1 && levels[0] == "$description":
		d.description(k, c)
	case len(levels) == 2 && id(levels[0]) && id(levels[1]):
		d.value(k, levels[0], levels[1], c)
	}
}

// four takes a topic below homie/{device}.
func (d *decoder) four(k key, levels []string, c *collector) {
	attribute := levels[len(levels)-1]
	switch {
	case len(levels) == 1 && attribute == "$state":
		d.state(k, c)
	case len(levels) == 1 && attribute == "$nodes":
		d.nodes(k, c)
	case len(levels) == 2 && id(levels[0]) && id(levels[1]):
		d.value(k, levels[0], levels[1], c)
	case len(levels) == 3 && id(levels[0]) && id(levels[1]) && (attribute == "$datatype" || attribute == "$format"):
		d.attribute(k, levels[0], levels[1], attribute, c)
	}
}

// admit finds or makes a device; nil, with the reason noted, where there are
// too many.
func (d *decoder) admit(k key, c *collector) *device {
	dev := d.devices[k]
	if dev == nil {
		if len(d.devices) >= maxDevices {
			c.fail("more than %d devices: let topics name those of this site", maxDevices)
			return nil
		}
		dev = &device{id: k.id, properties: map[path]*property{}, held: map[path]plantroom.Message{}}
		d.devices[k] = dev
	}
	return dev
}

// value takes the value of a property, or keeps it until it is described.
func (d *decoder) value(k key, node, name string, c *collector) {
	if len(c.m.Payload) == 0 {
		return // the topic was deleted
	}
	dev := d.admit(k, c)
	if dev == nil {
		return
	}
	p := path{node, name}
	if known := dev.properties[p]; known != nil && known.datatype != "" {
		dev.use(p, known, c.m, c)
		return
	}
	if dev.described || len(c.m.Payload) > maxText {
		return // not one of its properties, or no value of use
	}
	if _, again := dev.held[p]; !again {
		if len(dev.held) >= maxHeld || d.waiting >= maxWaiting {
			c.fail("more than %d values wait for a description of the device, or %d of all", maxHeld, maxWaiting)
			return
		}
		d.waiting++
	}
	m := c.m
	m.Payload = append([]byte(nil), m.Payload...)
	dev.held[p] = m
}

// state takes $state. An empty one takes the device away.
func (d *decoder) state(k key, c *collector) {
	if len(c.m.Payload) == 0 {
		dev := d.devices[k]
		if dev == nil {
			return
		}
		dev.state = "disconnected"
		d.tell(dev, c)
		d.properties -= len(dev.properties)
		d.waiting -= len(dev.held)
		delete(d.devices, k)
		return
	}
	switch state := string(c.m.Payload); state {
	case "init", "ready", "disconnected", "sleeping", "lost", "alert":
		if state == "alert" && k.five {
			break
		}
		dev := d.admit(k, c)
		if dev == nil {
			return
		}
		dev.state = state
		d.tell(dev, c)
		for other, child := range d.devices {
			if k.five && other.five && child != dev && child.root == dev.id {
				d.tell(child, c)
			}
		}
		return
	}
	c.fail("$state %.20q is not one of the convention", c.m.Payload)
}

// tell says whether a device is online, where its state says so.
func (d *decoder) tell(dev *device, c *collector) {
	state := dev.state
	if root := d.devices[key{true, dev.root}]; dev.root != "" && root != nil && root.state == "lost" {
		state = "lost"
	}
	var is plantroom.Value
	switch state {
	case "ready", "sleeping", "alert":
		is = plantroom.Bool(true)
	case "disconnected", "lost":
		is = plantroom.Bool(false)
	default:
		return
	}
	addresses := dev.addresses()
	if len(addresses) == 0 && dev.described {
		addresses = []string{dev.id}
	}
	for _, a := range addresses {
		c.add(a, "online", is, c.m)
	}
}

// collector gathers the samples of one message.
type collector struct {
	m       plantroom.Message
	samples []plantroom.Sample
	err     error
}

// add makes a sample of a message, which may have waited.
func (c *collector) add(address, signal string, v plantroom.Value, m plantroom.Message) {
	quality := plantroom.Good
	if m.Retained {
		quality = plantroom.EstimatedTime
	}
	c.samples = append(c.samples, plantroom.Sample{Address: address, Signal: signal, Value: v, At: m.Received, Quality: quality})
}

// fail notes the first fault of a message.
func (c *collector) fail(format string, args ...any) {
	if c.err == nil {
		c.err = plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	}
}

func textOf(b []byte) (string, bool) {
	if len(b) == 1 && b[0] == 0 {
		return "", true // an empty string: an empty payload would delete the topic
	}
	return string(b), len(b) <= maxText && utf8.Valid(b)
}
