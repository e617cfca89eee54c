package world_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/services/store"
	"plantroom/sim/estates"
	"plantroom/sim/world"
)

// life is what one seed makes of an estate: its lifts break, its gateways lose
// the network and its servers die, its clocks are set wrong, and its people
// answer or do not. Its world is sim/world's, its servers are the real ones.
type life struct {
	t        *testing.T
	rnd      *rand.Rand
	estate   plantroom.Estate
	world    *world.World
	decoder  plantroom.Decoder
	store    *store.SQLite
	gateways []*gateway
	servers  []*server
	nested   bool

	now   plantroom.Instant // the true time
	end   plantroom.Instant // of the trouble
	wrong time.Duration     // by how much the servers' clock is wrong
	right plantroom.Instant // when somebody sets it right

	broken  map[plantroom.AssetID][]plantroom.RuleID // what the servers will see of it
	caused  map[watchedRule]int
	presses []press
	taken   map[plantroom.MessageID]int // how often receivers have committed a call
	effects map[string]int              // the same of an event, over all addresses
	calm    bool                        // the trouble is over
	seen    sights
}

// watchedRule is a rule on an asset.
type watchedRule struct {
	rule  plantroom.RuleID
	asset plantroom.AssetID
}

// sights counts what has happened, so that a test can tell whether anything has.
type sights struct{ worlds, faults, orders, deaths, cuts, steps, sleeps, seconds, marks, calls int }

func (s *sights) add(o sights) {
	s.worlds++
	s.faults, s.orders, s.deaths, s.cuts = s.faults+o.faults, s.orders+o.orders, s.deaths+o.deaths, s.cuts+o.cuts
	s.steps, s.sleeps, s.seconds = s.steps+o.steps, s.sleeps+o.sleeps, s.seconds+o.seconds
	s.marks, s.calls = s.marks+o.marks, s.calls+o.calls
}

func (s sights) String() string {
	return fmt.Sprintf("%d worlds (%d with a second server): %d faults, %d orders, %d deaths, %d clock steps, %d suspends, %d marks, %d calls, %d answers cut",
		s.worlds, s.seconds, s.faults, s.orders, s.deaths, s.steps, s.sleeps, s.marks, s.calls, s.cuts)
}

// lifts are those of the lives, one behind each of two gateways.
var lifts = []plantroom.AssetID{"b1-l1", "b2-l1"}

// twoLifts is the story's estate with little in it.
var twoLifts = sync.OnceValues(func() (plantroom.Estate, error) {
	e, err := estates.Load("story")
	e.Assets = slices.DeleteFunc(e.Assets, func(a plantroom.Asset) bool { return !slices.Contains(lifts, a.ID) })
	e.Devices = slices.DeleteFunc(e.Devices, func(d plantroom.Device) bool { return !slices.Contains(lifts, d.Asset) })
	e.Gateways = slices.DeleteFunc(e.Gateways, func(g plantroom.Gateway) bool { return g.ID != "gw-b1" && g.ID != "gw-b2" })
	return e, err
})

func newLife(t *testing.T, seed uint64, empty []byte) *life {
	e, err := twoLifts()
	if err != nil {
		t.Fatal(err)
	}
	l := &life{t: t, rnd: rand.New(rand.NewPCG(seed, 0x776f726c64)), estate: e, now: monday, end: monday.Add(3 * time.Hour), caused: map[watchedRule]int{},
		broken: map[plantroom.AssetID][]plantroom.RuleID{}, taken: map[plantroom.MessageID]int{}, effects: map[string]int{}}
	if l.world, err = world.New(world.Options{Estate: e, Start: monday, Seed: seed, Calm: true}); err != nil {
		t.Fatal(err)
	}
	family, err := devices.ByName("plainjson")
	if err != nil {
		t.Fatal(err)
	}
	l.decoder = family.New(devices.Options{})
	for _, g := range e.Gateways {
		l.gateways = append(l.gateways, &gateway{id: g.ID, base: 1, next: 1})
	}
	l.open(empty)
	l.servers = []*server{{life: l, first: true}}
	if l.rnd.IntN(4) == 0 {
		l.servers = append(l.servers, &server{life: l})
		l.seen.seconds = 1
	}
	return l
}

// open gives the life a database, in memory where the machine offers that.
func (l *life) open(empty []byte) {
	dir, err := os.MkdirTemp("/dev/shm", "world-*")
	if err != nil {
		dir = l.t.TempDir()
	}
	l.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "plantroom.db")
	if err := os.WriteFile(path, empty, 0o600); err != nil {
		l.t.Fatal(err)
	}
	s, err := store.Open(context.Background(), path)
	if err != nil {
		l.t.Fatal(err)
	}
	l.store = s
	l.t.Cleanup(func() { _ = s.Close() }) // without l: a test in parallel keeps what it has cleaned up until all have ended
}

// emptyDatabase is one with its schema: making it takes longer than a life.
func emptyDatabase(t *testing.T) []byte {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "made.db"))
	if err == nil {
		err = s.Backup(t.Context(), filepath.Join(dir, "empty.db"))
		_ = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "empty.db"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// clock is what the servers' clock shows.
func (l *life) clock() plantroom.Instant { return l.now.Add(l.wrong) }

// chance is for trouble: in the calm nothing happens by chance.
func (l *life) chance(percent int) bool { return !l.calm && l.rnd.IntN(100) < percent }

func (l *life) minutes(least, most int) time.Duration {
	return time.Duration(least+l.rnd.IntN(most-least)) * time.Minute
}

// beat lets some time pass and everybody act.
func (l *life) beat(d time.Duration) {
	l.pass(d)
	for _, s := range l.servers {
		if s.spine == nil && s.back <= l.now {
			s.start()
		}
		if !s.up() {
			continue
		}
		if s.fate.end = 0; l.chance(8) {
			s.fate.end = s.fate.steps + 1 + l.rnd.IntN(30)
		}
		s.turn()
	}
	l.press()
}

// pass lets time pass for the lifts and their gateways.
func (l *life) pass(d time.Duration) {
	l.now = l.now.Add(d)
	if l.wrong != 0 && l.right <= l.now {
		l.wrong = 0
	}
	for _, e := range l.world.Advance(l.now) {
		samples, err := l.decoder.Decode(plantroom.Message{Topic: e.Topic, Payload: e.Payload, Received: e.At})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, g := range l.gateways {
			for _, s := range samples {
				if g.id == e.Gateway {
					g.accept(l, plantroom.Reading{Device: plantroom.DeviceID(s.Address), Signal: s.Signal, Value: s.Value, At: s.At})
				}
			}
		}
	}
}

// trouble is what may go wrong between two beats.
func (l *life) trouble() {
	if l.chance(2) {
		l.gateways[l.rnd.IntN(len(l.gateways))].away = l.now.Add(l.minutes(2, 90))
	}
	if l.wrong == 0 && l.chance(2) {
		by := []time.Duration{time.Hour, -time.Hour, 30 * 24 * time.Hour, -30 * 24 * time.Hour}
		// No two moments of a clock are the same nanosecond.
		l.wrong = by[l.rnd.IntN(len(by))] + time.Duration(l.rnd.IntN(1e9))
		l.right = l.now.Add(l.minutes(1, 60))
		l.seen.steps++
	}
	if l.rnd.IntN(600) == 0 { // the servers' machine is suspended, with all that they have in memory
		l.pass(8 * time.Hour)
		l.end = l.end.Add(8 * time.Hour)
		l.seen.sleeps++
	}
	for _, id := range lifts {
		if l.chance(6) && l.broken[id] == nil && len(l.known(id)) == 0 {
			l.fail(id)
		}
	}
}

// fail breaks a lift, or stops it with somebody in it.
func (l *life) fail(id plantroom.AssetID) {
	rules, err := []plantroom.RuleID{"lift.fault"}, error(nil)
	if l.rnd.IntN(4) > 0 {
		err = l.world.Fault(id, "door_close_fault")
	} else {
		rules = append(rules, "lift.entrapment")
		err = l.world.Trap(id)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	for _, r := range rules {
		l.caused[watchedRule{r, id}]++
	}
	l.broken[id] = rules
	l.seen.faults++
}

// known are the rules that have an incident on a lift.
func (l *life) known(id plantroom.AssetID) map[plantroom.RuleID]bool {
	rules := map[plantroom.RuleID]bool{}
	l.view(func(tx plantroom.Tx) error {
		open, err := tx.OpenIncidents()
		for _, in := range open {
			if in.Asset == id {
				rules[in.Rule] = true
			}
		}
		return err
	})
	return rules
}

func (l *life) view(f func(plantroom.Tx) error) {
	if err := l.store.View(context.Background(), f); err != nil {
		l.t.Fatal(err)
	}
}

// repair mends a lift of which the servers know everything that is wrong: of
// one that was mended before they heard there would be no order.
func (l *life) repair(id plantroom.AssetID) {
	known := l.known(id)
	if slices.ContainsFunc(l.broken[id], func(r plantroom.RuleID) bool { return !known[r] }) {
		return
	}
	if err := l.world.Repair(id); err != nil {
		l.t.Fatal(err)
	}
	delete(l.broken, id)
}
