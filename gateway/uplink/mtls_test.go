package uplink_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/gateway/uplink"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

const day = 24 * time.Hour

// safe is a mosquitto that asks everybody for a certificate and knows its
// clients by the names in them.
type safe struct {
	brokertest.Broker
	t   *testing.T
	dir string
}

// newSafe starts a broker that shows a certificate of one authority and takes
// those of any.
func newSafe(t *testing.T, shows *brokertest.Authority, takes ...*brokertest.Authority) *safe {
	s := &safe{t: t, dir: t.TempDir()}
	s.trust(shows, takes...)
	brokertest.Put(t, s.file("acl"), []byte("user gw-b1\ntopic readwrite plantroom/1/story/gw-b1/#\nuser services\ntopic readwrite plantroom/#\n"))
	s.Broker = brokertest.Mosquitto(t, strings.ReplaceAll("cafile DIR/takes\ncertfile DIR/cert\nkeyfile DIR/key\nrequire_certificate true\n"+
		"use_identity_as_username true\nacl_file DIR/acl", "DIR", s.dir))
	return s
}

func (s *safe) file(name string) string { return filepath.Join(s.dir, name) }

// trust writes the broker's files; it reads them at its next start.
func (s *safe) trust(shows *brokertest.Authority, takes ...*brokertest.Authority) {
	var all []byte
	for _, a := range takes {
		all = append(all, a.PEM...)
	}
	cert, key := shows.Issue("broker", day)
	brokertest.Put(s.t, s.file("takes"), all)
	brokertest.Put(s.t, s.file("cert"), cert)
	brokertest.Put(s.t, s.file("key"), key)
}

// client gives a client a certificate and the authorities to believe, and says
// how it connects.
func (s *safe) client(name string, by *brokertest.Authority, until time.Duration, believes ...*brokertest.Authority) mqttconn.Options {
	var all []byte
	for _, a := range believes {
		all = append(all, a.PEM...)
	}
	cert, key := by.Issue(name, until)
	o := mqttconn.Options{URL: "tls://" + s.Addr(), ClientID: name, TLS: mqttconn.TLS{CA: s.file(name + ".ca"), Cert: s.file(name + ".pem"), Key: s.file(name + ".key")}}
	brokertest.Put(s.t, o.TLS.CA, all)
	brokertest.Put(s.t, o.TLS.Key, key)
	brokertest.Put(s.t, o.TLS.Cert, cert)
	return o
}

// securely starts an uplink that looks for changed certificates all the time.
func securely(t *testing.T, s *safe, o mqttconn.Options) *road {
	return start(t, s, t.TempDir(), func(u *uplink.Options) { u.Broker, u.Look = o, 20*time.Millisecond })
}

func TestCertificatesAndTheirAuthorityAreExchangedWithoutARestartAndWithoutLosingARecord(t *testing.T) {
	old, young := brokertest.NewAuthority(t, "old"), brokertest.NewAuthority(t, "young")
	b := newSafe(t, old, old, young)
	s := listenAt(t, b.client("services", old, day, old), nil)
	r := securely(t, b, b.client("gw-b1", old, day, old))
	r.put(25)
	r.arrived(t, s, 25)

	b.client("gw-b1", young, day, old, young)
	n := 25
	wait(t, "it has connected anew, while records go on", func() bool {
		r.put(5)
		n += 5
		return r.up.Stats().Connects == 2 && r.up.Stats().Connected
	})
	r.arrived(t, s, n)

	b.trust(young, young) // the old authority is gone
	b.Stop()
	r.put(5)
	b.Start()
	listenAt(t, b.client("services", young, day, young), s)
	r.put(5)
	r.arrived(t, s, n+10)
}

func TestANewCertificateThatCannotBeUsedDoesNotCostTheConnection(t *testing.T) {
	ca, stranger := brokertest.NewAuthority(t, "ours"), brokertest.NewAuthority(t, "somebody else's")
	b := newSafe(t, ca, ca)
	s := listenAt(t, b.client("services", ca, day, ca), nil)
	o := b.client("gw-b1", ca, day, ca)
	r := securely(t, b, o)
	r.put(5)
	r.arrived(t, s, 5)
	n := 5
	for _, c := range []struct {
		name  string
		spoil func()
		says  string
	}{
		{"half of the pair is written", func() { brokertest.Put(t, o.TLS.Key, []byte("-----BEGIN EC PRIV")) }, "tls cert and key"},
		{"the broker does not know its authority", func() { b.client("gw-b1", stranger, day, ca) }, "they cannot be used"},
		{"it has expired", func() { b.client("gw-b1", ca, -time.Hour, ca) }, "gw-b1.pem expired on "},
		{"the new authority is not the broker's", func() { b.client("gw-b1", ca, day, stranger) }, "certificate signed by unknown authority"},
	} {
		c.spoil()
		wait(t, c.name+": it is said", func() bool { return strings.Contains(r.up.Stats().Doubt, c.says) })
		r.put(5)
		n += 5
		r.arrived(t, s, n)
		if st := r.up.Stats(); st.Connects != 1 || !st.Connected {
			t.Fatalf("%s: the connection was given up: %+v", c.name, st)
		}
	}
	b.client("gw-b1", ca, day, ca)
	wait(t, "a good one is taken", func() bool { st := r.up.Stats(); return st.Connects == 2 && st.Connected && st.Doubt == "" })
	r.put(5)
	r.arrived(t, s, n+5)
}

func TestAnExpiredCertificateIsNamedWithItsDateAndWhatToDo(t *testing.T) {
	ca := brokertest.NewAuthority(t, "ours")
	b := newSafe(t, ca, ca)
	s := listenAt(t, b.client("services", ca, day, ca), nil)
	o := b.client("gw-b1", ca, -time.Hour, ca)
	r := securely(t, b, o)
	r.put(5)
	expired := time.Now().Add(-time.Hour).UTC().Format("2006-01-02")
	wait(t, "the refusal is shown", func() bool { return r.up.Stats().LastError != "" })
	got := r.up.Stats().LastError
	for _, want := range []string{o.TLS.Cert, "expired on " + expired, "renew it", "without a restart"} {
		if !strings.Contains(got, want) {
			t.Errorf("the operator is told %q, want a word of %q", got, want)
		}
	}
	b.client("gw-b1", ca, day, ca)
	r.arrived(t, s, 5)
}

// waiting is a clock that lets no record go until it is set, and then writes
// its mark into each.
type waiting struct {
	set  chan struct{} // closed: it is set
	told chan struct{}
}

func (w *waiting) Wall() plantroom.Instant { return plantroom.At(time.Now()) }
func (w *waiting) Connected() {
	select {
	case w.told <- struct{}{}:
	default:
	}
}

func (w *waiting) Correct(first uint64, records [][]byte) (int, error) {
	select {
	case <-w.set:
	default:
		return min(len(records), int(max(0, 3-int(first)))), nil
	}
	for i, r := range records {
		records[i] = append(slices.Clone(r), '!')
	}
	return len(records), nil
}

func TestRecordsWaitForTheClockWithoutHoldingUpThoseBeforeThem(t *testing.T) {
	b := brokertest.NewMochi(t)
	s := listen(t, b, nil)
	w := &waiting{set: make(chan struct{}), told: make(chan struct{}, 1)}
	r := start(t, b, t.TempDir(), func(o *uplink.Options) { o.Times, o.LookAgain = w, 10*time.Millisecond })
	<-w.told
	r.put(20)
	wait(t, "those before arrived", func() bool { return s.count() == 2 && r.spool.Base() == 3 && r.up.Stats().Waiting })
	close(w.set)
	wait(t, "the others arrived", func() bool { return s.count() == 20 && !r.up.Stats().Waiting })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[2] != "record 2" || s.records[3] != "record 3!" || s.times[3] != 1 {
		t.Errorf("%q, then %q %d times", s.records[2], s.records[3], s.times[3])
	}
	if st := r.up.Stats(); st.Connects != 1 || st.Timeouts != 0 {
		t.Errorf("%+v", st)
	}
}
