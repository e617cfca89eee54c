package uplink

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"plantroom"
	"plantroom/internal/mqttconn"
)

const (
	flapWindow = 5 * time.Minute
	flapLimit  = 3 // connections within flapWindow
)

// Uplink sends one spool to the services.
type Uplink struct {
	o   Options
	log *slog.Logger

	w       window // used by Run's goroutine only
	refused string // what the last refused acknowledgement was about

	mu    sync.Mutex
	stats Stats
}

// Stats is what the health page shows.
type Stats struct {
	Connected  bool
	Since      plantroom.Instant // of the present state
	Connects   uint64
	Batches    uint64 // sent, repeats included
	Records    uint64 // sent, repeats included
	Acks       uint64
	Ignored    uint64 // acknowledgements of another epoch or of nonsense
	Timeouts   uint64 // batches that were not acknowledged in time
	Rewinds    uint64 // times that the services asked for records again
	Seen       uint64 // judged by the services
	Stored     uint64 // stored by the services: trimmed from the spool
	LastAck    plantroom.Instant
	Owed       plantroom.Instant // since when the services owe an acknowledgement; zero: they owe none
	Waiting    bool              // records wait for the clock
	Doubt      string            // why changed certificates are not used; "": there are none, or they are
	SpoolError string            // why the spool cannot be read; "": it can
	Deaf       string            // why configurations cannot be heard; "": they can, or are not wanted
	LastError  string            // why the connection was lost or could not be made
}

// New makes an Uplink. It fails where the options could never work: an
// unreadable file, an impossible address.
func New(o Options) (*Uplink, error) {
	o.fill()
	if err := o.Broker.Check(); err != nil {
		return nil, err
	}
	u := &Uplink{o: o, log: o.Logger, w: window{limit: o.Window, timeout: o.AckTimeout}}
	u.w.connected()
	return u, nil
}

// Stats returns a snapshot.
func (u *Uplink) Stats() Stats {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.stats
}

func (u *Uplink) count(f func(*Stats)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f(&u.stats)
}

// Run connects and sends until ctx ends. Then it goes on for at most
// Options.Drain, so that what is in the spool arrives, says goodbye and
// returns. It never fails: whatever goes wrong is logged, shown in Stats and
// tried again.
func (u *Uplink) Run(ctx context.Context) {
	pause := u.o.Backoff
	var flaps flapping
	for pause.Pause(ctx) {
		up, err := u.connection(ctx)
		if ctx.Err() != nil {
			return
		}
		u.count(func(s *Stats) { s.Connected, s.Since, s.LastError = false, plantroom.At(time.Now()), err.Error() })
		u.log.Warn("uplink is down; readings are kept in the spool", "broker", u.o.Broker.URL, "error", err)
		pause.Ended(up)
		if !up.IsZero() && flaps.note(up) {
			u.log.Error("uplink keeps losing its connection: is the client id used twice?",
				"client_id", u.o.Broker.ClientID, "connects", flapLimit+1, "within", flapWindow)
		}
	}
}

// connection makes one connection and uses it until it is lost or ctx ends. It
// returns since when the connection was up; zero: it was never made.
func (u *Uplink) connection(ctx context.Context) (up time.Time, err error) {
	s := newSession(u)
	will, err := u.state(false)
	if err != nil {
		return up, err
	}
	s.conn, err = mqttconn.Connect(ctx, u.o.Broker, mqttconn.Session{
		Will:   &mqttconn.Will{Topic: s.stateTopic, Payload: will},
		Now:    u.o.Times.Wall,
		Look:   u.o.Look,
		Doubt:  u.doubt,
		Handle: s.handle,
		Gather: true,
	})
	if err != nil {
		return up, err
	}
	defer s.conn.Close()
	if err := s.conn.SubscribeAll(ctx, s.ackTopic); err != nil {
		return up, err
	}
	s.listen(ctx)
	up = time.Now()
	u.count(func(st *Stats) {
		st.Connected, st.Since, st.LastError = true, plantroom.At(up), ""
		st.Connects++
	})
	u.log.Info("uplink is up", "broker", u.o.Broker.URL, "client_id", u.o.Broker.ClientID)
	return up, s.run(ctx)
}

// doubt takes why changed certificates are not used.
func (u *Uplink) doubt(err error) {
	text, was := "", ""
	if err != nil {
		text = err.Error()
	}
	u.count(func(st *Stats) { was, st.Doubt = st.Doubt, text })
	if text != "" && was == "" {
		u.log.Error("the uplink's changed certificates cannot be used", "error", err)
	}
}

// flapping notices more than flapLimit connections within flapWindow.
type flapping [flapLimit]time.Time

func (f *flapping) note(at time.Time) bool {
	oldest := f[0]
	copy(f[:], f[1:])
	f[len(f)-1] = at
	return !oldest.IsZero() && at.Sub(oldest) < flapWindow
}
