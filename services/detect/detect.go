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
	// for another number than the rule's. It is asked when an incident opens,
	// with the server's time. nil: the rule's number. What it returns is held
	// between 1 and MaxClean.
	Clean func(now plantroom.Instant, a plantroom.Asset, rule plantroom.RuleID, ruleDefault int) int
}

// MaxClean is the greatest number of clean cycles that can be asked for; the
// domains' detectors count no further.
const MaxClean = 100

// Effects are the consequences of what an Engine has been told. All of them
// belong into one transaction.
type Effects struct {
	Events []plantroom.IncidentEvent // in order
	Dirty  []plantroom.Detection     // detector state to keep
	// Latest is, for each gateway with news, what Progress.Latest has to hold.
	Latest map[plantroom.GatewayID][]byte
}

// Engine judges readings. Resolve and Derive may be called from several
// goroutines at any time; everything else from one at a time.
type Engine struct {
	clean   func(plantroom.Instant, plantroom.Asset, plantroom.RuleID, int) int
	devices map[plantroom.DeviceID]*device // fixed after New, but for what the judging goroutine keeps in them

	gateways    map[plantroom.GatewayID]*gateway
	order       []*gateway // the estate's, in its order
	detections  []*detection
	silences    []*silence
	byWatch     map[watchKey]*watch
	byDetection map[watchKey]*detection

	started  plantroom.Instant
	schedule schedule

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
	devices := make([]device, len(o.Estate.Devices)) // side by side, as their gateways tell of them
	for i, d := range o.Estate.Devices {
		if err := e.addDevice(&devices[i], d, assets); err != nil {
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
	words      *vocabulary
	detections []*detection
	devices    []*device
}

func (e *Engine) addAssets(o Options) (map[plantroom.AssetID]*asset, error) {
	domains := map[plantroom.DomainName]*plantroom.Domain{}
	for i := range o.Domains {
		domains[o.Domains[i].Name] = &o.Domains[i]
	}
	type kind struct {
		domain plantroom.DomainName
		kind   string
	}
	words := map[kind]*vocabulary{}
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
		k := kind{a.Domain, a.Kind}
		if words[k] == nil {
			words[k] = vocabularyOf(d, a.Kind)
		}
		as := &asset{Asset: a, domain: d, words: words[k]}
		assets[a.ID] = as
		for i := range d.Rules {
			if rule := &d.Rules[i]; rule.AppliesTo(a.Kind) {
				if rule.New == nil {
					return nil, invalid("asset %s is of the domain %s, which has no assets: its rules are about those of others", a.ID, d.Name)
				}
				as.detections = append(as.detections, e.addDetection(as, rule))
			}
		}
	}
	return assets, nil
}

func (e *Engine) addDetection(a *asset, rule *plantroom.Rule) *detection {
	d := &detection{
		watch: watch{rule: rule.ID, domain: a.Domain, byRule: rule.Clean, asset: a.Asset},
		spec:  rule,
		det:   rule.New(a.Asset),
	}
	e.know(&d.watch)
	d.task = e.newTask(d)
	e.detections = append(e.detections, d)
	e.byDetection[d.key()] = d
	return d
}

func (e *Engine) addDevice(dev *device, d plantroom.Device, assets map[plantroom.AssetID]*asset) error {
	a := assets[d.Asset]
	switch {
	case a == nil:
		return invalid("device %s is on the asset %q, which does not exist", d.ID, d.Asset)
	case e.devices[d.ID] != nil:
		return invalid("device %s exists twice", d.ID)
	case d.Gateway != "" && e.gateways[d.Gateway] == nil:
		return invalid("device %s is behind the gateway %q, which does not exist", d.ID, d.Gateway)
	}
	*dev = device{
		words: a.words, detections: a.detections, latest: make([]plantroom.Instant, len(a.words.names)),
		gateway: e.gateways[d.Gateway], id: d.ID, asset: a, interval: d.Interval,
	}
	for _, det := range a.detections {
		det.behind(dev.gateway)
	}
	a.devices = append(a.devices, dev)
	e.devices[d.ID] = dev
	return nil
}

// device is a device with what the engine keeps of it. What every reading
// touches stands first.
type device struct {
	words      *vocabulary
	detections []*detection        // those of its asset
	latest     []plantroom.Instant // per signal: as of when the newest reading was judged
	via        *gateway            // through which it was last heard
	gateway    *gateway            // behind which it stands; nil: behind none
	silence    *silence            // nil: its silence is not judged
	last       plantroom.Instant   // last sign of life
	newest     plantroom.Instant   // newest source time of any signal, none after the server's
	silent     bool
	lead       lead

	id       plantroom.DeviceID
	asset    *asset
	interval plantroom.Duration
}

// vocabulary is what the devices on one kind of asset can say, and who is to
// judge it. All assets of the kind share it.
type vocabulary struct {
	names        []string
	signals      []plantroom.Signal
	measurements []string
	judges       [][]int // per signal: which of the asset's detections look at it
}

func vocabularyOf(d *plantroom.Domain, kind string) *vocabulary {
	words := &vocabulary{}
	add := func(signals []plantroom.Signal, measurement string) {
		for _, s := range signals {
			if words.index(s.Name) < 0 {
				words.names = append(words.names, s.Name)
				words.signals = append(words.signals, s)
				words.measurements = append(words.measurements, measurement)
			}
		}
	}
	add(d.Signals, d.Measurement)
	add(plantroom.DeviceSignals(), plantroom.DeviceMeasurement)
	words.judges = make([][]int, len(words.names))
	n := 0
	for _, rule := range d.Rules {
		if !rule.AppliesTo(kind) {
			continue
		}
		for _, name := range rule.Signals {
			if i := words.index(name); i >= 0 {
				words.judges[i] = append(words.judges[i], n)
			}
		}
		n++
	}
	return words
}

// index finds a signal, -1 where there is none of that name.
func (w *vocabulary) index(signal string) int { return slices.Index(w.names, signal) }

// Resolve says to what a reading belongs and whether it can be true: unknown
// device or signal: CodeNotFound; a value that the signal cannot have:
// CodeInvalid. Its time is CheckTime's business.
func (e *Engine) Resolve(r plantroom.Reading) (plantroom.Origin, error) {
	dev := e.devices[r.Device]
	if dev == nil {
		return plantroom.Origin{}, plantroom.Errorf(plantroom.CodeNotFound, "device %q is not in the estate; add it to the estate's file", r.Device)
	}
	words, i := dev.words, dev.words.index(r.Signal)
	if i < 0 {
		return plantroom.Origin{}, plantroom.Errorf(plantroom.CodeNotFound, "device %s: the domain %s has no signal %q", r.Device, dev.asset.Domain, r.Signal)
	}
	if err := words.signals[i].Check(r.Value); err != nil {
		return plantroom.Origin{}, plantroom.Errorf(plantroom.CodeInvalid, "device %s: %w", r.Device, err)
	}
	o := plantroom.Origin{Asset: dev.asset.Asset, Signal: words.signals[i], Measurement: words.measurements[i]}
	if dev.gateway != nil {
		o.Gateway = dev.gateway.id
	}
	return o, nil
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

func invalid(format string, args ...any) error {
	return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "build detectors", Message: fmt.Sprintf(format, args...),
		Hint: "correct the estate's file"}
}
