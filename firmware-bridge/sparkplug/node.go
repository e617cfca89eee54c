package sparkplug

import (
	"slices"
	"unicode/utf8"

	"plantroom"
)

// node is one edge node.
type node struct {
	address string
	heard   plantroom.Instant
	born    bool
	bdSeq   uint64
	tied    bool // the birth had a bdSeq
	bornAt  uint64

	own     device // the node's own metrics
	devices map[string]*device
	aliases map[uint64]*metricOf // of the node and all its devices; nil: forgotten
	full    bool                 // not all its metrics could be remembered

	order
	asked  plantroom.Instant // the last rebirth request
	want   plantroom.Instant // the next one; zero: none is due
	awaits plantroom.Instant // when devices that have not been born again are given up
}

// device is a device, or the node itself.
type device struct {
	address string
	online  bool
	reborn  bool // since the node's last birth
	metrics map[string]*metricOf
}

// metricOf is what a birth says of a metric.
type metricOf struct {
	name     string
	datatype uint8
	of       *device
}

// admit finds or makes a node; nil where there are too many. One that is dead
// and has been silent makes room.
func (d *decoder) admit(address string, now plantroom.Instant) *node {
	if n := d.nodes[address]; n != nil {
		return n
	}
	if len(d.nodes) >= maxNodes {
		for a, n := range d.nodes {
			if !n.born && now.Sub(n.heard) > forgotten {
				d.forget(n)
				delete(d.nodes, a)
				break
			}
		}
		if len(d.nodes) >= maxNodes {
			return nil
		}
	}
	n := &node{address: address, own: device{address: address}, devices: map[string]*device{}}
	d.nodes[address] = n
	return n
}

// forget takes everything from a node that its births have said.
func (d *decoder) forget(n *node) {
	d.unlearn(n, &n.own)
	for _, dev := range n.devices {
		d.unlearn(n, dev)
	}
	d.devices -= len(n.devices)
	clear(n.devices)
	d.drop(n)
}

// unlearn forgets the metrics of a device.
func (d *decoder) unlearn(n *node, dev *device) {
	for alias, m := range n.aliases {
		if m.of == dev {
			delete(n.aliases, alias)
		}
	}
	d.known -= len(dev.metrics)
	dev.metrics = nil
}

// nodeBirth begins a node's session, or begins it anew. Its devices have to be
// born after it (tck-id-message-flow-device-birth-publish-nbirth-wait); those
// that are not, in a while, are gone.
func (d *decoder) nodeBirth(n *node, p *payload, c *collector) {
	if !p.hasSeq {
		c.fail("NBIRTH has no seq")
		return
	}
	d.drop(n)
	n.aliases = map[uint64]*metricOf{}
	d.unlearn(n, &n.own)
	for _, dev := range n.devices {
		d.unlearn(n, dev)
		dev.reborn = false
	}
	n.born, n.tied, n.full, n.want = true, false, false, 0
	n.bornAt = p.timestamp
	n.begin(byte(p.seq), p.raw)
	for m := range p.metrics {
		if string(m.name) == bdSeqName {
			n.bdSeq, n.tied = m.bits, m.value == metricInt || m.value == metricLong
		}
	}
	if n.awaits = 0; len(n.devices) > 0 {
		n.awaits = c.now.Add(births)
		d.soon(n.awaits)
	}
	d.birth(n, &n.own, p, c)
}

// birth learns the metrics of a node or device and takes their values.
func (d *decoder) birth(n *node, dev *device, p *payload, c *collector) {
	dev.online, dev.reborn = true, true
	c.samples = slices.Grow(c.samples, p.count+1)
	c.online(dev.address, true)
	dev.metrics = make(map[string]*metricOf, min(p.count, maxKnown-d.known))
	for m := range p.metrics {
		if known := d.learn(n, dev, &m, c); known != nil {
			use(known, &m, p, c)
		}
	}
}

// learn notes a metric of a birth; nil where it cannot be used.
func (d *decoder) learn(n *node, dev *device, m *metric, c *collector) *metricOf {
	name := string(m.name)
	switch {
	case name == "" || len(name) > maxName || !utf8.ValidString(name):
		c.fail("a metric's name is empty, no UTF-8 or longer than %d bytes", maxName)
		return nil
	case m.datatype == 0 || m.datatype > maxDatatype:
		c.fail("metric %.40q has the data type %d", name, m.datatype)
		return nil
	}
	known := dev.metrics[name]
	if known == nil {
		if d.known >= maxKnown {
			n.full = true
			c.fail("metric %.40q is number %d of this source", name, maxKnown+1)
			return nil
		}
		known = &metricOf{name: name, of: dev}
		dev.metrics[name] = known
		d.known++
	}
	known.datatype = uint8(m.datatype)
	if !m.hasAlias || n.aliases == nil {
		return known
	}
	if other := n.aliases[m.alias]; other != nil && other != known {
		c.fail("alias %d is both %.40q and %.40q: neither is used by it", m.alias, other.name, name)
		n.aliases[m.alias] = &metricOf{}
		return known
	}
	if len(n.aliases) < maxKnown {
		n.aliases[m.alias] = known
	}
	return known
}

// use makes a sample of a metric.
func use(known *metricOf, m *metric, p *payload, c *collector) {
	if control(known.name) || !usable(uint64(known.datatype)) {
		return
	}
	v, ok, err := m.read(uint64(known.datatype))
	if err != nil {
		c.fail("metric %.40q: %w", known.name, err)
	}
	if ok {
		at, quality := when(m, p, c.received)
		c.add(known.of.address, known.name, v, at, quality)
	}
}

// data takes the metrics of a data message.
func (d *decoder) data(n *node, dev *device, p *payload, c *collector) {
	for m := range p.metrics {
		var known *metricOf
		if m.hasAlias {
			known = n.aliases[m.alias]
		}
		if known == nil && len(m.name) > 0 {
			known = dev.metrics[string(m.name)]
		}
		switch {
		case known != nil && known.of == dev:
			use(known, &m, p, c)
		case known != nil && known.of != nil:
			c.fail("alias %d is a metric of %.40s", m.alias, known.of.address)
		case known != nil: // of two metrics
		case n.full:
			c.fail("metric %.40q (alias %d) was one too many", m.name, m.alias)
		default:
			d.ask(n, c.now)
			c.fail("metric %.40q (alias %d) is in no birth that was heard: a rebirth is requested", m.name, m.alias)
		}
	}
}

// nodeDeath ends a session. One whose bdSeq is not that of the birth belongs to
// an earlier session (chapter 4, "Death Message (NDEATH)").
func (d *decoder) nodeDeath(n *node, p *payload, c *collector) {
	var bdSeq uint64
	tied := false
	for m := range p.metrics {
		if string(m.name) == bdSeqName && (m.value == metricInt || m.value == metricLong) {
			bdSeq, tied = m.bits, true
		}
	}
	switch {
	case n.born && n.tied && !tied:
		c.fail("NDEATH has no bdSeq, and so belongs to no birth")
		return
	case n.born && n.tied && bdSeq != n.bdSeq:
		return
	}
	c.online(n.address, false)
	for _, dev := range n.devices {
		c.online(dev.address, false)
	}
	d.forget(n)
	n.born, n.own.online, n.want, n.awaits, n.aliases = false, false, 0, 0, nil
}

// ask requests a rebirth (tck-id-operational-behavior-data-commands-ncmd-
// rebirth-verb), at QoS 0 and not retained (tck-id-payloads-ncmd-qos, -retain),
// now or when the pace permits it, and then until the birth comes.
func (d *decoder) ask(n *node, now plantroom.Instant) {
	if since := now.Sub(n.asked); n.asked != 0 && since >= 0 && since < askAgain {
		n.want = n.asked.Add(askAgain)
		d.soon(n.want)
		return
	}
	group, edge := split(n.address)
	d.say = append(d.say, plantroom.Publication{Topic: d.base + group + "/NCMD/" + edge, Payload: rebirth(now)})
	n.asked, n.want = now, now.Add(askAgain)
	d.soon(n.want)
}
