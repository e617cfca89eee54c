package homeassistant

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"plantroom"
	"plantroom/firmware-bridge/jsonwalk"
)

// Limits on one configuration.
const (
	maxComponents   = 128 // of one device
	maxAvailability = 8   // topics of one entity
	maxTopic        = 256 // bytes; of an address too
	maxExpiry       = 366 * 24 * time.Hour
)

// config is what a configuration says of one entity, as text.
type config struct {
	platform string
	base     string // "~"
	uniqueID string
	device   string // its first identifier or connection

	stateTopic, template string
	class, unit, state   string // device_class, unit_of_measurement, state_class
	category             string
	on, off              string
	expire, offDelay     float64 // s

	single watchConfig   // availability_topic
	list   []watchConfig // availability
	mode   string

	components []byte // of a device
	err        error
}

// watchConfig is one topic of availability.
type watchConfig struct{ topic, template, yes, no string }

// short are the abbreviations of the keys that are read here.
var short = map[string]string{
	"p": "platform", "dev": "device", "cmps": "components", "uniq_id": "unique_id", "stat_t": "state_topic",
	"val_tpl": "value_template", "dev_cla": "device_class", "unit_of_meas": "unit_of_measurement",
	"stat_cla": "state_class", "ent_cat": "entity_category", "pl_on": "payload_on", "pl_off": "payload_off",
	"exp_aft": "expire_after", "off_dly": "off_delay", "avty": "availability", "avty_t": "availability_topic",
	"avty_tpl": "availability_template", "avty_mode": "availability_mode", "pl_avail": "payload_available",
	"pl_not_avail": "payload_not_available", "t": "topic", "ids": "identifiers", "cns": "connections",
}

func long(key string) string {
	if full, ok := short[key]; ok {
		return full
	}
	return key
}

// newConfig has the defaults of Home Assistant.
func newConfig() config {
	return config{on: "ON", off: "OFF", single: watchConfig{yes: "online", no: "offline"}, mode: "latest"}
}

// take reads the members of an object over what is there already.
func (c *config) take(b []byte) {
	jsonwalk.Members(b, func(key string, value []byte) bool {
		c.member(long(key), value)
		return c.err == nil
	})
}

// text gives the place of a key whose value is a text; nil for others.
func (c *config) text(key string) *string {
	switch key {
	case "platform":
		return &c.platform
	case "~":
		return &c.base
	case "unique_id":
		return &c.uniqueID
	case "state_topic":
		return &c.stateTopic
	case "value_template":
		return &c.template
	case "device_class":
		return &c.class
	case "unit_of_measurement":
		return &c.unit
	case "state_class":
		return &c.state
	case "entity_category":
		return &c.category
	case "payload_on":
		return &c.on
	case "payload_off":
		return &c.off
	case "availability_topic":
		c.list = nil // of the device, where this is one of its components
		return &c.single.topic
	case "availability_template":
		return &c.single.template
	case "payload_available":
		return &c.single.yes
	case "payload_not_available":
		return &c.single.no
	case "availability_mode":
		return &c.mode
	}
	return nil
}

func (c *config) member(key string, value []byte) {
	if to := c.text(key); to != nil {
		var ok bool
		if *to, ok = text(value); !ok || !utf8.ValidString(*to) {
			c.fail("%s is no text", key)
		}
		if string(value) == "null" {
			*to = ""
		}
		return
	}
	switch key {
	case "expire_after":
		c.expire = c.seconds(key, value)
	case "off_delay":
		c.offDelay = c.seconds(key, value)
	case "device":
		c.identify(value)
	case "availability":
		c.availability(value)
	case "components":
		c.components = value
	}
}

func (c *config) fail(format string, args ...any) {
	if c.err == nil {
		c.err = plantroom.Errorf(plantroom.CodeInvalid, format, args...)
	}
}

func (c *config) seconds(key string, value []byte) float64 {
	if string(value) == "null" {
		return 0
	}
	s, _ := text(value)
	f, ok := number(s)
	if !ok || f < 0 || f > maxExpiry.Seconds() || math.IsNaN(f) {
		c.fail("%s is no number of seconds", key)
	}
	return f
}

// identify takes the device's first identifier, else the value of its first
// connection, as in [["mac", "a4:cf:…"]].
func (c *config) identify(device []byte) {
	var identifier, connection string
	first := func(value []byte) (s string) {
		if t, ok := text(value); ok {
			return t
		}
		jsonwalk.Elements(value, func(e []byte) bool { s, _ = text(e); return false })
		return s
	}
	jsonwalk.Members(device, func(key string, value []byte) bool {
		switch long(key) {
		case "identifiers":
			identifier = first(value)
		case "connections":
			jsonwalk.Elements(value, func(pair []byte) bool {
				n := 0
				jsonwalk.Elements(pair, func(e []byte) bool {
					connection, _ = text(e)
					n++
					return n < 2
				})
				return false
			})
		}
		return true
	})
	if c.device = identifier; identifier == "" {
		c.device = connection
	}
}

// availability reads a list of topics, or one topic's object.
func (c *config) availability(value []byte) {
	c.list, c.single.topic = nil, ""
	one := func(b []byte) bool {
		w := watchConfig{yes: "online", no: "offline"}
		jsonwalk.Members(b, func(key string, value []byte) bool {
			switch s, _ := text(value); long(key) {
			case "topic":
				w.topic = s
			case "value_template":
				w.template = s
			case "payload_available":
				w.yes = s
			case "payload_not_available":
				w.no = s
			}
			return true
		})
		if c.list = append(c.list, w); len(c.list) > maxAvailability {
			c.fail("more than %d topics of availability", maxAvailability)
		}
		return c.err == nil
	}
	if len(value) > 0 && value[0] == '{' {
		one(value)
		return
	}
	jsonwalk.Elements(value, one)
}

// watches lists the topics of availability.
func (c *config) watches() []watchConfig {
	if c.single.topic != "" {
		return []watchConfig{c.single}
	}
	return c.list
}

// topic completes a topic with the base and checks that it is plain.
func (c *config) topic(key, t string) (string, error) {
	if rest, ok := strings.CutPrefix(t, "~"); ok {
		t = c.base + rest
	} else if rest, ok := strings.CutSuffix(t, "~"); ok {
		t = rest + c.base
	}
	switch {
	case t == "":
		return "", plantroom.Errorf(plantroom.CodeInvalid, "%s is missing", key)
	case len(t) > maxTopic:
		return "", plantroom.Errorf(plantroom.CodeInvalid, "%s has %d bytes: at most %d", key, len(t), maxTopic)
	case strings.ContainsAny(t, "+#\x00") || t[0] == '$' || !utf8.ValidString(t):
		return "", plantroom.Errorf(plantroom.CodeInvalid, "%s %.80q is not a plain topic", key, t)
	}
	return t, nil
}
