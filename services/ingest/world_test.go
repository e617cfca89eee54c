package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/ingest"
)

// gatewayModel is a gateway as the protocol describes it: it keeps records
// until they are stored, sends what lies behind its window, and rewinds.
type gatewayModel struct {
	id      plantroom.GatewayID
	device  plantroom.DeviceID
	base    uint64 // oldest record kept
	next    uint64 // number of the next record
	cursor  uint64 // number of the next record to send
	quiet   int    // steps without an answer
	records map[uint64][]byte
	trimmed uint64
}

func (g *gatewayModel) accept(t testing.TB, bad bool) {
	raw := encodeReadings(t, fill(g.device, int(g.next)))[0]
	if bad {
		raw = []byte{0xff, byte(g.next)}
	}
	g.records[g.next] = raw
	g.next++
}

// send makes the next batch; false: there is nothing to send.
func (g *gatewayModel) send(t testing.TB, most int) (ingest.Delivery, bool) {
	g.cursor = max(g.cursor, g.base)
	b := wire.Batch{Epoch: 1, Base: g.base, First: g.cursor}
	for len(b.Records) < most && g.cursor < g.next {
		b.Records = append(b.Records, g.records[g.cursor])
		g.cursor++
	}
	return up(t, g.id, b), len(b.Records) > 0
}

func (g *gatewayModel) acked(a wire.Ack) {
	g.quiet = 0
	for ; g.base <= a.Stored; g.base++ {
		delete(g.records, g.base)
	}
	if a.Rewind {
		g.cursor = a.Stored + 1
	}
}

// TestWorld plays gateways, a network that loses, repeats and swaps, servers
// that crash, a store that fails and a time-series database that is away, and
// then asks whether each accepted record was judged once, in order, and is in
// the database or in quarantine (G1, G2 as far as they are ingest's).
func TestWorld(t *testing.T) {
	seeds := 100
	switch {
	case os.Getenv("PLANTROOM_FULL") == "1":
		seeds = 10_000
	case testing.Short():
		seeds = 10
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			newWorld(t, seed).play()
		})
	}
}

type world struct {
	*rig
	rnd      *rand.Rand
	gateways []*gatewayModel
	wires    []ingest.Delivery // uplinks under way
	acks     []ingest.GatewayAck
	bad      map[string]bool // records that cannot be decoded
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		rig: newRig(t, func(o *ingest.Options) { o.MaxQueue, o.MaxLines = 40, 16 }),
		rnd: rand.New(rand.NewPCG(seed, 1)), bad: map[string]bool{},
	}
	for _, id := range w.opt.Gateways {
		w.gateways = append(w.gateways, &gatewayModel{
			id: id, device: "bin-" + plantroom.DeviceID(id), base: 1, next: 1, cursor: 1, records: map[uint64][]byte{},
		})
	}
	return w
}

func (w *world) chance(percent int) bool { return w.rnd.IntN(100) < percent }

func (w *world) play() {
	for range 400 {
		w.step(true)
	}
	w.writer.down, w.store.fail = nil, nil
	for n := 0; !w.drained(); n++ {
		if n > 2000 {
			w.t.Fatal("the gateways still hold records")
		}
		w.step(false)
	}
	w.verify()
}

// step lets a second pass.
func (w *world) step(trouble bool) {
	w.now = w.now.Add(time.Second)
	for _, g := range w.gateways {
		w.gatewayStep(g, trouble)
	}
	if trouble {
		w.makeTrouble()
	}
	w.network(trouble)
	w.server()
	for _, a := range w.acks {
		if trouble && w.chance(10) {
			continue
		}
		w.checkAck(a)
		i := slices.IndexFunc(w.gateways, func(g *gatewayModel) bool { return g.id == a.Gateway })
		w.gateways[i].acked(a.Ack)
	}
	w.acks = nil
}

func (w *world) gatewayStep(g *gatewayModel, trouble bool) {
	if trouble {
		for range w.rnd.IntN(6) {
			bad := w.chance(3)
			w.bad[spool(g.id, g.next)] = bad
			g.accept(w.t, bad)
		}
	}
	if g.quiet++; g.quiet > 30 { // nobody answers: from the start
		g.quiet, g.cursor = 0, g.base
	}
	for range 1 + w.rnd.IntN(2) {
		if d, ok := g.send(w.t, 1+w.rnd.IntN(20)); ok {
			w.wires = append(w.wires, d)
		}
	}
}

func (w *world) makeTrouble() {
	switch {
	case w.chance(3):
		w.writer.down = errDown
	case w.chance(10):
		w.writer.down = nil
	}
	switch {
	case w.chance(3):
		w.store.fail = func() error {
			if w.chance(70) {
				return errors.New("disk full")
			}
			return nil
		}
	case w.chance(20):
		w.store.fail = nil
	}
	if w.chance(2) {
		fail := w.store.fail
		w.store.fail = nil
		w.crash()
		w.store.fail = fail
	}
	if w.chance(5) {
		w.store.again = 1
	}
}

// network loses, repeats and swaps uplinks.
func (w *world) network(trouble bool) {
	if !trouble {
		return
	}
	w.wires = slices.DeleteFunc(w.wires, func(ingest.Delivery) bool { return w.chance(8) })
	for _, d := range w.wires {
		if w.chance(10) {
			w.wires = append(w.wires, d)
		}
	}
	for i := range w.wires {
		if j := w.rnd.IntN(len(w.wires)); w.chance(10) {
			w.wires[i], w.wires[j] = w.wires[j], w.wires[i]
		}
	}
}

// server does what Run does. What fails has simply not happened.
func (w *world) server() {
	ctx := context.Background()
	for len(w.wires) > 0 {
		n := 1 + w.rnd.IntN(len(w.wires))
		acks, _ := w.in.Judge(ctx, w.now, w.wires[:n]...) // the gateways send again what failed
		w.acks = append(w.acks, acks...)
		w.wires = w.wires[n:]
	}
	if w.chance(70) {
		acks, _ := w.in.Flush(ctx, w.now)
		w.acks = append(w.acks, acks...)
	}
	acks, _ := w.in.Tick(ctx, w.now)
	w.acks = append(w.acks, acks...)
}

// checkAck: what is acknowledged as stored is in the database or in
// quarantine, at the moment at which it is said.
func (w *world) checkAck(a ingest.GatewayAck) {
	for _, g := range w.gateways {
		for n := g.trimmed + 1; g.id == a.Gateway && n <= a.Ack.Stored; n++ {
			w.checkKept(g, n)
			g.trimmed = n
		}
	}
}

func (w *world) checkKept(g *gatewayModel, n uint64) {
	if !w.bad[spool(g.id, n)] {
		if !w.writer.has(fill(g.device, int(n))) {
			w.t.Fatalf("%s %d is acknowledged and not in the database", g.id, n)
		}
		return
	}
	if !slices.ContainsFunc(w.store.committed.quarantine, func(q plantroom.Quarantined) bool {
		return q.Gateway == g.id && q.Seq == n && slices.Equal(q.Raw, []byte{0xff, byte(n)})
	}) {
		w.t.Fatalf("%s %d is acknowledged and not in quarantine", g.id, n)
	}
}

func (w *world) drained() bool {
	return !slices.ContainsFunc(w.gateways, func(g *gatewayModel) bool { return g.base < g.next })
}

func (w *world) verify() {
	if n := len(w.store.committed.gaps); n != 0 {
		w.t.Errorf("%d gaps where nothing was lost", n)
	}
	good := 0
	for _, g := range w.gateways {
		var want []plantroom.Instant
		for n := uint64(1); n < g.next; n++ {
			w.checkKept(g, n)
			if !w.bad[spool(g.id, n)] {
				want = append(want, fill(g.device, int(n)).At)
			}
		}
		good += len(want)
		if !slices.Equal(w.core.shown[g.device], want) {
			w.t.Errorf("%s: the detectors saw %d readings, want %d once and in order", g.device, len(w.core.shown[g.device]), len(want))
		}
	}
	if len(w.writer.held) != good {
		w.t.Errorf("%d values in the database, want %d", len(w.writer.held), good)
	}
}

// TestAReplayChangesNothing is G2: the whole stream three times, shuffled.
func TestAReplayChangesNothing(t *testing.T) {
	r := newRig(t)
	var stream []ingest.Delivery
	for first := 1; first <= 3000; first += 100 {
		stream = append(stream, up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(first), Records: fills(t, "bin-1", first, first+99)}))
	}
	r.judge(stream...)
	r.flush()
	before := len(r.writer.held)
	rnd := rand.New(rand.NewPCG(2, 2))
	for range 3 {
		rnd.Shuffle(len(stream), func(i, j int) { stream[i], stream[j] = stream[j], stream[i] })
		r.judge(stream...)
		r.flush()
	}
	r.wantShown("bin-1", 1, 3000)
	if len(r.writer.held) != before || before != 3000 {
		t.Errorf("%d values, then %d", before, len(r.writer.held))
	}
}
