// Package detect runs the domains' detectors over readings and makes
// incidents of their verdicts: one per rule, asset and episode. It also sees
// silence: a device or a gateway that is not heard any more.
//
// It does no I/O, starts no goroutine and reads no clock. It raises no orders
// and stores nothing: the caller takes its Effects and writes them in one
// transaction with the progress of the gateway that was judged. An Engine
// whose effects could not be written knows more than the store does; write
// the same Effects again, or make a new Engine and Restore it.
package detect

import (
	"cmp"
	"fmt"
	"slices"

	"plantroom"
)

// Options are what an Engine needs to know.
type Options struct {
	Estate  plantroom.Estate
	Domains []plantroom.Domain
	// Clean says how many clean cycles prove a repair, where a contract asks
	// for another number than the rule's. nil: the rule's number. What it
	// returns is held between 1 and MaxClean.
	Clean func(a plantroom.Asset, rule plantroom.RuleID, ruleDefault int) int
}

// MaxClean is the greatest number of clean cycles that can be asked for.
const MaxClean = 100

// Effects are the consequences of what an Engine has been told. All of them
// belong into one transaction.
type Effects struct {
	Events []plantroom.IncidentEvent // in order
	Dirty  []plantroom.Detection     // detector state to keep
	Latest map[plantroom.GatewayID][]byte
}

// Engine judges readings. Resolve and Derive may be called from several
// goroutines at any time; everything else from one at a time.
type Engine struct {
	clean   func(plantroom.Asset, plantroom.RuleID, int) int
	devices map[plantroom.DeviceID]*device // fixed after New, but for what the judging goroutine keeps in them

	gateways    map[plantroom.GatewayID]*gateway
	order       []*gateway // the estate's, in its order
	detections  []*detection
	silences    []*silence
	byWatch     map[watchKey]*watch
	byDetection map[watchKey]*detection

	started  plantroom.Instant
	schedule schedule
	orphans  []plantroom.Incident

	events []plantroom.IncidentEvent
	dirty  []*detection
}

// New makes an engine for an estate. It fails with CodeInvalid where an asset
// is of no known domain or kind, or a device is on no asset, naming it.
func New(o Options) (*Engine, error) {
	e := &Engine{
		clean:       o.Clean,
		devices:     map[plantroom.DeviceID]*device{},
		gateways:    map[plantroom.GatewayID]*gateway{},
		byWatch:     map[watchKey]*watch{},
		byDetection: map[watchKey]*detection{},
	}
	e.addGateways(o.Estate)
	assets, err := e.addAssets(o)
	if err != nil {
		return nil, err
	}
	for _, d := range o.Estate.Devices {
		if err := e.addDevice(d, assets); err != nil {
			return nil, err
		}
	}
	for _, a := range o.Estate.Assets {
		e.addSilence(assets[a.ID])
	}
	return e, nil
}

// asset is a watched asset with what its domain knows.
type asset struct {
	plantroom.Asset
	domain     *plantroom.Domain
	detections []*detection
	devices    []*device
}

func (e *Engine) addAssets(o Options) (map[plantroom.AssetID]*asset, error) {
	domains := map[plantroom.DomainName]*plantroom.Domain{}
	for i := range o.Domains {
		domains[o.Domains[i].Name] = &o.Domains[i]
	}
	assets := map[plantroom.AssetID]*asset{}
	for _, a := range o.Estate.Assets {
		d := domains[a.Domain]
		switch {
		case d == nil:
			return nil, invalid("asset %s is of the domain %q, which does not exist", a.ID, a.Domain)
		case !slices.Contains(d.Kinds, a.Kind):
			return nil, invalid("asset %s is of the kind %q; %s knows %v", a.ID, a.Kind, d.Name, d.Kinds)
		case assets[a.ID] != nil:
			return nil, invalid("asset %s exists twice", a.ID)
		}
		as := &asset{Asset: a, domain: d}
		assets[a.ID] = as
		for i := range d.Rules {
			if rule := &d.Rules[i]; rule.AppliesTo(a.Kind) {
				as.detections = append(as.detections, e.addDetection(as, rule))
			}
		}
	}
	return assets, nil
}

func (e *Engine) addDetection(a *asset, rule *plantroom.Rule) *detection {
	d := &detection{
		watch:   e.newWatch(a.Asset, a.Domain, rule),
		signals: rule.Signals,
		det:     rule.New(a.Asset),
	}
	d.task = e.newTask(d)
	e.detections = append(e.detections, d)
	e.byWatch[d.key()] = d.watch
	e.byDetection[d.key()] = d
	return d
}

func (e *Engine) addDevice(d plantroom.Device, assets map[plantroom.AssetID]*asset) error {
	a := assets[d.Asset]
	switch {
	case a == nil:
		return invalid("device %s is on the asset %q, which does not exist", d.ID, d.Asset)
	case e.devices[d.ID] != nil:
		return invalid("device %s exists twice", d.ID)
	case d.Gateway != "" && e.gateways[d.Gateway] == nil:
		return invalid("device %s is behind the gateway %q, which does not exist", d.ID, d.Gateway)
	}
	dev := &device{id: d.ID, asset: a, interval: d.Interval, gateway: e.gateways[d.Gateway]}
	add := func(s plantroom.Signal, measurement string) {
		ch := &channel{device: dev, spec: s, measurement: measurement}
		for _, det := range a.detections {
			if slices.Contains(det.signals, s.Name) {
				ch.detections = append(ch.detections, det)
				det.behind(dev.gateway)
			}
		}
		dev.channels = append(dev.channels, ch)
	}
	for _, s := range a.domain.Signals {
		add(s, a.domain.Measurement)
	}
	for _, s := range plantroom.DeviceSignals() {
		if dev.channel(s.Name) == nil {
			add(s, plantroom.DeviceMeasurement)
		}
	}
	a.devices = append(a.devices, dev)
	e.devices[d.ID] = dev
	return nil
}

// device is a device with what the engine keeps of it.
type device struct {
	id       plantroom.DeviceID
	asset    *asset
	gateway  *gateway // nil: not behind one
	interval plantroom.Duration
	channels []*channel

	last    plantroom.Instant // last sign of life
	newest  plantroom.Instant // newest source time of any signal
	silent  bool
	silence *silence // nil: its silence is not judged
}

// channel is one signal of one device.
type channel struct {
	device      *device
	spec        plantroom.Signal
	measurement string
	detections  []*detection

	latest plantroom.Instant // newest source time that was judged
	via    *gateway          // through which it came
}

func (d *device) channel(signal string) *channel {
	for _, ch := range d.channels {
		if ch.spec.Name == signal {
			return ch
		}
	}
	return nil
}

// Resolve says to what a reading belongs and whether it can be true: unknown
// device or signal: CodeNotFound; a value that the signal cannot have:
// CodeInvalid. Its time is CheckTime's business.
func (e *Engine) Resolve(r plantroom.Reading) (plantroom.Asset, plantroom.Signal, string, error) {
	dev := e.devices[r.Device]
	if dev == nil {
		return plantroom.Asset{}, plantroom.Signal{}, "",
			plantroom.Errorf(plantroom.CodeNotFound, "device %q is not in the estate; add it to the estate's file", r.Device)
	}
	ch := dev.channel(r.Signal)
	if ch == nil {
		return plantroom.Asset{}, plantroom.Signal{}, "",
			plantroom.Errorf(plantroom.CodeNotFound, "device %s: the domain %s has no signal %q", r.Device, dev.asset.Domain, r.Signal)
	}
	if err := ch.spec.Check(r.Value); err != nil {
		return plantroom.Asset{}, plantroom.Signal{}, "",
			plantroom.Errorf(plantroom.CodeInvalid, "device %s: %w", r.Device, err)
	}
	return dev.asset.Asset, ch.spec, ch.measurement, nil
}

// Derive makes the further readings of one (fill from distance), which have
// to be resolved, stored and observed like the one that they come from.
func (e *Engine) Derive(r plantroom.Reading) []plantroom.Reading {
	dev := e.devices[r.Device]
	if dev == nil || dev.asset.domain.Derive == nil {
		return nil
	}
	return dev.asset.domain.Derive(dev.asset.Asset, r)
}

// Take returns what has happened since the last Take, and clears it.
func (e *Engine) Take() Effects {
	fx := Effects{Events: e.events}
	e.events = nil
	if len(e.dirty) > 0 {
		slices.SortFunc(e.dirty, func(a, b *detection) int { return cmp.Compare(a.task.order, b.task.order) })
		fx.Dirty = make([]plantroom.Detection, len(e.dirty))
		for i, d := range e.dirty {
			fx.Dirty[i] = plantroom.Detection{Rule: d.rule, Asset: d.asset.ID, State: d.det.State()}
			d.dirty = false
		}
		e.dirty = e.dirty[:0]
	}
	for id, g := range e.gateways {
		if g.moved {
			g.moved = false
			if fx.Latest == nil {
				fx.Latest = map[plantroom.GatewayID][]byte{}
			}
			fx.Latest[id] = g.appendLatest(nil)
		}
	}
	return fx
}

// Wake returns when Tick next matters, zero for not before the next reading.
// It may be early, and is never late.
func (e *Engine) Wake() plantroom.Instant { return e.schedule.next() }

// Orphans returns the incidents given to Restore whose asset or rule does not
// exist any more. Nothing can close them but a human.
func (e *Engine) Orphans() []plantroom.Incident { return slices.Clone(e.orphans) }

func invalid(format string, args ...any) error {
	return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "build detectors", Message: fmt.Sprintf(format, args...),
		Hint: "correct the estate's file"}
}
