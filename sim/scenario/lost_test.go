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
