package homeassistant

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"plantroom"
)

// tri is yes, no, or not known.
type tri int8

const (
	unknown tri = 0
	good    tri = 1
	bad     tri = -1
)

// entity is one value of a device.
type entity struct {
	topic    string
	template *template
	signal   string
	of       *device

	binary  bool
	on, off string
	states  states
	isText  bool // a sensor's value is a state and no number
	convert conversion

	mode    string
	watches []*watch
	latest  tri

	expire, offDelay time.Duration
	expires, offAt   plantroom.Instant // zero: not running
	heard, expired   bool
}

// watch is a topic of an entity's availability.
type watch struct {
	topic    string
	template *template
	yes, no  string
	is       tri
}

// device is an address and what is said about it.
type device struct {
	address  string
	entities []*entity
	online   tri    // as said last
	said     uint64 // by which message or turn
}

// maxText is what the wire carries of a state, in bytes.
const maxText = 128

// entity makes an entity of a configuration; nil without an error where the
// component is not one of ours.
func (c *config) entity(object string) (*entity, error) {
	if c.platform != "binary_sensor" && c.platform != "sensor" || c.err != nil {
		return nil, c.err
	}
	e := &entity{binary: c.platform == "binary_sensor", mode: c.mode, convert: same}
	var err error
	if e.topic, err = c.topic("state_topic", c.stateTopic); err != nil {
		return nil, err
	}
	if e.template, err = parseTemplate(c.template); err != nil {
		return nil, err
	}
	e.expire = time.Duration(c.expire * float64(time.Second))
	if e.binary {
		e.offDelay = time.Duration(c.offDelay * float64(time.Second))
	}
	switch c.mode {
	case "latest", "any", "all":
	default:
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "availability_mode %.40q is none of latest, any, all", c.mode)
	}
	for _, w := range c.watches() {
		watch := &watch{yes: w.yes, no: w.no}
		if watch.topic, err = c.topic("a topic of availability", w.topic); err != nil {
			return nil, err
		}
		if watch.template, err = parseTemplate(w.template); err != nil {
			return nil, err
		}
		e.watches = append(e.watches, watch)
	}
	return e, e.mean(c, object)
}

// mean finds the entity's signal.
func (e *entity) mean(c *config, object string) error {
	e.signal = named(object)
	if e.binary {
		e.on, e.off, e.states = c.on, c.off, states{e.signal, yes, no}
		if s, ok := binaryClasses[c.class]; ok {
			e.signal, e.states = s.signal, s
		}
		return nil
	}
	m, ok := measures[c.class]
	if !ok {
		e.isText = c.class == "enum" || c.class == "" && c.unit == "" && c.state == ""
		return nil
	}
	if e.convert, ok = m.units[c.unit]; !ok {
		return plantroom.Errorf(plantroom.CodeInvalid, "the unit %.20q of device_class %s is not known", c.unit, c.class)
	}
	e.signal = m.signal
	if c.class == "temperature" && c.category == "diagnostic" {
		e.signal = deviceTemperature
	}
	return nil
}

// read makes a value of a payload; ok is false where it holds none.
func (e *entity) read(payload []byte) (v plantroom.Value, ok bool, err error) {
	s, ok, err := e.template.render(payload)
	if !ok || err != nil {
		return v, false, err
	}
	if e.binary {
		switch s {
		case e.on:
			return e.states.on, true, nil
		case e.off:
			return e.states.off, true, nil
		}
	}
	s = strings.TrimSpace(s)
	switch s {
	case "", "None", "unknown", "unavailable":
		return v, false, nil
	}
	if e.binary {
		return v, false, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is neither %.20q nor %.20q", s, e.on, e.off)
	}
	if e.isText {
		if len(s) > maxText || !utf8.ValidString(s) {
			return v, false, plantroom.Errorf(plantroom.CodeInvalid, "a state of %d bytes: at most %d, in UTF-8", len(s), maxText)
		}
		return plantroom.String(s), true, nil
	}
	f, ok := number(s)
	if !ok {
		return v, false, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is not a number", s)
	}
	if f = f*e.convert.scale + e.convert.offset; math.IsInf(f, 0) {
		return v, false, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is too large", s)
	}
	return plantroom.Float(f), true, nil
}

// available says whether an entity is, as Home Assistant has it in each mode;
// told is false for an entity that says nothing of it.
func (e *entity) available() (is tri, told bool) {
	if len(e.watches) > 0 {
		is, told = e.latest, true
		if e.mode != "latest" {
			is = e.together()
		}
	}
	if e.expire > 0 && e.heard {
		switch {
		case e.expired:
			return bad, true
		case !told:
			return good, true
		}
	}
	return is, told
}

// together is the availability in the modes all and any.
func (e *entity) together() tri {
	decides, else_ := bad, good // all
	if e.mode == "any" {
		decides, else_ = good, bad
	}
	open := false
	for _, w := range e.watches {
		if w.is == decides {
			return decides
		}
		open = open || w.is == unknown
	}
	if open {
		return unknown
	}
	return else_
}

// available says whether a device is: all of its entities that say so.
func (d *device) available() tri {
	all, open := unknown, false
	for _, e := range d.entities {
		switch is, told := e.available(); {
		case is == bad:
			return bad
		case told && is == unknown:
			open = true
		case told:
			all = good
		}
	}
	if open {
		return unknown
	}
	return all
}
