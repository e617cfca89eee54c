package reflex

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

// TestWhateverHappens plays anything that can happen in any order, with the
// lines answering late, wrongly or never, and restarts between any two steps.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := house()
		m := &model{T: rt, plan: p, now: monday, lines: map[string]Position{}}
		m.start(State{})
		rt.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"hear":    m.hear,
			"order":   m.order,
			"pass":    m.pass,
			"driven":  m.driven,
			"saved":   func(*rapid.T) { m.take(m.core.Saved(m.core.Version(), m.now)) },
			"restart": m.restart,
			"clock":   m.clock,
			"reload":  m.reload,
		})
	})
}

type model struct {
	*rapid.T
	plan  Plan
	core  *Core
	now   plantroom.Instant
	lines map[string]Position
	open  []Drive // under way
	said  uint64
}

func (m *model) start(s State) {
	c, err := New(m.plan, s, m.now)
	if err != nil {
		m.Fatal(err)
	}
	m.core, m.open = c, nil
	m.take(c.Tick(m.now))
}

func (m *model) take(drives []Drive) {
	seen := map[string]Position{}
	for _, d := range drives {
		o := m.plan.output(d.Output)
		switch {
		case o == nil || !d.To.Fits(o.Kind):
			m.Fatalf("nonsense: %+v", d)
		case o.Main == FireMain && d.To != Open:
			m.Fatalf("a fire main is closed: %+v", d)
		case d.Why == "":
			m.Fatalf("nobody knows why: %+v", d)
		case m.core.s.Outputs[d.Output].Want != d.To && !slices.ContainsFunc(drives, func(x Drive) bool { return x.Output == d.Output && x.To == m.core.s.Outputs[d.Output].Want }):
			m.Fatalf("%+v is not what is wanted", d)
		}
		seen[d.Output] = d.To
		m.open = append(m.open, d)
		m.lines[d.Output] = d.To
	}
}

func (m *model) hear(t *rapid.T) {
	device := rapid.SampledFrom([]plantroom.DeviceID{"b1-leak-1", "b1-leak-2", "b1-flat-leak", "b1-fire", "b1-hand", "b1-limit", "x"}).Draw(t, "device")
	signal := rapid.SampledFrom([]string{"state", "alarm", "contact", "open", "closed"}).Draw(t, "signal")
	v := rapid.SampledFrom([]plantroom.Value{plantroom.String("wet"), plantroom.String("dry"), plantroom.String("unknown"),
		plantroom.Bool(true), plantroom.Bool(false), plantroom.Float(1), {}}).Draw(t, "value")
	q := plantroom.Quality(rapid.IntRange(0, 5).Draw(t, "quality"))
	age := time.Duration(rapid.IntRange(-100, 100).Draw(t, "age")) * time.Second
	drives, _ := m.core.Observe(plantroom.Reading{Device: device, Signal: signal, Value: v, At: m.now.Add(-age), Quality: q}, m.now)
	m.take(drives)
}

func (m *model) order(t *rapid.T) {
	x := Order{
		Output: rapid.SampledFrom([]string{"riser", "flat", "sprinklers", "buzzer", "pump", ""}).Draw(t, "output"),
		To:     rapid.SampledFrom([]Position{Open, Closed, On, Off, Auto, ""}).Draw(t, "to"),
		For:    plantroom.Duration(rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "for")),
	}
	drives, _ := m.core.Order(x, m.now) // some are refused
	m.take(drives)
}

func (m *model) pass(t *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{time.Second, 7 * time.Second, time.Minute, time.Hour, 13 * time.Hour}).Draw(t, "time")
	m.now = m.now.Add(d)
	m.take(m.core.Tick(m.now))
}

func (m *model) driven(t *rapid.T) {
	if len(m.open) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.open)-1).Draw(t, "which")
	d := m.open[i]
	m.open = slices.Delete(m.open, i, i+1)
	var err error
	if rapid.Bool().Draw(t, "fails") {
		err = plantroom.Errorf(plantroom.CodeUnavailable, "no")
	}
	m.take(m.core.Driven(d.Output, d.To, err, m.now))
}

// restart ends the gateway and starts it with what the disk has. What it does
// then is what it would have done anyway.
func (m *model) restart(*rapid.T) {
	before, _, err := m.core.Encoded()
	if err != nil {
		m.Fatal(err)
	}
	s, err := Decode(before)
	if err != nil {
		m.Fatal(err)
	}
	want := map[string]Position{}
	for _, o := range m.plan.Outputs {
		if st := m.core.s.Outputs[o.Name]; st.Want != "" && m.core.s.Test == nil {
			want[o.Name] = st.Want
		}
	}
	m.start(s)
	for name, p := range want {
		if got := m.core.s.Outputs[name].Want; got != p {
			m.Fatalf("%s was to be %s, and after a restart %s", name, p, got)
		}
		if m.lines[name] != p {
			m.Fatalf("%s is not driven to %s again", name, p)
		}
	}
	after, _, err := m.core.Encoded()
	if err != nil {
		m.Fatal(err)
	}
	again, err := Decode(after)
	if err != nil {
		m.Fatal(err)
	}
	if b, err := again.Encode(); err != nil || !bytes.Equal(b, after) {
		m.Fatalf("the state does not survive being kept: %s, %v", b, err)
	}
}

func (m *model) clock(t *rapid.T) {
	by := time.Duration(rapid.IntRange(-40, 40).Draw(t, "days")) * 24 * time.Hour
	m.core.Shift(by)
	m.now = m.now.Add(by)
}

// reload changes the plan and keeps what is known.
func (m *model) reload(t *rapid.T) {
	m.plan = house()
	if rapid.Bool().Draw(t, "without the flat's reflex") {
		m.plan.Reflexes = m.plan.Reflexes[:1]
	}
	if rapid.Bool().Draw(t, "the riser is a fire main") {
		m.plan.Outputs[0].Main = FireMain
		m.plan.Reflexes[0].Do = m.plan.Reflexes[0].Do[1:]
		delete(m.lines, "riser")
	}
	s, err := m.core.State()
	if err != nil {
		m.Fatal(err)
	}
	m.start(s)
}

// check is what holds after every step.
func (m *model) check(*rapid.T) {
	closed := 0
	for _, o := range m.plan.Outputs {
		st := m.core.s.Outputs[o.Name]
		to, by, _ := m.core.wish(&o)
		if o.never(st.Want) || o.never(st.Is) {
			m.Fatalf("%s is wanted %s", o.Name, st.Want)
		}
		if st.Want != "" && to != st.Want {
			m.Fatalf("%s is wanted %s, and ought to be %s", o.Name, st.Want, to)
		}
		if m.lines[o.Name] != st.Want {
			m.Fatalf("%s was driven %q, and is wanted %q", o.Name, m.lines[o.Name], st.Want)
		}
		if by == byTest {
			closed++
		}
	}
	if closed > 1 {
		m.Fatal("two valves are exercised at once")
	}
	// Every move has a record.
	for _, e := range m.core.Unsent(maxOutbox) {
		if e.N <= m.said {
			m.Fatal("a record was said twice, or out of order")
		}
		if allowed, known := Signals()[e.Reading.Signal]; !known || allowed != nil && !slices.Contains(allowed, e.Reading.Value.Str()) {
			m.Fatalf("no such reading: %+v", e.Reading)
		}
		m.said = e.N
	}
	m.core.Recorded(m.said)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"outputs":{"riser":{"want":"closed","acts":{"leak":{"since":"2026-03-02T12:00:00Z"}}}},"test":{"output":"riser","phase":"moving"}}`))
	f.Add([]byte(`{"version":1,"senses":{"b1-leak-1 state is wet, a string":{"known":true,"holds":true}},"outbox":[{"n":3,"reading":{}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err != nil {
			return
		}
		c, err := New(house(), s, monday)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			for _, d := range c.Tick(monday.Add(time.Duration(i) * time.Hour)) {
				if d.Output == "sprinklers" && d.To != Open {
					t.Fatal("a fire main is closed")
				}
			}
		}
	})
}
