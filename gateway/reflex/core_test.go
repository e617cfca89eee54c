package reflex

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

// monday is a Monday at noon in Shanghai.
const monday = plantroom.Instant(1_772_424_000_000_000_000)

func is(v string) *plantroom.Value { x := plantroom.String(v); return &x }

func yes(b bool) *plantroom.Value { x := plantroom.Bool(b); return &x }

// house is a plan of each kind of output: a riser's valve that proves where it
// is, one that does not, a fire main, a buzzer, and a pump.
func house() Plan {
	wet := func(d plantroom.DeviceID) Condition { return Condition{Device: d, Signal: "state", Equals: is("wet")} }
	return Plan{
		Outputs: []Output{
			{Name: "riser", Device: "b1-valve", Kind: Valve, Travel: plantroom.Duration(10 * time.Second), Confirm: &Confirm{
				Closed: &Condition{Device: "b1-limit", Signal: "closed", Equals: yes(true)}, Open: &Condition{Device: "b1-limit", Signal: "open", Equals: yes(true)}},
				Override: &Contact{Condition: Condition{Device: "b1-hand", Signal: "contact", Equals: yes(true)}, To: Open}},
			{Name: "flat", Device: "b1-flat-valve", Kind: Valve, Travel: plantroom.Duration(10 * time.Second)},
			{Name: "sprinklers", Device: "b1-fire-valve", Kind: Valve, Main: FireMain},
			{Name: "buzzer", Device: "b1-buzzer", Kind: Buzzer},
			{Name: "pump", Device: "b1-pump", Kind: Relay, Rest: On},
		},
		Reflexes: []Reflex{
			{Name: "leak", When: []Condition{wet("b1-leak-1"), wet("b1-leak-2")},
				Unless: []Condition{{Device: "b1-fire", Signal: "alarm", Equals: yes(true)}},
				Do:     []Action{{Output: "riser", To: Closed}, {Output: "buzzer", To: On, For: plantroom.Duration(10 * time.Minute)}}},
			{Name: "flat", When: []Condition{{Device: "b1-flat-leak", Signal: "state", Equals: is("wet"), For: plantroom.Duration(5 * time.Second)}},
				Do: []Action{{Output: "flat", To: Closed}, {Output: "pump", To: Off}, {Output: "buzzer", To: On}}, Reopen: &Reopen{After: plantroom.Duration(30 * time.Minute)}},
		},
		SelfTest: &SelfTest{From: "02:00", To: "04:00", Zone: "Asia/Shanghai"},
	}
}

// site is a core and the lines that it drives, in virtual time.
type site struct {
	t     *testing.T
	plan  Plan
	core  *Core
	now   plantroom.Instant
	lines map[string]Position // what a line was driven to last
	moves []string            // all drives, in order
	said  []plantroom.Reading // all readings, in order
	seen  uint64
	dead  map[string]bool // lines that cannot be driven
	keeps bool            // the store works
}

func newSite(t *testing.T, p Plan) *site {
	s := &site{t: t, plan: p, now: monday, lines: map[string]Position{}, dead: map[string]bool{}, keeps: true}
	s.restart(State{})
	return s
}

func (s *site) restart(from State) {
	s.t.Helper()
	c, err := New(s.plan, from, s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	s.core = c
	s.do(c.Tick(s.now))
}

// crash ends the gateway and starts it from what the core knows now.
func (s *site) crash() {
	s.t.Helper()
	st, err := s.core.State()
	if err != nil {
		s.t.Fatal(err)
	}
	s.restart(st)
}

// do drives lines, which answer at once.
func (s *site) do(drives []Drive) {
	s.t.Helper()
	for len(drives) > 0 {
		d := drives[0]
		drives = drives[1:]
		if o := s.plan.output(d.Output); o == nil || o.never(d.To) || !d.To.Fits(o.Kind) {
			s.t.Fatalf("the drive %+v may never be", d)
		}
		var err error
		if s.dead[d.Output] {
			err = errors.New("no answer")
		} else {
			s.lines[d.Output] = d.To
			s.moves = append(s.moves, d.Output+" "+string(d.To))
		}
		drives = append(drives, s.core.Driven(d.Output, d.To, err, s.now)...)
	}
	for _, e := range s.core.s.Outbox {
		if e.N > s.seen {
			s.said, s.seen = append(s.said, e.Reading), e.N
		}
	}
	s.core.Recorded(s.seen)
	if s.keeps {
		if more := s.core.Saved(s.core.Version(), s.now); len(more) > 0 {
			s.do(more)
		}
	}
}

func (s *site) hear(device plantroom.DeviceID, signal string, v plantroom.Value) {
	s.t.Helper()
	s.reading(plantroom.Reading{Device: device, Signal: signal, Value: v, At: s.now})
}

func (s *site) reading(r plantroom.Reading) {
	s.t.Helper()
	drives, _ := s.core.Observe(r, s.now)
	s.do(drives)
}

func (s *site) wet(d plantroom.DeviceID) { s.t.Helper(); s.hear(d, "state", plantroom.String("wet")) }
func (s *site) dry(d plantroom.DeviceID) { s.t.Helper(); s.hear(d, "state", plantroom.String("dry")) }

// noFire makes the interlock known to be clear.
func (s *site) noFire() { s.t.Helper(); s.hear("b1-fire", "alarm", plantroom.Bool(false)) }

func (s *site) pass(d time.Duration) {
	s.t.Helper()
	for end := s.now.Add(d); s.now < end; {
		s.now = min(end, s.now.Add(time.Second))
		s.do(s.core.Tick(s.now))
	}
}

// leap passes a long time in minutes.
func (s *site) leap(d time.Duration) {
	s.t.Helper()
	for end := s.now.Add(d); s.now < end; {
		s.now = s.now.Add(time.Minute)
		s.do(s.core.Tick(s.now))
	}
}

func (s *site) order(output string, to Position, d time.Duration) error {
	s.t.Helper()
	drives, err := s.core.Order(Order{Output: output, To: to, For: plantroom.Duration(d), UID: 1000}, s.now)
	s.do(drives)
	return err
}

// at wants lines to be somewhere: "riser closed, buzzer on".
func (s *site) at(when, want string) {
	s.t.Helper()
	for w := range strings.SplitSeq(want, ", ") {
		name, to, _ := strings.Cut(w, " ")
		if got := string(s.lines[name]); got != to && (to != "untouched" || got != "") {
			s.t.Errorf("%s: %s is %q, want %s", when, name, got, to)
		}
	}
}

// last is the newest reading of a signal.
func (s *site) last(device plantroom.DeviceID, signal string) string {
	for _, r := range slices.Backward(s.said) {
		if r.Device == device && r.Signal == signal {
			return r.Value.String()
		}
	}
	return "nothing"
}

func (s *site) says(when string, device plantroom.DeviceID, signal, want string) {
	s.t.Helper()
	if got := s.last(device, signal); got != want {
		s.t.Errorf("%s: %s %s is %s, want %s", when, device, signal, got, want)
	}
}

// limits sets the riser's switches.
func (s *site) limits(closed, open bool) {
	s.t.Helper()
	s.hear("b1-limit", "closed", plantroom.Bool(closed))
	s.hear("b1-limit", "open", plantroom.Bool(open))
}

func TestALeakClosesItsValveAndSoundsItsBuzzerAtOnce(t *testing.T) {
	s := newSite(t, house())
	s.noFire()
	s.at("before", "riser untouched, buzzer off, pump on")
	s.wet("b1-leak-1")
	s.at("at the leak", "riser closed, buzzer on, flat untouched, pump on")
	s.says("at the leak", "b1-valve", "reflex", "acted")
	s.says("at the leak", "b1-valve", "driven_by", "reflex")
	s.says("at the leak", "b1-valve", "valve", "moving")
	s.limits(true, false)
	s.says("when its switch says so", "b1-valve", "valve", "closed")
	s.says("when its switch says so", "b1-buzzer", "output", "on")
	s.pass(11 * time.Minute)
	s.at("after its time", "riser closed, buzzer off")
	s.dry("b1-leak-1")
	s.leap(72 * time.Hour)
	s.at("dry for days", "riser closed")
	if err := s.order("riser", Auto, 0); err != nil {
		t.Fatal(err)
	}
	s.at("when a person gives it free", "riser open")
	s.says("when a person gives it free", "b1-valve", "reflex", "over")
}

func TestWhatCountsAsAReason(t *testing.T) {
	for _, c := range []struct {
		name string
		r    plantroom.Reading
		late time.Duration
		acts bool
	}{
		{name: "wet", acts: true},
		{name: "of the other sensor", r: plantroom.Reading{Device: "b1-leak-2"}, acts: true},
		{name: "of a time that is guessed", r: plantroom.Reading{Quality: plantroom.EstimatedTime}, acts: true},
		{name: "suspect", r: plantroom.Reading{Quality: plantroom.Suspect}},
		{name: "historical", r: plantroom.Reading{Quality: plantroom.Historical}},
		{name: "simulated", r: plantroom.Reading{Quality: plantroom.Simulated}},
		{name: "a minute old", late: MaxAge, acts: true},
		{name: "older than a minute", late: MaxAge + time.Second},
		{name: "ahead of our clock", late: -time.Hour, acts: true},
		{name: "a cut cable", r: plantroom.Reading{Value: plantroom.String("cable_break")}},
		{name: "another type", r: plantroom.Reading{Value: plantroom.Bool(true)}},
		{name: "another device", r: plantroom.Reading{Device: "b2-leak-1"}},
		{name: "another signal", r: plantroom.Reading{Signal: "contact"}},
	} {
		s := newSite(t, house())
		s.noFire()
		r := c.r
		if r.Device == "" {
			r.Device = "b1-leak-1"
		}
		if r.Signal == "" {
			r.Signal = "state"
		}
		if r.Value == (plantroom.Value{}) {
			r.Value = plantroom.String("wet")
		}
		r.At = s.now.Add(-c.late)
		s.reading(r)
		if acts := s.lines["riser"] == Closed; acts != c.acts {
			t.Errorf("%s: acts %v, want %v", c.name, acts, c.acts)
		}
	}
}

func TestNumbersHaveThresholds(t *testing.T) {
	above, below := 100.0, 2.0
	for _, c := range []struct {
		x    Condition
		v    plantroom.Value
		want string
	}{
		{Condition{Above: &above}, plantroom.Float(100.5), "holds"},
		{Condition{Above: &above}, plantroom.Float(100), "over"},
		{Condition{Below: &below}, plantroom.Float(1), "holds"},
		{Condition{Below: &below}, plantroom.Float(2), "over"},
		{Condition{Below: &below}, plantroom.String("1"), "nothing"},
		{Condition{Above: &above}, plantroom.Float(nan()), "nothing"},
		{Condition{Equals: is("wet")}, plantroom.String("unknown"), "nothing"},
		{Condition{Equals: is("wet")}, plantroom.String("contaminated"), "nothing"},
		{Condition{Equals: is("wet")}, plantroom.String("dry"), "over"},
		{Condition{Equals: is("cable_break")}, plantroom.String("cable_break"), "holds"},
	} {
		got := "nothing"
		if holds, known := c.x.judge(c.v); known {
			got = map[bool]string{true: "holds", false: "over"}[holds]
		}
		if got != c.want {
			t.Errorf("%s of %s says %s, want %s", c.x.String(), c.v, got, c.want)
		}
	}
}

func nan() float64 { z := 0.0; return z / z }

func TestATextIsNotTheTruthValueThatItNames(t *testing.T) {
	p := house()
	p.Reflexes[0].Unless = nil
	p.Reflexes[0].When = []Condition{{Device: "b1-x", Signal: "wet", Equals: is("true")}}
	p.Reflexes[1].When = []Condition{{Device: "b1-x", Signal: "wet", Equals: yes(true)}}
	s := newSite(t, p)
	s.hear("b1-x", "wet", plantroom.String("true"))
	s.at("the text", "riser closed, flat untouched")
	s.hear("b1-x", "wet", plantroom.Bool(true))
	s.at("the truth", "flat closed")
}

func TestAReasonHasToHoldForItsTime(t *testing.T) {
	s := newSite(t, house())
	s.wet("b1-flat-leak")
	s.pass(4 * time.Second)
	s.dry("b1-flat-leak")
	s.pass(time.Minute)
	s.at("after a splash", "flat untouched, pump on")
	s.wet("b1-flat-leak")
	s.pass(5 * time.Second)
	s.at("wet for 5 s", "flat closed, pump off, buzzer on")
}

func TestOfTwoReportsInTheWrongOrderTheWorseCounts(t *testing.T) {
	s := newSite(t, house())
	s.noFire()
	r := plantroom.Reading{Device: "b1-leak-1", Signal: "state", Value: plantroom.String("wet"), At: s.now}
	s.reading(r)
	r.Value, r.At = plantroom.String("dry"), s.now.Add(-2*time.Second)
	s.reading(r)
	if !s.core.s.Reflexes["leak"].Active {
		t.Error("an older dry has ended a leak")
	}
	r.At = s.now.Add(time.Second)
	s.reading(r)
	if s.core.s.Reflexes["leak"].Active {
		t.Error("a newer dry has not ended it")
	}
}

func TestReopenWaitsUntilAllHasBeenWellForLong(t *testing.T) {
	s := newSite(t, house())
	s.wet("b1-flat-leak")
	s.pass(6 * time.Second)
	s.dry("b1-flat-leak")
	s.at("dry again", "flat closed, pump off, buzzer off")
	s.pass(29 * time.Minute)
	s.wet("b1-flat-leak")
	s.pass(10 * time.Second)
	s.dry("b1-flat-leak")
	s.pass(29 * time.Minute)
	s.at("29 minutes after it was wet again", "flat closed, pump off")
	s.hear("b1-flat-leak", "state", plantroom.String("unknown"))
	s.pass(time.Minute + time.Second)
	s.at("after half an hour", "flat open, pump on")
}

func TestASensorThatIsSilentOrCutKeepsTheValveClosed(t *testing.T) {
	s := newSite(t, house())
	s.wet("b1-flat-leak")
	s.pass(6 * time.Second)
	s.hear("b1-flat-leak", "state", plantroom.String("cable_break"))
	s.leap(48 * time.Hour)
	s.at("two days later", "flat closed")
}

func TestAnInterlockHoldsBackTheValveAndNotTheBuzzer(t *testing.T) {
	for _, c := range []struct {
		name  string
		heard func(s *site)
	}{
		{"a fire alarm", func(s *site) { s.hear("b1-fire", "alarm", plantroom.Bool(true)) }},
		{"a panel that was never heard", func(*site) {}},
		{"a panel that was not heard for long", func(s *site) { s.noFire(); s.pass(DefaultFresh + time.Second) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, house())
			c.heard(s)
			s.wet("b1-leak-1")
			s.at("at the leak", "riser untouched, buzzer on")
			s.says("at the leak", "b1-valve", "reflex", "held_by_interlock")
			s.noFire()
			s.at("when the panel is heard to be quiet", "riser closed")
			s.says("when the panel is heard to be quiet", "b1-valve", "reflex", "acted")
			s.hear("b1-fire", "alarm", plantroom.Bool(true))
			s.at("a later alarm", "riser closed")
		})
	}
	s := newSite(t, house())
	s.wet("b1-leak-1")
	s.dry("b1-leak-1")
	s.noFire()
	s.at("a leak that was over before", "riser untouched")
	s.says("a leak that was over before", "b1-valve", "reflex", "over")
}

func TestAPersonGoesBeforeAReflex(t *testing.T) {
	s := newSite(t, house())
	s.noFire()
	if err := s.order("riser", Open, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.says("at the order", "b1-valve", "driven_by", "person")
	s.says("at the order", "b1-valve", "override_uid", "1000")
	s.wet("b1-leak-1")
	s.at("at the leak", "riser open, buzzer on")
	s.says("at the leak", "b1-valve", "reflex", "held_by_person")
	s.crash()
	s.at("after a crash", "riser open")
	s.pass(time.Hour)
	s.at("when the order's time is over and it is still wet", "riser closed")
	if err := s.order("riser", Open, 0); err != nil {
		t.Fatal(err)
	}
	s.dry("b1-leak-1")
	s.leap(100 * time.Hour)
	if err := s.order("riser", Auto, 0); err != nil {
		t.Fatal(err)
	}
	s.at("given back when it is dry", "riser open")
	s.noFire()
	s.wet("b1-leak-1")
	s.at("the next leak", "riser closed")
}

func TestASwitchOnSiteTakesTheValve(t *testing.T) {
	s := newSite(t, house())
	s.noFire()
	s.wet("b1-leak-1")
	s.hear("b1-hand", "contact", plantroom.Bool(true))
	s.at("by hand", "riser open, buzzer on")
	s.says("by hand", "b1-valve", "driven_by", "contact")
	s.hear("b1-hand", "contact", plantroom.Bool(false))
	s.at("still wet", "riser closed")
}

func TestWhoMayNotBeOrdered(t *testing.T) {
	s := newSite(t, house())
	for _, c := range []struct {
		output string
		to     Position
		d      time.Duration
		want   plantroom.Code
	}{
		{"sprinklers", Closed, 0, plantroom.CodeForbidden},
		{"nobody", Open, 0, plantroom.CodeNotFound},
		{"buzzer", Open, 0, plantroom.CodeInvalid},
		{"riser", On, 0, plantroom.CodeInvalid},
		{"riser", "", 0, plantroom.CodeInvalid},
		{"riser", Open, -time.Second, plantroom.CodeInvalid},
		{"riser", Open, MaxOverride + time.Second, plantroom.CodeInvalid},
		{"sprinklers", Open, 0, ""},
		{"buzzer", Off, time.Hour, ""},
	} {
		if err := s.order(c.output, c.to, c.d); plantroom.CodeOf(err) != c.want {
			t.Errorf("%s to %q for %s: got %v, want %q", c.output, c.to, c.d, err, c.want)
		}
	}
	s.at("at the end", "sprinklers open")
}

func TestAValveThatDoesNotGetThereIsStuck(t *testing.T) {
	s := newSite(t, house())
	s.noFire()
	s.wet("b1-leak-1")
	s.pass(16 * time.Second)
	s.says("without its switch", "b1-valve", "valve", "stuck")
	s.limits(true, false)
	s.says("when it gets there late", "b1-valve", "valve", "closed")
	s.limits(false, false)
	s.says("when it leaves its place", "b1-valve", "valve", "stuck")

	s = newSite(t, house())
	s.dead["flat"] = true
	s.wet("b1-flat-leak")
	s.pass(6 * time.Second)
	for range stuckAfter {
		s.do(s.core.Driven("flat", Closed, errors.New("no answer"), s.now))
	}
	s.says("a line that is dead", "b1-flat-valve", "valve", "stuck")
	s.at("a line that is dead", "buzzer on, pump off")
	s.do(s.core.Driven("flat", Closed, nil, s.now))
	s.pass(10 * time.Second)
	s.says("a line that is back", "b1-flat-valve", "valve", "closed")
}

func TestOutputsSayWhereTheyAreAtEachHeartbeat(t *testing.T) {
	s := newSite(t, house())
	before := len(s.said)
	s.pass(Heartbeat + time.Second)
	heard := map[plantroom.DeviceID]bool{}
	for _, r := range s.said[before:] {
		heard[r.Device] = true
	}
	if len(heard) != len(s.plan.Outputs) {
		t.Errorf("heard %v, want every output", heard)
	}
	s.says("a valve that was never driven", "b1-valve", "valve", "unknown")
}

func TestThePastIsNotChangedByAClockThatIsSet(t *testing.T) {
	for _, by := range []time.Duration{-50 * 365 * 24 * time.Hour, 50 * 365 * 24 * time.Hour} {
		s := newSite(t, house())
		s.wet("b1-flat-leak")
		s.pass(3 * time.Second)
		s.core.Shift(by)
		s.now = s.now.Add(by)
		s.do(s.core.Tick(s.now))
		s.at("set in the middle of a hold", "flat untouched")
		s.pass(2 * time.Second)
		s.at("5 s of being wet", "flat closed")
		s.dry("b1-flat-leak")
		s.core.Shift(-by)
		s.now = s.now.Add(-by)
		s.pass(29 * time.Minute)
		s.at("set while it is dry", "flat closed")
		s.pass(2 * time.Minute)
		s.at("half an hour dry", "flat open")
	}
}

func TestAPlanWithFaultsIsNotPutToWork(t *testing.T) {
	for _, c := range []struct {
		path string
		edit func(p *Plan)
	}{
		{"/reflexes/0/do/0/output", func(p *Plan) { p.Reflexes[0].Do[0].Output = "sprinklers" }},
		{"/reflexes/0/do/0/output", func(p *Plan) { p.Reflexes[0].Do[0] = Action{Output: "sprinklers", To: Open} }},
		{"/outputs/2/self_test", func(p *Plan) { p.Outputs[2].SelfTest = new(true) }},
		{"/outputs/2/rest", func(p *Plan) { p.Outputs[2].Rest = Closed }},
		{"/outputs/2/at_stop", func(p *Plan) { p.Outputs[2].AtStop = Closed }},
		{"/outputs/2/override/to", func(p *Plan) { p.Outputs[2].Override = &Contact{Condition: p.Reflexes[0].When[0], To: Closed} }},
		{"/outputs/3/main", func(p *Plan) { p.Outputs[3].Main = FireMain }},
		{"/outputs/3/self_test", func(p *Plan) { p.Outputs[3].SelfTest = new(true) }},
		{"/outputs/3/rest", func(p *Plan) { p.Outputs[3].Rest = Open }},
		{"/outputs/1/name", func(p *Plan) { p.Outputs[1].Name = "riser" }},
		{"/outputs/1/device", func(p *Plan) { p.Outputs[1].Device = "b1-valve" }},
		{"/outputs/1/device", func(p *Plan) { p.Outputs[1].Device = "No Name" }},
		{"/outputs/1/travel", func(p *Plan) { p.Outputs[1].Travel = plantroom.Duration(time.Hour) }},
		{"/reflexes/1/name", func(p *Plan) { p.Reflexes[1].Name = "leak" }},
		{"/reflexes/0/do/0/output", func(p *Plan) { p.Reflexes[0].Do[0].Output = "nobody" }},
		{"/reflexes/0/do/1/output", func(p *Plan) { p.Reflexes[0].Do[1] = p.Reflexes[0].Do[0] }},
		{"/reflexes/0/do/0/to", func(p *Plan) { p.Reflexes[0].Do[0].To = Open }},
		{"/reflexes/0/do/0/to", func(p *Plan) { p.Reflexes[0].Do[0].To = On }},
		{"/reflexes/0/do/0/for", func(p *Plan) { p.Reflexes[0].Do[0].For = plantroom.Duration(time.Minute) }},
		{"/reflexes/0/do/1/for", func(p *Plan) { p.Reflexes[0].Do[1].For = plantroom.Duration(time.Millisecond) }},
		{"/reflexes/0", func(p *Plan) { p.Reflexes[0].When = nil }},
		{"/reflexes/0/when/0", func(p *Plan) { p.Reflexes[0].When[0].Equals = nil }},
		{"/reflexes/0/when/0/fresh", func(p *Plan) { p.Reflexes[0].When[0].Fresh = plantroom.Duration(time.Minute) }},
		{"/reflexes/0/when/0/for", func(p *Plan) { p.Reflexes[0].When[0].For = plantroom.Duration(25 * time.Hour) }},
		{"/reflexes/1/reopen/after", func(p *Plan) { p.Reflexes[1].Reopen.After = 0 }},
		{"/self_test/from", func(p *Plan) { p.SelfTest.From = "2 am" }},
		{"/self_test/to", func(p *Plan) { p.SelfTest.To = "01:00" }},
		{"/self_test/zone", func(p *Plan) { p.SelfTest.Zone = "Mars/Olympus" }},
	} {
		p := house()
		c.edit(&p)
		_, err := New(p, State{}, monday)
		found := slices.ContainsFunc(p.Problems(), func(x Problem) bool { return x.Path == c.path && x.Problem != "" && x.Remedy != "" })
		if !found || plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: New says %v, and the problems are %+v", c.path, err, p.Problems())
		}
	}
	p := house()
	if ps := p.Problems(); len(ps) > 0 {
		t.Errorf("a sound plan: %+v", ps)
	}
}

func TestAStateOfAnotherPlanIsFitted(t *testing.T) {
	s := newSite(t, house())
	s.noFire()
	s.wet("b1-leak-1")
	st, err := s.core.State()
	if err != nil {
		t.Fatal(err)
	}
	// The riser's valve turns out to feed the sprinklers.
	p := house()
	p.Outputs[0].Main = FireMain
	p.Reflexes[0].Do = p.Reflexes[0].Do[1:]
	s.plan, s.lines = p, map[string]Position{}
	s.restart(st)
	s.at("a fire main", "riser untouched, buzzer on")
	// A renamed output is another one.
	p = house()
	p.Outputs[0].Name, p.Reflexes[0].Do[0].Output = "riser-1", "riser-1"
	s.plan, s.lines = p, map[string]Position{}
	s.restart(st)
	s.at("a renamed valve", "riser-1 untouched, buzzer on")
}

func TestADamagedStateIsFound(t *testing.T) {
	for _, text := range []string{"", "{", `{"version":2}`, `[]`, `{"version":1,"outputs":3}`} {
		if _, err := Decode([]byte(text)); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%q: got %v", text, err)
		}
	}
	for _, text := range []string{
		`{"version":1,"outputs":{"riser":null,"sprinklers":{"want":"closed"}},"senses":{"x":null},"test":{"output":"sprinklers","phase":"moving"}}`,
		`{"version":1,"outputs":{"sprinklers":{"override":{"to":"closed"},"acts":{"leak":{"since":"2026-03-02T12:00:00Z"}}},"riser":{"want":"on","acts":{"leak":null}}}}`,
	} {
		st, err := Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s := newSite(t, house())
		s.restart(st) // a drive that may never be fails
		s.pass(time.Minute)
		s.at(text, "sprinklers untouched")
	}
}

func TestTheOutboxIsBounded(t *testing.T) {
	s := newSite(t, house())
	for range 3 * maxOutbox {
		s.core.say(&s.plan.Outputs[0], "valve", plantroom.String("open"), s.now)
	}
	if n := len(s.core.s.Outbox); n != maxOutbox || s.core.s.Lost == 0 {
		t.Errorf("%d readings wait, %d are lost", n, s.core.s.Lost)
	}
	first := s.core.Unsent(10)
	s.core.Recorded(first[9].N)
	if next := s.core.Unsent(1); next[0].N != first[9].N+1 {
		t.Errorf("after %d comes %d", first[9].N, next[0].N)
	}
	if got := fmt.Sprint(len(s.core.Unsent(5))); got != "5" {
		t.Error(got)
	}
}
