package homie

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/firmware-bridge/jsonwalk"
)

// device is one device.
type device struct {
	id         string
	state      string
	root       string // version 5: the id of its root; "": it is one itself
	described  bool   // what its properties are is known: of version 5
	nodes      []string
	properties map[path]*property
	held       map[path]plantroom.Message // values without a description
}

// path is a property's place in its device.
type path struct{ node, name string }

// property is what is known of a property.
type property struct {
	datatype string // "": not known yet
	format   string // of an enum: its values, separated by commas
}

// addresses lists those of a device's nodes.
func (dev *device) addresses() []string {
	out := make([]string, 0, len(dev.nodes))
	for _, n := range dev.nodes {
		out = append(out, dev.id+"."+n)
	}
	return out
}

// use makes a sample of a value.
func (dev *device) use(p path, known *property, m plantroom.Message, c *collector) {
	v, ok, err := known.read(m.Payload)
	if err != nil {
		c.fail("%s.%s: %w", p.node, p.name, err)
	}
	if ok {
		c.add(dev.id+"."+p.node, p.name, v, m)
	}
}

// read makes a value of a payload, by "Payloads" of the convention; ok is false
// for the data types that are not used.
func (p *property) read(b []byte) (v plantroom.Value, ok bool, err error) {
	s, short := textOf(b)
	if !short {
		return v, false, plantroom.Errorf(plantroom.CodeInvalid, "a value of %d bytes: at most %d, in UTF-8", len(b), maxText)
	}
	wrong := plantroom.Errorf(plantroom.CodeInvalid, "%.40q is not of the data type %s", s, p.datatype)
	switch p.datatype {
	case "integer":
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || s[0] == '+' {
			return v, false, wrong
		}
		return plantroom.Float(float64(n)), true, nil
	case "float":
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(f, 0) || strings.Trim(s, "0123456789-+.eE") != "" || !digits(s) {
			return v, false, wrong
		}
		return plantroom.Float(f), true, nil
	case "boolean":
		if s != "true" && s != "false" {
			return v, false, wrong
		}
		return plantroom.Bool(s == "true"), true, nil
	case "enum":
		if s == "" || p.format != "" && !slices.Contains(strings.Split(p.format, ","), s) {
			return v, false, plantroom.Errorf(plantroom.CodeInvalid, "%.40q is not one of %.80q", s, p.format)
		}
		return plantroom.String(s), true, nil
	case "string":
		return plantroom.String(s), true, nil
	}
	return v, false, nil
}

// digits refuses what ParseFloat takes beyond the convention: hexadecimal,
// underscores, words.
func digits(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return false
		}
	}
	return true
}

// release uses the values that have waited for their properties.
func (d *decoder) release(dev *device, c *collector) {
	waiting := make([]path, 0, len(dev.held))
	for p := range dev.held {
		waiting = append(waiting, p)
	}
	slices.SortFunc(waiting, func(a, b path) int { return strings.Compare(a.node+"/"+a.name, b.node+"/"+b.name) })
	for _, p := range waiting {
		known := dev.properties[p]
		if known != nil && known.datatype != "" {
			dev.use(p, known, dev.held[p], c)
		}
		if dev.described || known != nil && known.datatype != "" {
			delete(dev.held, p)
			d.waiting--
		}
	}
}

// description takes the description of a device of version 5.
func (d *decoder) description(k key, c *collector) {
	if len(c.m.Payload) == 0 {
		return // it goes with its device
	}
	dev := d.admit(k, c)
	if dev == nil {
		return
	}
	if !json.Valid(c.m.Payload) || c.m.Payload[jsonwalk.Space(c.m.Payload, 0)] != '{' {
		c.fail("$description is not a JSON object")
		return
	}
	d.properties -= len(dev.properties)
	dev.root, dev.described, dev.nodes = "", true, nil
	clear(dev.properties)
	jsonwalk.Members(c.m.Payload, func(key string, value []byte) bool {
		switch key {
		case "root":
			dev.root = word(value)
		case "nodes":
			jsonwalk.Members(value, func(node string, value []byte) bool { return d.node(dev, node, value, c) })
		}
		return true
	})
	slices.Sort(dev.nodes)
	dev.nodes = slices.Compact(dev.nodes)
	d.tell(dev, c)
	d.release(dev, c)
}

// node notes one node of a description; false ends it.
func (d *decoder) node(dev *device, node string, value []byte, c *collector) bool {
	if !id(node) || len(dev.nodes) >= maxNodes || value[0] != '{' {
		c.fail("$description: node %.40q is no id, no object or one too many", node)
		return len(dev.nodes) < maxNodes
	}
	dev.nodes = append(dev.nodes, node)
	jsonwalk.Members(value, func(key string, value []byte) bool {
		if key == "properties" {
			jsonwalk.Members(value, func(name string, value []byte) bool { return d.describe(dev, path{node, name}, value, c) })
		}
		return true
	})
	return true
}

// describe notes one property of a description; false ends its node.
func (d *decoder) describe(dev *device, p path, value []byte, c *collector) bool {
	var says property
	jsonwalk.Members(value, func(key string, value []byte) bool {
		switch {
		case key == "datatype":
			says.datatype = word(value)
		case key == "format" && len(value) <= maxFormat && value[0] == '"':
			says.format = jsonwalk.Unquote(value)
		}
		return true
	})
	if !id(p.name) || says.datatype == "" {
		c.fail("$description: %.40s.%.40s has no id or no datatype", p.node, p.name)
		return true
	}
	if says.datatype != "enum" {
		says.format = ""
	}
	if dev.properties[p] == nil {
		if d.properties >= maxProperties {
			c.fail("$description: %s.%s is property number %d of this source", p.node, p.name, maxProperties+1)
			return false
		}
		d.properties++
	}
	dev.properties[p] = &says
	return true
}

// word takes a short text.
func word(value []byte) string {
	if value[0] != '"' || len(value) > maxID+2 {
		return ""
	}
	return jsonwalk.Unquote(value)
}

// nodes takes $nodes of a device of version 4.
func (d *decoder) nodes(k key, c *collector) {
	dev := d.admit(k, c)
	if dev == nil {
		return
	}
	dev.nodes = nil
	for node := range strings.SplitSeq(string(c.m.Payload), ",") {
		node, _, _ = strings.Cut(strings.TrimSpace(node), "[") // version 3 had arrays of nodes
		if node == "" {
			continue
		}
		if !id(node) || len(dev.nodes) >= maxNodes {
			c.fail("$nodes: %.40q is no id, or one too many", node)
			break
		}
		dev.nodes = append(dev.nodes, node)
	}
	d.tell(dev, c)
}

// attribute takes $datatype or $format of a property of version 4.
func (d *decoder) attribute(k key, node, name, attribute string, c *collector) {
	if len(c.m.Payload) > maxFormat {
		c.fail("%s of %d bytes, at most %d", attribute, len(c.m.Payload), maxFormat)
		return
	}
	dev := d.admit(k, c)
	if dev == nil {
		return
	}
	p := path{node, name}
	known := dev.properties[p]
	if known == nil {
		if d.properties >= maxProperties {
			c.fail("property number %d of this source", maxProperties+1)
			return
		}
		known = &property{}
		dev.properties[p] = known
		d.properties++
	}
	if attribute == "$format" {
		known.format = string(c.m.Payload)
		return
	}
	if known.datatype = string(c.m.Payload); len(known.datatype) > maxID {
		known.datatype = ""
	}
	d.release(dev, c)
}
