package ingest

import (
	"slices"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Stages of quarantine.
const (
	stageGateway = "gateway"
	stageWire    = "wire"
	stageCheck   = "check"
	stageInflux  = "influx"
)

// reader turns deliveries into parcels. It knows nothing of what came before,
// so that it can work ahead of the judge in a goroutine of its own.
type reader struct {
	opt      *Options
	counters *Counters
	records  *wire.Decoder
	routes   *routes
}

func newReader(o *Options, c *Counters) reader {
	return reader{opt: o, counters: c, records: new(wire.Decoder), routes: newRoutes(o)}
}

// read never fails: what cannot be understood is a parcel that says so.
func (r *reader) read(d Delivery, now plantroom.Instant) *parcel {
	p := newParcel()
	if err := r.open(p, d, now); err != nil {
		gw := p.gateway
		p.free()
		p = newParcel()
		p.gateway = gw
		p.whole = &plantroom.Quarantined{
			Gateway: gw, At: now, Stage: stageWire, Source: clip(d.Topic, wire.MaxSource),
			Reason: plantroom.MessageOf(err), Raw: clipRaw(d.Payload),
		}
	}
	return p
}

func (r *reader) open(p *parcel, d Delivery, now plantroom.Instant) error {
	estate, gw, leaf, err := wire.ParseTopic(d.Topic)
	if err != nil {
		return err
	}
	if estate != r.opt.Estate {
		return plantroom.Errorf(plantroom.CodeForbidden, "topic of estate %s: this server serves %s", estate, r.opt.Estate)
	}
	p.gateway, p.leaf = gw, leaf
	if !slices.Contains(r.opt.Gateways, gw) {
		return plantroom.Errorf(plantroom.CodeNotFound, "gateway %s is not one of estate %s; add it to the estate's file", gw, estate)
	}
	switch leaf {
	case wire.Up:
		return r.batch(p, d.Payload, now)
	case wire.StateLeaf:
		p.state, err = wire.DecodeState(d.Payload)
		if err == nil {
			err = sameGateway(gw, p.state.Gateway)
		}
		return err
	}
	return plantroom.Errorf(plantroom.CodeForbidden, "topic leaf %s is for the services to speak on", leaf)
}

func sameGateway(topic, body plantroom.GatewayID) error {
	if topic != body {
		return plantroom.Errorf(plantroom.CodeForbidden, "message of gateway %s on the topic of %s", body, topic)
	}
	return nil
}

func (r *reader) batch(p *parcel, payload []byte, now plantroom.Instant) error {
	b, err := wire.DecodeBatch(payload)
	if err != nil {
		return err
	}
	if err := sameGateway(p.gateway, b.Gateway); err != nil {
		return err
	}
	p.epoch, p.base, p.first = b.Epoch, min(b.Base, b.First), b.First
	p.behind = behind(b.Sent, now)
	for n, raw := range b.Records {
		r.record(p, b.First+uint64(n), raw, now)
		p.marks = append(p.marks, mark{
			int32(len(p.readings)), int32(len(p.points)), int32(len(p.aside)), int32(len(p.gaps)),
		})
	}
	r.counters.records.Add(int64(len(p.marks)))
	r.counters.readings.Add(int64(len(p.readings)))
	return nil
}

func (r *reader) record(p *parcel, seq uint64, raw []byte, now plantroom.Instant) {
	rec, err := r.records.Record(raw)
	switch {
	case err != nil:
		p.setAside(seq, now, stageWire, "record", plantroom.MessageOf(err), raw)
	case rec.Reject != nil:
		p.setAside(seq, now, stageGateway, rec.Reject.Source, rec.Reject.Reason, rec.Reject.Raw)
	case rec.Gap != nil:
		p.gaps = append(p.gaps, *rec.Gap)
	case rec.Dropped:
		p.dropped = append(p.dropped, seq)
	default:
		r.reading(p, seq, rec.Reading, raw, now)
	}
}

func (r *reader) reading(p *parcel, seq uint64, rd plantroom.Reading, raw []byte, now plantroom.Instant) {
	pt, err := r.check(p.gateway, &rd, now)
	if err != nil {
		p.setAside(seq, now, stageCheck, string(rd.Device)+"/"+rd.Signal, plantroom.MessageOf(err), raw)
		return
	}
	p.readings = append(p.readings, p.placed(rd, now))
	p.points = append(p.points, pt)
	for _, d := range r.opt.Core.Derive(rd) {
		r.counters.derived.Add(1)
		pt, err := r.check(p.gateway, &d, now)
		if err != nil {
			raw, _ := wire.AppendRecord(nil, plantroom.Record{Reading: d})
			p.setAside(seq, now, stageCheck, string(d.Device)+"/"+d.Signal, "derived: "+plantroom.MessageOf(err), raw)
			continue
		}
		p.points = append(p.points, pt)
	}
}

// check resolves and validates a reading and makes the point of it. A gateway
// can speak for its own devices only: one that is broken, or broken into, must
// not report the lift of another building as running.
func (r *reader) check(from plantroom.GatewayID, rd *plantroom.Reading, now plantroom.Instant) (plantroom.Point, error) {
	rt, err := r.routes.find(rd)
	if err != nil {
		return plantroom.Point{}, err
	}
	if rt.gateway != "" && rt.gateway != from {
		return plantroom.Point{}, plantroom.Errorf(plantroom.CodeForbidden,
			"device %s stands behind gateway %s, not %s; if it has moved, correct the estate's file", rd.Device, rt.gateway, from)
	}
	if err := rt.signal.Check(rd.Value); err != nil {
		return plantroom.Point{}, err
	}
	if err := checkTime(rd.At, now); err != nil {
		return plantroom.Point{}, err
	}
	return plantroom.Point{
		Series: rt.series, Signal: rt.signal.Name, Value: rd.Value, Quality: rd.Quality, At: rd.At,
	}, nil
}

func checkTime(at, now plantroom.Instant) error {
	switch {
	case at < earliest:
		return plantroom.Errorf(plantroom.CodeInvalid, "time %s lies before %s; the device's or the gateway's clock is not set", at.Time().Format("2006-01-02T15:04:05Z"), earliest)
	case at.Sub(now) > maxFuture:
		return plantroom.Errorf(plantroom.CodeInvalid, "time %s lies more than %s ahead of the server's %s; check the clocks", at, plantroom.Duration(maxFuture), now)
	}
	return nil
}

func (p *parcel) setAside(seq uint64, now plantroom.Instant, stage, source, reason string, raw []byte) {
	p.aside = append(p.aside, plantroom.Quarantined{
		Gateway: p.gateway, Epoch: p.epoch, Seq: seq, At: now,
		Stage: stage, Source: source, Reason: reason, Raw: clipRaw(raw),
	})
}

// clipRaw copies at most MaxRaw bytes, because the payload is not ours to keep.
func clipRaw(b []byte) []byte { return slices.Clone(b[:min(len(b), plantroom.MaxRaw)]) }

func clip(s string, n int) string { return s[:min(len(s), n)] }
