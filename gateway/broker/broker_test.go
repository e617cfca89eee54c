package broker

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

func TestAMessageIsAcknowledgedOnlyWhenItIsOnDisk(t *testing.T) {
	s := begin(t, &disk{held: true}, nil)
	c := s.login("a", nil)
	c.value(1, "a", 1)
	c.value(2, "a", 2)
	c.publish(1, 3, "a/of-no-source", "x") // done at once, and not before its turn
	c.ping()
	c.hears("pong")
	if st := s.b.State(); st.Unacked != 3 || st.Messages != 3 || st.Unheard != 1 {
		t.Errorf("the state is %+v", st)
	}
	s.disk.sync()
	c.hears("ack 1", "ack 2", "ack 3")
	s.stored("a=1 a=2")
	wait(t, "nothing is under way", func() bool { return s.b.State().Unacked == 0 })
}

func TestWhatAPowerCutTookIsSentAgainAndNothingElse(t *testing.T) {
	d := &disk{}
	s := begin(t, d, nil)
	c := s.login("a", nil)
	c.value(1, "a", 1)
	c.hears("ack 1")
	d.set(func(d *disk) { d.held = true })
	c.value(2, "a", 2)
	c.value(3, "a", 3)
	c.ping()
	c.hears("pong")
	s.stop() // before they were durable
	c.hears("gone")
	d.set(func(d *disk) { d.held, d.waiting = false, nil })
	s.run(s.b.o)
	c = s.login("a", nil)
	c.value(2, "a", 2)
	c.value(3, "a", 3)
	c.hears("ack 2", "ack 3")
	s.stored("a=1 a=2 a=3")
}

func TestStoppingAcknowledgesWhatIsOnItsWay(t *testing.T) {
	d := &disk{held: true}
	s := begin(t, d, nil)
	c := s.login("a", nil)
	c.value(1, "a", 1)
	c.ping()
	c.hears("pong")
	go s.stop()
	wait(t, "it stops", func() bool { s.b.mu.Lock(); defer s.b.mu.Unlock(); return s.b.run == nil || s.b.run.stopping.Load() })
	d.sync()
	c.hears("ack 1", "gone")
}

func TestASpoolThatTakesNoMoreEndsTheConnectionWithoutAnAcknowledgement(t *testing.T) {
	d := &disk{}
	s := begin(t, d, nil)
	c := s.login("a", nil)
	c.value(1, "a", 1)
	c.hears("ack 1")
	d.set(func(d *disk) { d.err = errors.New("spool full") })
	c.value(2, "a", 2)
	c.value(3, "a", 3)
	c.hears("gone")
	if st := s.b.State(); st.Held != 1 || !strings.Contains(st.LastError, "spool full") {
		t.Errorf("the state is %+v", st)
	}
	d.set(func(d *disk) { d.err = nil })
	c = s.login("a", nil)
	c.value(2, "a", 2)
	c.value(3, "a", 3)
	c.hears("ack 2", "ack 3")
	s.stored("a=1 a=2 a=3")
}

func TestNothingBehindAFailedMessageIsAcknowledged(t *testing.T) {
	d := &disk{held: true}
	s := begin(t, d, nil)
	c := s.login("a", nil)
	c.value(1, "a", 1)
	c.ping()
	c.hears("pong")
	d.set(func(d *disk) { d.err = errors.New("spool full") })
	c.value(2, "a", 2)
	c.publish(1, 3, "a/of-no-source", "x")
	c.ping()
	c.hears("pong") // the first one is to be acknowledged before
	d.sync()
	c.hears("ack 1", "gone")
}

func TestAtQoS0ThereIsNoPromise(t *testing.T) {
	d := &disk{err: errors.New("spool full")}
	s := begin(t, d, nil)
	c := s.login("a", nil)
	c.publish(0, 0, "plantroom-device/a", `{"v":{"distance_m":1}}`)
	c.ping()
	c.hears("pong")
	wait(t, "it is counted as lost", func() bool { return s.b.State().Lost == 1 })
	d.set(func(d *disk) { d.err = nil })
	c.publish(0, 0, "plantroom-device/a", `{"v":{"distance_m":2}}`)
	s.stored("a=2")
}

func TestAClientIsReadNoFurtherThanTheWindow(t *testing.T) {
	s := begin(t, &disk{held: true}, nil)
	c := s.login("a", nil)
	const n = maxUnacked + 50
	for i := range n {
		c.value(uint16(i+1), "a", i)
	}
	wait(t, "the window is full", func() bool { return s.b.State().Messages == maxUnacked+1 })
	other := s.login("b", nil)
	other.value(1, "b", 1)
	other.ping()
	other.hears("pong") // nobody else waits
	if st := s.b.State(); st.Unacked != maxUnacked+1 {
		t.Errorf("%d messages are under way", st.Unacked)
	}
	s.disk.sync()
	for i := range n {
		c.hears(fmt.Sprint("ack ", i+1))
	}
	other.hears("ack 1")
}

func TestADiskThatIsStuckIsNoticed(t *testing.T) {
	s := begin(t, &disk{held: true}, func(o *Options) { o.Patience = 50 * time.Millisecond })
	c := s.login("a", nil)
	c.value(1, "a", 1)
	c.hears("gone")
	if st := s.b.State(); !strings.Contains(st.LastError, "is the disk stuck?") {
		t.Errorf("the state is %+v", st)
	}
	s.disk.sync()
}

func TestManyClientsAtOnceKeepTheirOrder(t *testing.T) {
	d := &disk{}
	s := begin(t, d, nil)
	const clients, each = 8, 300
	for i := range clients {
		id := fmt.Sprint("c", i)
		s.add(id, []string{"plantroom-device/" + id}, nil)
	}
	var all sync.WaitGroup
	for i := range clients {
		c := s.login(fmt.Sprint("c", i), nil)
		all.Go(func() {
			for k := range each {
				p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
				p.Qos, p.MessageID, p.TopicName = 1, uint16(k+1), fmt.Sprint("plantroom-device/c", i)
				p.Payload = fmt.Appendf(nil, `{"v":{"x":%d}}`, k)
				if err := p.Write(c); err != nil {
					t.Error(err)
					return
				}
			}
			for k := range each {
				if got := c.next(); got != fmt.Sprint("ack ", k+1) {
					t.Errorf("client %d heard %q, want ack %d", i, got, k+1)
					return
				}
			}
		})
	}
	all.Wait()
	next := map[string]int{}
	for v := range strings.FieldsSeq(d.values()) {
		device, value, _ := strings.Cut(v, "=")
		if value != fmt.Sprint(next[device]) {
			t.Fatalf("%s came instead of %d", v, next[device])
		}
		next[device]++
	}
	if len(next) != clients {
		t.Errorf("heard of %v", next)
	}
}
