package dispatch

import (
	"plantroom"
)

// A claim of a repair is contradicted by a sensor that goes on seeing the
// fault. One that is silent sees nothing: while it or its gateway is not heard,
// a claim is neither proved nor contradicted, and the clock goes on.

// blinds reports whether an incident means that the sensors of an asset may not
// be heard.
func (b *book) blinds(in plantroom.Incident, asset plantroom.AssetID) bool {
	if in.Domain != plantroom.DevicesDomain {
		return false
	}
	if in.Asset == asset {
		return true
	}
	_, behind := b.gateways[asset][plantroom.GatewayID(in.Asset)]
	return behind
}

// Why nothing can contradict a claim yet.
const (
	unheard = "its sensor or gateway is silent: the claim can be neither proved nor contradicted"
	aPart   = "it is a part: what the sensor says of the whole decides"
	undone  = "a part of it is not done: the sensor may see the fault for that"
)

// bySight reports whether the sensors of an asset are what tells of the orders of a
// domain. Of a silence it is the silence, and of an alert the system that sends it.
func bySight(d plantroom.DomainName) bool {
	return d != plantroom.DevicesDomain && d != plantroom.AlertsDomain
}

// blind says why nothing can contradict a claim on an order now, "" where a
// sensor can: its sensors may not be heard, or a part is not done. An order about
// that very silence is never blind for it: not to hear is its evidence.
func (d *Desk) blind(tx plantroom.Tx, o plantroom.WorkOrder) (string, error) {
	if o.PartOf != "" {
		return aPart, nil
	}
	for _, id := range o.Parts {
		part, err := tx.Order(id)
		if err != nil {
			return "", err
		}
		if !finished(part.State) {
			return undone, nil
		}
	}
	if !bySight(o.Domain) {
		return "", nil
	}
	open, err := tx.OpenIncidents()
	for _, in := range open {
		if in.State == plantroom.IncidentOpen && d.book.blinds(in, o.Asset) {
			return unheard, nil
		}
	}
	return "", err
}

// resight lets the claims on the assets that a silence concerns wait, or be
// watched again.
func (d *Desk) resight(tx plantroom.Tx, now plantroom.Instant, silence plantroom.Incident) error {
	if silence.Domain != plantroom.DevicesDomain {
		return nil
	}
	claimed := plantroom.OrderFilter{Open: true, States: []plantroom.OrderState{plantroom.Restored}}
	return each(tx, claimed, func(o plantroom.WorkOrder) (err error) {
		if o.PartOf != "" { // its whole may have moved it a moment ago
			if o, err = tx.Order(o.ID); err != nil {
				return err
			}
		}
		if !bySight(o.Domain) || !d.book.blinds(silence, o.Asset) {
			return nil
		}
		blind, err := d.blind(tx, o)
		if err != nil {
			return err
		}
		in, err := d.behind(tx, o)
		if err != nil {
			return err
		}
		dec := d.book.sight(now, o, in, blind)
		if err := write(tx, o, dec); err != nil {
			return err
		}
		return d.contradictParts(tx, now, o, dec.order)
	})
}

// sight notes that the sensors behind a claim fell silent or are heard again.
func (b *book) sight(now plantroom.Instant, o plantroom.WorkOrder, in plantroom.Incident, blind string) *decision {
	d := b.decide(now, o, in)
	d.settle() // what has come due comes first
	if d.order.State == plantroom.Restored {
		d.watch(blind)
	}
	return d.finish()
}

// watch has the sensor's word count against the claim from now on, or, where it
// is blind for a reason, not until that has gone.
func (d *decision) watch(blind string) {
	o := &d.order
	switch {
	case blind != "" && !o.Watched.IsZero():
		o.Watched = 0
		d.row("order.unwatched", bySystem, entry{Reason: blind})
	case blind == "" && o.Watched.IsZero():
		o.Watched = d.now
		d.row("order.watched", bySystem, entry{Reason: "its sensor is heard: it can prove or contradict the claim"})
	}
}
