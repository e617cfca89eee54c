package scenario

import (
	"context"
	"testing"
)

const quiet = `scenario: Nothing happens
estate: story
start: "2026-03-02 08:00"
length: 3m
do:
  - {at: 1m, message: {gateway: gw-b1, topic: plantroom-device/b1-l1-box, payload: '{"v":{"fault":"on fire"}}'}}
expect:
  - {at: 3m, count: {lost: 0, quarantined: 1}}
`

// The count of what was lost is only as good as its eyes: a point that is
// taken out of the time-series database has to be missed. What was set aside
// with its reason is not lost.
func TestWhatIsTakenAwayIsCountedAsLost(t *testing.T) {
	s, err := Parse("s.yaml", []byte(quiet))
	if err != nil {
		t.Fatal(err)
	}
	p, err := stage(context.Background(), s, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	if n := p.lost(); n != 0 || len(p.ok.all) < 10 {
		t.Fatalf("%d of %d readings are lost to begin with", n, len(p.ok.all))
	}
	taken := 0
	for _, r := range p.ok.all {
		key := pointKey{r.Device, r.Signal, r.At}
		if _, stored := p.server.tsdb.points[key]; stored && taken < 3 {
			delete(p.server.tsdb.points, key)
			taken++
		}
	}
	if n := p.lost(); n != 3 {
		t.Errorf("3 points were taken away, %d are missed", n)
	}
	if err := p.strike(); err != nil {
		t.Error(err)
	}
}

// The server dies with a reading in quarantine: what it last knew counts,
// while it is down and in the totals of a play that ends so.
const deadWithAReadingAside = `scenario: A server dies that has set a reading aside
estate: story
start: "2026-03-02 08:00"
length: 10m
do:
  - {at: 1m, message: {gateway: gw-b1, topic: plantroom-device/b1-l1-box, payload: '{"v":{"floor":5000}}'}}
  - {at: 5m, server: {down: 1h}}
expect:
  - {at: 4m, count: {quarantined: 1, lost: 0}}
  - {at: 6m, count: {quarantined: 1, lost: 0}}
  - {at: 10m, count: {quarantined: 1, lost: 0}}
`

func TestWhatWasSetAsideIsNotLostWhileTheServerIsDown(t *testing.T) {
	s, err := Parse("s.yaml", []byte(deadWithAReadingAside))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Play(context.Background(), s, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s: %s", c.Text, c.Saw)
		}
	}
	if r.Numbers.Lost != 0 || r.Numbers.Quarantined != 1 {
		t.Errorf("in the end %d are lost and %d set aside, want 0 and 1", r.Numbers.Lost, r.Numbers.Quarantined)
	}
}

// A store that cannot be read says nothing about what is lost.
func TestAPlayWhoseStoreCannotBeReadFails(t *testing.T) {
	s, err := Parse("s.yaml", []byte(quiet))
	if err != nil {
		t.Fatal(err)
	}
	p, err := stage(context.Background(), s, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.server.file.Close(); err != nil {
		t.Fatal(err)
	}
	p.stale.Store(true)
	if err := p.look(); err == nil {
		t.Error("the store was closed behind the play's back, and nothing was said")
	}
	for _, site := range p.sites {
		if err := site.stop(); err != nil {
			t.Error(err)
		}
	}
}
