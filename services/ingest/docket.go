package ingest

import "plantroom"

// docket gathers what the deliveries of one transaction bring for the
// detectors, by gateway: Core then writes the state of a detector once for all
// of them, not once for each.
type docket struct {
	cases []docketed // as their gateways were first heard
	spare []plantroom.Reading
}

// docketed is what one gateway has brought.
type docketed struct {
	lane     *lane // the last that was heard, which keeps Core's Latest
	readings []plantroom.Reading
	joined   bool // readings is a copy, of more than one delivery
}

// add takes the new readings of a delivery; none says that the gateway was
// heard. Those of a single delivery are not copied.
func (d *docket) add(l *lane, rs []plantroom.Reading) {
	c := d.of(l.gateway)
	c.lane = l
	switch {
	case len(c.readings) == 0:
		c.readings = rs
	case len(rs) > 0:
		if !c.joined {
			c.joined = true
			c.readings = append(d.spare, c.readings...)
			d.spare = nil
		}
		c.readings = append(c.readings, rs...)
	}
}

func (d *docket) of(gw plantroom.GatewayID) *docketed {
	for n := range d.cases {
		if d.cases[n].lane.gateway == gw {
			return &d.cases[n]
		}
	}
	d.cases = append(d.cases, docketed{})
	return &d.cases[len(d.cases)-1]
}

// judge lets Core judge everything, each gateway's readings in their order.
func (d *docket) judge(core Core, tx plantroom.Tx, now plantroom.Instant) error {
	defer d.clear()
	for _, c := range d.cases {
		gw := c.lane.gateway
		if err := core.Judge(tx, now, gw, c.readings); err != nil {
			return err
		}
		if latest := core.Latest(gw); latest != nil {
			c.lane.next.latest = latest
		}
	}
	return nil
}

// clear takes everything off and keeps the memory of one copy for the next.
func (d *docket) clear() {
	for _, c := range d.cases {
		if c.joined && cap(c.readings) > cap(d.spare) {
			clear(c.readings)
			d.spare = c.readings[:0]
		}
	}
	clear(d.cases)
	d.cases = d.cases[:0]
}
