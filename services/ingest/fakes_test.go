package ingest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"plantroom"
	"plantroom/services/ingest"
)

// memStore is a store in memory with what ingest uses of one: transactions
// that happen or do not, on progress, gaps, quarantine and detections.
type memStore struct {
	mu        sync.Mutex
	committed tables
	fail      func() error // asked before each commit; nil: works
	again     int          // so many times the function is run twice, as after a conflict
	commits   int
}

type tables struct {
	progress   map[string]plantroom.Progress
	gaps       map[string]plantroom.Gap
	quarantine []plantroom.Quarantined
	detections map[string][]byte
}

func newMemStore() *memStore {
	return &memStore{committed: tables{
		progress: map[string]plantroom.Progress{}, gaps: map[string]plantroom.Gap{}, detections: map[string][]byte{},
	}}
}

func (s *memStore) View(_ context.Context, f func(plantroom.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(&memTx{tables: s.committed})
}

func (s *memStore) Update(_ context.Context, f func(plantroom.Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	try := func() (*memTx, error) {
		tx := &memTx{own: map[string]bool{}, tables: tables{
			progress: maps.Clone(s.committed.progress), gaps: maps.Clone(s.committed.gaps),
			quarantine: slices.Clone(s.committed.quarantine), detections: maps.Clone(s.committed.detections),
		}}
		return tx, f(tx)
	}
	tx, err := try()
	if err == nil && s.again > 0 {
		s.again--
		tx, err = try()
	}
	if err == nil && s.fail != nil {
		err = s.fail()
	}
	if err != nil {
		return err
	}
	s.committed = tx.tables
	s.commits++
	return nil
}

type memTx struct {
	plantroom.Tx // whatever else is called is a fault in the test: nil
	tables
	own map[string]bool // detections that this transaction has copied
}

func spool(gw plantroom.GatewayID, epoch uint64) string { return fmt.Sprintf("%s/%d", gw, epoch) }

func (t *memTx) AllProgress() ([]plantroom.Progress, error) {
	return slices.Collect(maps.Values(t.progress)), nil
}

func (t *memTx) PutProgress(p plantroom.Progress) error {
	if p.Stored > p.Seen {
		return fmt.Errorf("stored %d beyond seen %d", p.Stored, p.Seen)
	}
	t.progress[spool(p.Gateway, p.Epoch)] = p
	return nil
}

func (t *memTx) PutGap(gw plantroom.GatewayID, epoch uint64, g plantroom.Gap) error {
	key := fmt.Sprintf("%s/%d", spool(gw, epoch), g.First)
	if _, ok := t.gaps[key]; !ok {
		t.gaps[key] = g
	}
	return nil
}

func (t *memTx) PutQuarantine(qs ...plantroom.Quarantined) error {
	for _, q := range qs {
		same := func(o plantroom.Quarantined) bool {
			return q.Seq != 0 && o.Gateway == q.Gateway && o.Epoch == q.Epoch && o.Seq == q.Seq && o.Stage == q.Stage && o.Source == q.Source
		}
		if !slices.ContainsFunc(t.quarantine, same) {
			t.quarantine = append(t.quarantine, q)
		}
	}
	return nil
}

func (t *memTx) QuarantineCount() (int64, error) { return int64(len(t.quarantine)), nil }

func (t *memTx) Detections() ([]plantroom.Detection, error) {
	var ds []plantroom.Detection
	for id, b := range t.detections {
		ds = append(ds, plantroom.Detection{Asset: plantroom.AssetID(id), State: b})
	}
	return ds, nil
}

// PutDetections adds to what is there: a fake engine's state is all that it
// was ever shown.
func (t *memTx) PutDetections(ds []plantroom.Detection) error {
	for _, d := range ds {
		have := t.detections[string(d.Asset)]
		if !t.own[string(d.Asset)] { // another transaction may have made it longer, and failed
			have = slices.Clone(have)
			t.own[string(d.Asset)] = true
		}
		t.detections[string(d.Asset)] = append(have, d.State...)
	}
	return nil
}

func eight(at plantroom.Instant) []byte { return binary.BigEndian.AppendUint64(nil, uint64(at)) }

// trimTx is a memTx that can bound its quarantine.
type trimStore struct{ *memStore }

func (s trimStore) Update(ctx context.Context, f func(plantroom.Tx) error) error {
	return s.memStore.Update(ctx, func(tx plantroom.Tx) error { return f(trimTx{tx.(*memTx)}) })
}

type trimTx struct{ *memTx }

func (t trimTx) TrimQuarantine(keep int64) (int64, error) {
	drop := max(0, int64(len(t.quarantine))-keep)
	t.quarantine = t.quarantine[drop:]
	return drop, nil
}

// core is a detection engine that remembers, per device, each time that it
// was shown: in memory as engines do, and in the store in the transaction.
type core struct {
	mu     sync.Mutex
	shown  map[plantroom.DeviceID][]plantroom.Instant
	latest map[plantroom.GatewayID][]byte
	online map[plantroom.GatewayID]bool
	heard  int
	ticked plantroom.Instant
	fail   func(plantroom.GatewayID) error
}

func newCore() *core {
	return &core{
		shown: map[plantroom.DeviceID][]plantroom.Instant{}, latest: map[plantroom.GatewayID][]byte{},
		online: map[plantroom.GatewayID]bool{},
	}
}

var signals = map[string]plantroom.Signal{
	"distance_m": {Name: "distance_m", Kind: plantroom.FloatKind, Unit: "m", Min: 0, Max: 5},
	"fill":       {Name: "fill", Kind: plantroom.FloatKind, Min: 0, Max: 1},
	"status":     {Name: "status", Kind: plantroom.StringKind, Values: []string{"ok", "burning"}},
}

// settled is a device that one gateway alone may report.
const (
	settled     = "bin-settled"
	settledWith = plantroom.GatewayID("gw-b2")
)

func (c *core) Resolve(r plantroom.Reading) (plantroom.Origin, error) {
	s, known := signals[r.Signal]
	if !strings.HasPrefix(string(r.Device), "bin-") {
		return plantroom.Origin{}, plantroom.Errorf(plantroom.CodeNotFound, "device %s is not in the estate's file", r.Device)
	}
	if !known {
		return plantroom.Origin{}, plantroom.Errorf(plantroom.CodeNotFound, "device %s has no signal %s", r.Device, r.Signal)
	}
	o := plantroom.Origin{Asset: plantroom.Asset{ID: "asset-" + plantroom.AssetID(r.Device), Building: "b1"}, Signal: s, Measurement: "bin"}
	if r.Device == settled {
		o.Gateway = settledWith
	}
	return o, s.Check(r.Value)
}

func (c *core) Derive(r plantroom.Reading) []plantroom.Reading {
	if r.Signal != "distance_m" {
		return nil
	}
	r.Signal, r.Value = "fill", plantroom.Float(1-r.Value.Num()/4) // beyond 4 m it is impossible
	return []plantroom.Reading{r}
}

func (c *core) Judge(tx plantroom.Tx, _ plantroom.Instant, gw plantroom.GatewayID, rs []plantroom.Reading) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(rs) == 0 {
		c.heard++
	}
	for _, r := range rs {
		c.shown[r.Device] = append(c.shown[r.Device], r.At)
		c.latest[gw] = fmt.Append(nil, r.At)
		if err := tx.PutDetections([]plantroom.Detection{{Asset: plantroom.AssetID(r.Device), State: eight(r.At)}}); err != nil {
			return err
		}
	}
	if c.fail != nil {
		return c.fail(gw)
	}
	return nil
}

func (c *core) Heard(_ plantroom.Tx, _ plantroom.Instant, gw plantroom.GatewayID, online bool) error {
	c.online[gw] = online
	return nil
}

func (c *core) Tick(_ plantroom.Tx, now plantroom.Instant) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticked = now
	return nil
}

func (c *core) Latest(gw plantroom.GatewayID) []byte { return c.latest[gw] }

func (c *core) Reload(ctx context.Context, s plantroom.Store) error {
	return s.View(ctx, func(tx plantroom.Tx) error {
		ds, err := tx.Detections()
		if err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		clear(c.shown)
		for _, d := range ds {
			for b := d.State; len(b) > 0; b = b[8:] {
				at := plantroom.Instant(binary.BigEndian.Uint64(b))
				c.shown[plantroom.DeviceID(d.Asset)] = append(c.shown[plantroom.DeviceID(d.Asset)], at)
			}
		}
		return nil
	})
}

// writer is a time-series database in memory. It fails the test on whatever
// InfluxDB would not forgive.
type writer struct {
	t      testing.TB
	mu     sync.Mutex
	held   map[cell]plantroom.Value
	kinds  map[string]plantroom.ValueKind
	down   error
	refuse func(plantroom.Point) string
	sizes  []int
}

// cell is where a value stands: series, field and time.
type cell struct {
	series plantroom.Series
	signal string
	at     plantroom.Instant
}

func newWriter(t testing.TB) *writer {
	return &writer{t: t, held: map[cell]plantroom.Value{}, kinds: map[string]plantroom.ValueKind{}}
}

var errDown = errors.New("connection refused")

func (w *writer) Write(_ context.Context, ps []plantroom.Point) ([]plantroom.Refused, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(ps) == 0 || len(ps) > 5000 {
		w.t.Errorf("a write of %d points", len(ps))
	}
	if w.down != nil {
		return nil, w.down
	}
	w.sizes = append(w.sizes, len(ps))
	var refused []plantroom.Refused
	for i, p := range ps {
		if w.refuse != nil {
			if why := w.refuse(p); why != "" {
				refused = append(refused, plantroom.Refused{Index: i, Reason: why})
				continue
			}
		}
		w.check(p)
		w.held[cell{*p.Series, p.Signal, p.At}] = p.Value
	}
	return refused, nil
}

func (w *writer) check(p plantroom.Point) {
	switch {
	case math.IsNaN(p.Value.Num()), p.Value.Kind() == plantroom.NoValue, p.At < 1_500_000_000_000_000_000:
		w.t.Errorf("impossible point %s %s at %s", p.Signal, p.Value, p.At)
	case p.Series.Measurement != "bin", p.Series.Estate != "story", p.Series.Building != "b1", p.Series.Asset != "asset-"+plantroom.AssetID(p.Series.Device):
		w.t.Errorf("wrong series %+v", *p.Series)
	}
	if k, ok := w.kinds[p.Signal]; ok && k != p.Value.Kind() {
		w.t.Errorf("field %s changes its type from %s to %s", p.Signal, k, p.Value.Kind())
	}
	w.kinds[p.Signal] = p.Value.Kind()
}

// has reports whether a reading is held.
func (w *writer) has(r plantroom.Reading) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := plantroom.Series{Measurement: "bin", Estate: "story", Building: "b1", Asset: "asset-" + plantroom.AssetID(r.Device), Device: r.Device}
	v, ok := w.held[cell{s, r.Signal, r.At}]
	return ok && v == r.Value
}

// rig is an Ingest with its surroundings.
type rig struct {
	t      testing.TB
	store  *memStore
	core   *core
	writer *writer
	opt    ingest.Options
	in     *ingest.Ingest
	now    plantroom.Instant
	url    string // of a real InfluxDB
}

const start = plantroom.Instant(1_800_000_000_000_000_000)

func newRig(t testing.TB, change ...func(*ingest.Options)) *rig {
	r := &rig{t: t, store: newMemStore(), core: newCore(), writer: newWriter(t), now: start}
	r.opt = ingest.Options{
		Store: r.store, Core: r.core, Writer: r.writer, Estate: "story",
		Gateways: []plantroom.GatewayID{"gw-b1", "gw-b2"},
	}
	for _, f := range change {
		f(&r.opt)
	}
	r.in = ingest.New(r.opt)
	return r
}

// crash forgets all that is in memory, and starts again from the store.
func (r *rig) crash() {
	r.t.Helper()
	r.core = newCore()
	if err := r.core.Reload(r.t.Context(), r.store); err != nil {
		r.t.Fatal(err)
	}
	r.opt.Core = r.core
	r.in = ingest.New(r.opt)
}

// up is a gateway's batch on its topic.
func up(t testing.TB, gw plantroom.GatewayID, b wireBatch) ingest.Delivery {
	t.Helper()
	b.Gateway = gw
	return ingest.Delivery{Topic: "plantroom/1/story/" + string(gw) + "/up", Payload: encode(t, b)}
}

func (r *rig) judge(ds ...ingest.Delivery) []ingest.GatewayAck {
	r.t.Helper()
	acks, err := r.in.Judge(r.t.Context(), r.now, ds...)
	if err != nil {
		r.t.Fatal(err)
	}
	return acks
}

func (r *rig) flush() []ingest.GatewayAck {
	r.t.Helper()
	acks, err := r.in.Flush(r.t.Context(), r.now)
	if err != nil {
		r.t.Fatal(err)
	}
	return acks
}

func (r *rig) tick() []ingest.GatewayAck {
	r.t.Helper()
	acks, err := r.in.Tick(r.t.Context(), r.now)
	if err != nil {
		r.t.Fatal(err)
	}
	return acks
}
