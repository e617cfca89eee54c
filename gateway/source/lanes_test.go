package source_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"plantroom"
	"plantroom/gateway/source"
	"plantroom/internal/mqttconn/brokertest"
)

// patient is a family in which the devices whose names begin with slow take
// long, each in a lane of its own.
type patient struct {
	plantroom.Decoder
	gate chan struct{} // nothing slow goes on before it is closed
}

func (p *patient) Begin(m plantroom.Message) ([]plantroom.Sample, *plantroom.Later, error) {
	_, name, _ := strings.Cut(m.Topic, "/")
	if !strings.HasPrefix(name, "slow") {
		samples, err := p.Decode(m)
		return samples, nil, err
	}
	return nil, &plantroom.Later{Lane: name, Do: func() ([]plantroom.Sample, error) {
		<-p.gate
		if strings.Contains(string(m.Payload), "panic") {
			panic("index out of range")
		}
		return p.Decode(m)
	}}, nil
}

func TestWhatTakesLongHoldsUpNoOtherDevice(t *testing.T) {
	b := brokertest.NewMochi(t)
	p := &patient{gate: make(chan struct{})}
	s := start(t, b, &disk{}, func(o *source.Options) { p.Decoder = o.Decoder; o.Decoder = p })
	s.up()
	device(t, b, "slow-1=1", "fast=1", "slow-2=1", "slow-1=2", "fast=2")
	s.hears("fast=1 fast=2")
	close(p.gate)
	wait(t, "the slow ones are decoded, too", func() bool { return strings.Count(s.disk.values(), "slow") == 3 })
	if got := s.disk.values(); strings.Index(got, "slow-1=1") > strings.Index(got, "slow-1=2") {
		t.Errorf("the messages of one lane changed places: %s", got)
	}
}

func TestALaneKeepsTheOrderOfItsMessages(t *testing.T) {
	b := brokertest.NewMochi(t)
	p := &patient{gate: make(chan struct{})}
	s := start(t, b, &disk{}, func(o *source.Options) { p.Decoder = o.Decoder; o.Decoder = p })
	s.up()
	close(p.gate)
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprintf("slow=%d", i))
	}
	device(t, b, want...)
	s.hears(strings.Join(want, " "))
}

func TestWhatTakesLongIsNotAcknowledgedBeforeItIsOnDisk(t *testing.T) {
	b := brokertest.NewMochi(t)
	d := &disk{}
	var once sync.Once
	p := &patient{gate: make(chan struct{})}
	open := func() { once.Do(func() { close(p.gate) }) }
	defer open()
	s := start(t, b, d, func(o *source.Options) { p.Decoder = o.Decoder; o.Decoder = p })
	s.up()
	device(t, b, "slow=1")
	wait(t, "it was received", func() bool { return s.src.State().Messages == 1 })
	s.stop() // before it was decoded
	if d.values() != "" {
		t.Fatalf("stored %q", d.values())
	}
	s = start(t, b, d, nil)
	s.hears("slow=1")
}

func TestAPanicInALaneStopsNothing(t *testing.T) {
	b := brokertest.NewMochi(t)
	p := &patient{gate: make(chan struct{})}
	s := start(t, b, &disk{}, func(o *source.Options) { p.Decoder = o.Decoder; o.Decoder = p })
	s.up()
	close(p.gate)
	device(t, b, "slow=?panic", "slow=1")
	s.hears("reject:the decoder panicked: index out of range slow=1")
}

// attentive is a patient family that speaks: it says in each turn which device
// it has understood last.
type attentive struct {
	*patient
	last string // guarded by mu: a lane understands beside the handler
	mu   sync.Mutex
}

func (a *attentive) Begin(m plantroom.Message) ([]plantroom.Sample, *plantroom.Later, error) {
	samples, later, err := a.patient.Begin(m)
	note := func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		_, a.last, _ = strings.Cut(m.Topic, "/")
	}
	if later == nil {
		note()
		return samples, nil, err
	}
	return samples, &plantroom.Later{Lane: later.Lane, Do: func() ([]plantroom.Sample, error) {
		samples, err := later.Do()
		note()
		return samples, err
	}}, err
}

func (a *attentive) Will(plantroom.Instant) *plantroom.Publication { return nil }

func (a *attentive) Turn(plantroom.Instant, bool) plantroom.Turn {
	a.mu.Lock()
	defer a.mu.Unlock()
	return plantroom.Turn{Publish: []plantroom.Publication{{Topic: "host/understood", Payload: []byte(a.last), QoS: 1}}}
}

func TestASpeakerHasItsTurnAfterWhatTakesLongIsDecoded(t *testing.T) {
	b := brokertest.NewMochi(t)
	said := listener(t, b, "host/understood")
	p := &patient{gate: make(chan struct{})}
	s := start(t, b, &disk{}, func(o *source.Options) { p.Decoder = o.Decoder; o.Decoder = &attentive{patient: p} })
	s.up()
	device(t, b, "slow=1", "fast=1")
	wait(t, "it speaks of the fast one", func() bool { return said() == "fast" })
	close(p.gate)
	wait(t, "it speaks of the slow one, though nothing comes after it", func() bool { return said() == "slow" })
	s.hears("fast=1 slow=1")
}
