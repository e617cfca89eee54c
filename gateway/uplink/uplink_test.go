package uplink_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool"
	"plantroom/gateway/uplink"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

const soon = time.Minute

// brokers runs a test against mochi in the process and against a real
// mosquitto.
func brokers(t *testing.T, test func(t *testing.T, b brokertest.Broker)) {
	t.Run("mochi", func(t *testing.T) { test(t, brokertest.NewMochi(t)) })
	t.Run("mosquitto", func(t *testing.T) { test(t, brokertest.Mosquitto(t, "allow_anonymous true")) })
}

// road is a spool and an uplink that drains it.
type road struct {
	t     testing.TB
	spool *spool.Spool
	up    *uplink.Uplink
	stop  func()
}

func open(t testing.TB, dir string) *spool.Spool {
	t.Helper()
	s, _, err := spool.Open(spool.Options{Dir: dir, Linger: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start opens a spool in dir and runs an uplink to b, quick enough for a test.
func start(t testing.TB, b brokertest.Broker, dir string, change func(*uplink.Options)) *road {
	t.Helper()
	r := &road{t: t, spool: open(t, dir)}
	o := uplink.Options{
		Broker: mqttconn.Options{URL: b.URL()}, Estate: estate, Gateway: gateway, Version: "test", Spool: r.spool,
		MaxRecords: 10, Linger: 5 * time.Millisecond, AckTimeout: 300 * time.Millisecond,
		Backoff: mqttconn.Backoff{First: 10 * time.Millisecond, Cap: 50 * time.Millisecond},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if r.up, err = uplink.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.up.Run(ctx)
	}()
	stopped := false
	r.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-ended
		if err := r.spool.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(r.stop)
	return r
}

// put appends n records whose text is their sequence number.
func (r *road) put(n int) {
	r.t.Helper()
	for range n {
		if _, err := r.spool.Append(context.Background(), fmt.Appendf(nil, "record %d", r.spool.Next())); err != nil {
			r.t.Fatal(err)
		}
	}
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	brokertest.Wait(t, soon, what, done)
}

// arrived waits until the services have records 1 to n, right ones, and the
// spool is trimmed.
func (r *road) arrived(t *testing.T, s *services, n int) {
	t.Helper()
	wait(t, fmt.Sprintf("%d records arrived", n), func() bool { return s.count() >= n })
	wait(t, "the spool is empty", func() bool { return r.spool.Base() == r.spool.Next() })
	s.mu.Lock()
	defer s.mu.Unlock()
	for seq := uint64(1); seq <= uint64(n); seq++ {
		if want := fmt.Sprintf("record %d", seq); s.records[seq] != want {
			t.Errorf("record %d is %q, want %q", seq, s.records[seq], want)
		}
	}
}

func TestRecordsArriveInOrderAndLeaveTheSpool(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := listen(t, b, nil)
		r := start(t, b, t.TempDir(), nil)
		r.put(95)
		r.arrived(t, s, 95)
		wait(t, "the numbers say so", func() bool { st := r.up.Stats(); return st.Connected && st.Stored == 95 && st.Seen == 95 })
		for seq, times := range s.times {
			if times != 1 {
				t.Errorf("record %d came %d times", seq, times)
			}
		}
	})
}

func TestNothingLeavesTheSpoolOnTheBrokersWordAlone(t *testing.T) {
	b := brokertest.NewMochi(t)
	r := start(t, b, t.TempDir(), nil) // nobody listens: the broker still sends PUBACK
	r.put(50)
	wait(t, "it has tried repeatedly", func() bool { return r.up.Stats().Timeouts >= 2 })
	if r.spool.Base() != 1 {
		t.Fatalf("the spool was trimmed to %d without an acknowledgement", r.spool.Base())
	}
	if st := r.up.Stats(); st.Records > 10*(st.Timeouts+1) {
		t.Errorf("%d records were poured into a broker without listeners in %d tries", st.Records, st.Timeouts+1)
	}
	s := listen(t, b, nil)
	r.arrived(t, s, 50)
}

func TestABrokerThatLosesEverythingLosesNoRecord(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := listen(t, b, nil)
		r := start(t, b, t.TempDir(), nil)
		r.put(30)
		r.arrived(t, s, 30)
		b.Stop() // and with it queues, sessions and retained messages
		r.put(30)
		wait(t, "the loss is noticed", func() bool { return !r.up.Stats().Connected })
		b.Start()
		s = listen(t, b, s)
		r.arrived(t, s, 60)
	})
}

func TestLostAcknowledgementsAreMadeGoodByRepeating(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	s.set(func(s *services) { s.mute = true })
	r := start(t, b, t.TempDir(), nil)
	r.put(30)
	wait(t, "the first batch was repeated", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.times[1] >= 2 })
	if r.spool.Base() != 1 {
		t.Fatalf("the spool was trimmed to %d", r.spool.Base())
	}
	s.set(func(s *services) { s.mute = false })
	r.arrived(t, s, 30)
}

func TestWhetherTheServicesOweAnAcknowledgementIsShown(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	s.set(func(s *services) { s.mute = true })
	r := start(t, b, t.TempDir(), nil)
	wait(t, "it is connected", func() bool { return r.up.Stats().Connected })
	if owed := r.up.Stats().Owed; !owed.IsZero() {
		t.Errorf("before anything was sent they owe since %s", owed)
	}
	r.put(30)
	wait(t, "the first batch was repeated", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.times[1] >= 2 })
	if r.up.Stats().Owed.IsZero() {
		t.Error("they owe nothing, and have acknowledged nothing")
	}
	s.set(func(s *services) { s.mute = false })
	r.arrived(t, s, 30)
	wait(t, "they owe nothing any more", func() bool { return r.up.Stats().Owed.IsZero() })
}

func TestDoubledAcknowledgementsChangeNothing(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	s.set(func(s *services) { s.echo = 3 })
	r := start(t, b, t.TempDir(), nil)
	r.put(200)
	r.arrived(t, s, 200)
}

func TestAnAcknowledgementOfAnotherEpochOrOfTheFutureIsIgnored(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	s.set(func(s *services) { s.deaf = true })
	r := start(t, b, t.TempDir(), nil)
	r.put(20)
	wait(t, "it is connected", func() bool { return r.up.Stats().Connected })
	epoch := r.spool.Epoch()
	for i, a := range []wire.Ack{
		{Epoch: epoch + 1, Stored: 20, Seen: 20},
		{Epoch: epoch, Stored: 20, Seen: 21}, // record 21 does not exist
	} {
		s.set(func(s *services) { s.answer(a) })
		wait(t, "the acknowledgement is refused", func() bool { return r.up.Stats().Ignored == uint64(i+1) })
	}
	if r.spool.Base() != 1 {
		t.Fatalf("the spool was trimmed to %d", r.spool.Base())
	}
	s.set(func(s *services) { s.deaf = false })
	r.arrived(t, s, 20)
}

func TestARewindBringsTheRecordsAgain(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := listen(t, b, nil)
		r := start(t, b, t.TempDir(), nil)
		r.put(10)
		r.arrived(t, s, 10)
		// From here on the services judge and do not store, as while
		// InfluxDB is away; then they have lost what they held in memory.
		s.set(func(s *services) { s.mute = true })
		r.put(40)
		wait(t, "more records were seen", func() bool { return s.count() > 10 })
		s.set(func(s *services) {
			s.mute = false
			s.answer(wire.Ack{Epoch: s.epoch, Stored: 10, Seen: s.seen, Rewind: true})
		})
		wait(t, "record 11 came again", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.times[11] >= 2 })
		r.arrived(t, s, 50)
		if r.up.Stats().Rewinds == 0 {
			t.Error("no rewind was counted")
		}
	})
}

func TestARestartedGatewayGoesOnWhereTheServicesAre(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	dir := t.TempDir()
	s.set(func(s *services) { s.mute = true }) // what arrives stays in the spool
	r := start(t, b, dir, nil)
	r.put(15)
	wait(t, "the first batch arrived", func() bool { return s.count() >= 10 })
	r.stop()
	s.set(func(s *services) { s.mute = false })
	r = start(t, b, dir, nil)
	r.put(5)
	r.arrived(t, s, 20)
}

func TestRecordsMissingFromTheMidstOfTheSpoolAreDeclaredAndNoOthers(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	s.set(func(s *services) { s.deaf, s.lose = true, 15 }) // the batch before the hole is lost on its way
	hole := &holed{first: 21, last: 40}
	r := start(t, b, t.TempDir(), func(o *uplink.Options) { hole.Spool = o.Spool; o.Spool = hole })
	r.put(60)
	s.set(func(s *services) { s.deaf = false })
	wait(t, "the rest arrived", func() bool { return s.count() == 40 && r.spool.Base() == r.spool.Next() })
	if fmt.Sprint(s.gaps) != "[[21 40]]" {
		t.Errorf("gaps declared: %v, want [[21 40]]", s.gaps)
	}
}

func TestASpoolThatCannotBeReadForAMomentCostsNoConnection(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	var sick *unreadable
	r := start(t, b, t.TempDir(), func(o *uplink.Options) {
		sick = &unreadable{Spool: o.Spool, fails: true}
		o.Spool, o.ReadAgain = sick, 10*time.Millisecond
	})
	r.put(30)
	wait(t, "the fault is shown", func() bool { return strings.Contains(r.up.Stats().SpoolError, "bad sector") })
	sick.set(false)
	r.arrived(t, s, 30)
	if st := r.up.Stats(); st.Connects != 1 || !st.Connected || st.SpoolError != "" || st.LastError != "" {
		t.Errorf("%+v", st)
	}
}

// unreadable is a spool that fails to read while fails is set.
type unreadable struct {
	uplink.Spool
	mu    sync.Mutex
	fails bool
}

func (u *unreadable) set(fails bool) { u.mu.Lock(); defer u.mu.Unlock(); u.fails = fails }

func (u *unreadable) Read(from uint64, records, size int) (uint64, [][]byte, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.fails {
		return from, nil, errors.New("bad sector")
	}
	return u.Spool.Read(from, records, size)
}

// holed is a spool that has lost records first to last.
type holed struct {
	uplink.Spool
	first, last uint64
}

func (h *holed) Read(from uint64, records, size int) (uint64, [][]byte, error) {
	if from >= h.first && from <= h.last {
		from = h.last + 1
	}
	if from < h.first {
		records = min(records, int(h.first-from))
	}
	return h.Spool.Read(from, records, size)
}

func TestTheRetainedStateTellsTheTruth(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := listen(t, b, nil)
		r := start(t, b, t.TempDir(), nil)
		wait(t, "it is online", func() bool { return s.lastState().Online })
		r.put(7)
		r.arrived(t, s, 7)
		r.stop()
		wait(t, "it says goodbye", func() bool { st := s.lastState(); return !st.Online && st.Next == 8 })
		late := listen(t, b, newServices(t))
		wait(t, "a newcomer is told", func() bool { return late.lastState().Gateway == gateway })
		if st := late.lastState(); st.Online || st.Version != "test" || st.Next != 8 || st.Base != 8 {
			t.Errorf("the retained state is %+v", st)
		}
	})
}

func TestHowFullTheSpoolIsIsToldAgainAndAgain(t *testing.T) {
	brokers(t, func(t *testing.T, b brokertest.Broker) {
		s := listen(t, b, nil)
		var used atomic.Uint64
		used.Store(10)
		r := start(t, b, t.TempDir(), func(o *uplink.Options) {
			o.StateEvery = 20 * time.Millisecond
			o.Room = func() wire.Spool { return wire.Spool{Used: used.Load(), Limit: 100, Clock: wire.ClockHeld} }
		})
		wait(t, "it is told", func() bool { return s.lastRoom().Used == 10 })
		used.Store(60)
		wait(t, "it is told anew", func() bool { return s.lastRoom().Used == 60 })
		if got := s.lastRoom(); got.Gateway != gateway || got.Epoch != r.spool.Epoch() || got.Limit != 100 || got.Clock != wire.ClockHeld || got.At.IsZero() {
			t.Errorf("it says %+v", got)
		}
		late := listen(t, b, newServices(t))
		wait(t, "a newcomer is told", func() bool { return late.lastRoom().Used == 60 })
	})
}

func TestADeadGatewayIsReportedByTheBroker(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	start(t, b, t.TempDir(), nil)
	wait(t, "it is online", func() bool { return s.lastState().Online })
	c, ok := b.Clients.Get(gateway + "-uplink")
	if !ok {
		t.Fatal("the broker does not know the gateway's client id")
	}
	c.Stop(fmt.Errorf("the line is cut"))
	wait(t, "the will was published", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, st := range s.states {
			if !st.Online {
				return true
			}
		}
		return false
	})
	wait(t, "it is online again", func() bool { return s.lastState().Online })
}

func TestStoppingDrainsTheSpool(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	r := start(t, b, t.TempDir(), func(o *uplink.Options) { o.Linger = time.Hour })
	wait(t, "it is connected", func() bool { return r.up.Stats().Connected })
	r.put(5) // half a batch, which would linger for an hour
	r.stop()
	if s.count() != 5 {
		t.Errorf("%d of 5 records arrived before the gateway stopped", s.count())
	}
}

func TestOnlyConnectionsThatWereMadeAndLostAreBlamedOnAClientIDUsedTwice(t *testing.T) {
	b := brokertest.NewMochi(t)
	log := &lines{}
	r := start(t, b, t.TempDir(), func(o *uplink.Options) { o.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	wait(t, "it is connected", func() bool { return r.up.Stats().Connected })
	b.Stop()
	wait(t, "it has tried again and again", func() bool { return log.count("uplink is down") >= 8 })
	if log.count("used twice") > 0 {
		t.Fatal("a broker that is away was taken for a client id that is used twice")
	}
	b.Start()
	wait(t, "it is connected", func() bool { return r.up.Stats().Connected })
	for range 3 {
		before := r.up.Stats().Connects
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		rival, err := mqttconn.Connect(ctx, mqttconn.Options{URL: b.URL(), ClientID: gateway + "-uplink"}, mqttconn.Session{}) // throws ours out
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		wait(t, "it is connected again", func() bool { return r.up.Stats().Connects > before })
		rival.Close()
	}
	wait(t, "the client id is blamed", func() bool { return log.count("used twice") > 0 })
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func TestARefusedClientIsNamed(t *testing.T) {
	b := brokertest.Mosquitto(t, "allow_anonymous false")
	r := start(t, b, t.TempDir(), nil)
	wait(t, "the refusal is shown", func() bool { return r.up.Stats().LastError != "" })
	if got, want := r.up.Stats().LastError, "the broker does not admit client gw-b1-uplink"; !strings.Contains(got, want) {
		t.Errorf("the error is %q, want it to say %q", got, want)
	}
}

func TestPausesGrowWhileTheBrokerDoesNotAnswer(t *testing.T) {
	log := &lines{}
	b := brokertest.NewMochi(t)
	b.Stop()
	start(t, b, t.TempDir(), func(o *uplink.Options) {
		o.Logger = slog.New(slog.NewTextHandler(log, nil))
		o.Backoff = mqttconn.Backoff{First: time.Millisecond, Cap: time.Hour, Use: time.Nanosecond} // any connection would be of use
	})
	began := time.Now()
	wait(t, "it has tried twelve times", func() bool { return log.count("is down") >= 12 })
	// The pauses are random up to 1, 2, 4 ... 2,048 ms: together less than 30 ms
	// once in a million times, where they do not grow nearly always.
	if d := time.Since(began); d < 30*time.Millisecond {
		t.Errorf("twelve attempts took %v: the pauses do not grow", d)
	}
}
