package detect_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

// call is one thing that an engine is told, at a moment of the server's clock.
type call struct {
	now     plantroom.Instant
	tick    bool
	gateway plantroom.GatewayID
	reading plantroom.Reading
}

func (c call) String() string {
	if c.tick {
		return fmt.Sprintf("%s tick", c.now)
	}
	return fmt.Sprintf("%s %s %s/%s=%s of %s", c.now, c.gateway, c.reading.Device, c.reading.Signal, c.reading.Value, c.reading.At)
}

func (c call) on(e *detect.Engine) {
	if c.tick {
		e.Tick(c.now)
		return
	}
	e.Observe(c.now, c.gateway, c.reading)
	for _, d := range e.Derive(c.reading) {
		e.Observe(c.now, c.gateway, d)
	}
}

// drawReading draws a reading that some rule of the estate looks at, more
// often than not one that means something.
func drawReading(rt *rapid.T, at plantroom.Instant) plantroom.Reading {
	says := rapid.SampledFrom([]struct {
		what   string
		values []any
	}{
		{"controller/fault", []any{"none", "none", "door_close_fault", "entrapment", "call_button_stuck", "power_loss"}},
		{"relay/fault", []any{"none", "controller_fault"}},
		{"controller/mode", []any{"normal", "normal", "inspection"}},
		{"controller/cycles", []any{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"controller/passenger_alarm", []any{true, false}},
		{"controller/door", []any{"open", "closed"}},
		{"controller/direction", []any{"none", "up"}},
		{"spot/state", []any{"dry", "wet", "cable_break"}},
		{"level/distance_m", []any{0.2, 0.25, 0.4, 1.2, 1.25, 0.01}},
		{"level/temperature_c", []any{20, 55, 75, 95}},
		{"bay/occupied", []any{true, false}},
		{"bay/occupied_s", []any{30, 600, 6000}},
	}).Draw(rt, "what")
	return reading(says.what, rapid.SampledFrom(says.values).Draw(rt, "value"), at)
}

func drawPause(rt *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(1, 9).Draw(rt, "pause")) *
		rapid.SampledFrom([]time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute}).Draw(rt, "unit")
}

// store is what one transaction after the other leaves behind.
type store struct {
	detections map[string]plantroom.Detection
	incidents  map[plantroom.IncidentID]plantroom.Incident
	latest     map[plantroom.GatewayID][]byte
	changes    []string
}

func newStore() *store {
	return &store{map[string]plantroom.Detection{}, map[plantroom.IncidentID]plantroom.Incident{}, map[plantroom.GatewayID][]byte{}, nil}
}

// commit writes an engine's effects, and refuses what a store would refuse.
func (s *store) commit(rt *rapid.T, fx detect.Effects) {
	for _, d := range fx.Dirty {
		s.detections[string(d.Rule)+" "+string(d.Asset)] = d
	}
	for _, ev := range fx.Events {
		inc := ev.Incident
		if _, exists := s.incidents[inc.ID]; exists == (ev.Change == plantroom.IncidentOpened) {
			rt.Fatalf("%s: the episode %s of %s on %s exists: %v", ev.Change, inc.Episode, inc.Rule, inc.Asset, exists)
		}
		for _, other := range s.incidents {
			if ev.Change == plantroom.IncidentOpened && other.Rule == inc.Rule && other.Asset == inc.Asset && other.State != plantroom.IncidentClosed {
				rt.Fatalf("a second incident of %s on %s while one is %s", inc.Rule, inc.Asset, other.State)
			}
		}
		s.incidents[inc.ID] = inc
		if inc.Domain != "devices" {
			s.changes = append(s.changes, fmt.Sprintf("%s %s %s %s", ev.Change, inc.Rule, inc.Asset, inc.Episode))
		}
	}
	maps.Copy(s.latest, fx.Latest)
}

func (s *store) restore(rt *rapid.T) *detect.Engine {
	e, err := detect.New(detect.Options{Estate: estate(), Domains: domains.All()})
	if err != nil {
		rt.Fatal(err)
	}
	var open []plantroom.Incident
	for _, inc := range s.incidents {
		if inc.State != plantroom.IncidentClosed {
			open = append(open, inc)
		}
	}
	var prog []plantroom.Progress
	for gw, blob := range s.latest {
		prog = append(prog, plantroom.Progress{Gateway: gw, Latest: blob})
	}
	if err := e.Restore(slices.Collect(maps.Values(s.detections)), open, prog); err != nil {
		rt.Fatal(err)
	}
	return e
}

// told lists the incidents of the watched domains without the moments at which
// the server came to know of them.
func (s *store) told() string {
	var lines []string
	for _, inc := range s.incidents {
		if inc.Domain != "devices" {
			inc.Opened, inc.Closed = 0, 0
			lines = append(lines, fmt.Sprintf("%+v", inc))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// A server that is killed again and again restores what it had committed and
// is sent the rest once more. The incidents, and the changes of each, are those
// of a server that never died.
func TestKilledServersTellTheSameIncidents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := eight
		var calls []call
		for i, n := 0, rapid.IntRange(1, 80).Draw(rt, "calls"); i < n; i++ {
			now = now.Add(drawPause(rt))
			lag := time.Duration(rapid.IntRange(0, 3).Draw(rt, "lag")) * time.Second
			if rapid.IntRange(0, 5).Draw(rt, "ahead") == 0 {
				lag -= time.Duration(rapid.IntRange(0, 600).Draw(rt, "by")) * time.Second
			}
			r := drawReading(rt, now.Add(-lag))
			if rapid.IntRange(0, 9).Draw(rt, "old") == 0 && len(calls) > 0 {
				r = calls[rapid.IntRange(0, len(calls)-1).Draw(rt, "which")].reading
			}
			calls = append(calls, call{now: now, gateway: "gw-1", reading: r})
		}

		steady := newStore()
		e := steady.restore(rt)
		for _, c := range calls {
			c.on(e)
			steady.commit(rt, e.Take())
		}

		killed := newStore()
		e = killed.restore(rt)
		done := 0 // calls whose consequences are committed
		for tries := 0; done < len(calls); tries++ {
			batch := calls[done:min(done+rapid.IntRange(1, 8).Draw(rt, "batch"), len(calls))]
			for _, c := range batch {
				c.on(e)
			}
			fx := e.Take()
			if tries < 1000 && rapid.IntRange(0, 2).Draw(rt, "kill") == 0 { // before the commit
				e = killed.restore(rt)
				continue
			}
			killed.commit(rt, fx)
			done += len(batch)
			if rapid.IntRange(0, 3).Draw(rt, "kill after") == 0 {
				e = killed.restore(rt)
			}
		}
		compareStores(rt, killed, steady, calls)
	})
}

// A gateway that tells everything at once, late, gives the incidents that it
// would have given telling each thing at its time, looks at the clock included.
func TestABacklogTellsTheSameIncidents(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now := eight
		var readings []plantroom.Reading
		for i, n := 0, rapid.IntRange(1, 60).Draw(rt, "readings"); i < n; i++ {
			now = now.Add(drawPause(rt))
			readings = append(readings, drawReading(rt, now))
		}
		end := now.Add(time.Hour)

		live := newStore()
		e := live.restore(rt)
		now = eight
		pass := func(to plantroom.Instant) { // with a gateway that is well
			for now < to {
				now = now.Add(10 * time.Second)
				if w := e.Wake(); !w.IsZero() {
					now = min(now, max(w, now.Add(-10*time.Second)+1))
				}
				now = min(now, to)
				e.Heard(now, "gw-1", true)
				e.Heard(now, "gw-2", true)
				e.Tick(now)
				live.commit(rt, e.Take())
			}
		}
		for _, r := range readings {
			pass(r.At)
			call{now: now, gateway: "gw-1", reading: r}.on(e)
			live.commit(rt, e.Take())
		}
		pass(end.Add(2 * time.Minute))

		late := newStore()
		e = late.restore(rt)
		e.Heard(eight, "gw-1", true)
		e.Tick(eight.Add(2 * time.Minute)) // the gateway is lost
		for _, r := range readings {
			call{now: end, gateway: "gw-1", reading: r}.on(e)
			if rapid.IntRange(0, 3).Draw(rt, "look") == 0 {
				e.Tick(end)
			}
		}
		e.Heard(end, "gw-2", true)
		for _, more := range []time.Duration{30 * time.Second, time.Minute, 90 * time.Second, 2 * time.Minute} {
			e.Heard(end.Add(more), "gw-1", true) // nothing more comes: the backlog was all
			e.Heard(end.Add(more), "gw-2", true)
			e.Tick(end.Add(more))
		}
		late.commit(rt, e.Take())

		compareStores(rt, late, live, nil)
	})
}

func compareStores(rt *rapid.T, got, want *store, calls []call) {
	if got.told() != want.told() {
		for _, c := range calls {
			rt.Log(c)
		}
		rt.Fatalf("the incidents differ\n got:\n%s\nwant:\n%s", got.told(), want.told())
	}
	byIncident := func(a, b string) int {
		return cmp.Compare(strings.SplitN(a, " ", 2)[1], strings.SplitN(b, " ", 2)[1])
	}
	slices.SortStableFunc(got.changes, byIncident)
	slices.SortStableFunc(want.changes, byIncident)
	if !slices.Equal(got.changes, want.changes) {
		rt.Fatalf("their changes differ\n got: %s\nwant: %s", strings.Join(got.changes, ", "), strings.Join(want.changes, ", "))
	}
}
