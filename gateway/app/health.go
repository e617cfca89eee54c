package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
	"plantroom/gateway/spool"
	"plantroom/gateway/uplink"
)

// Health is the answer of /health.
type Health struct {
	Status   string              `json:"status"` // ok; degraded: something does not work, and what is taken in waits on disk; failing: readings are refused
	Problems []string            `json:"problems,omitempty"`
	Gateway  plantroom.GatewayID `json:"gateway"`
	Estate   plantroom.EstateID  `json:"estate"`
	Version  string              `json:"version"`
	UptimeS  int64               `json:"uptime_s"`
	Spool    SpoolHealth         `json:"spool"`
	Uplink   UplinkHealth        `json:"uplink"`
	Sources  []SourceHealth      `json:"sources"`
	Devices  DevicesHealth       `json:"devices"`
	Listen   *ListenHealth       `json:"listen,omitempty"` // nil: the gateway has no broker of its own
	Remote   *RemoteHealth       `json:"remote,omitempty"` // nil: no configurations from the services
	Clock    ClockHealth         `json:"clock"`

	Certificates []CertificateHealth `json:"certificates,omitempty"`

	Reloads int `json:"reloads"`
	Refused int `json:"reloads_refused"`

	Reflexes *ReflexHealth `json:"reflexes,omitempty"` // nil: the file has no outputs and no reflexes
}

// SpoolHealth is what waits.
type SpoolHealth struct {
	Epoch    uint64 `json:"epoch"`
	Base     uint64 `json:"base"`
	Next     uint64 `json:"next"`
	Records  uint64 `json:"records"`
	Bytes    int64  `json:"bytes"`
	MaxBytes int64  `json:"max_bytes"`
	Stored   uint64 `json:"stored"`
	Refused  uint64 `json:"refused"`
	Failed   uint64 `json:"failed"`
	Lost     uint64 `json:"lost"`
	Dropped  uint64 `json:"dropped"` // to make room, as the file permits
	Level    string `json:"level"`   // ok, high: room is short, full: the newest reading was refused
	Free     int64  `json:"disk_free,omitempty"`
	Reserve  int64  `json:"disk_reserve,omitempty"`
	Full     bool   `json:"full"` // the newest reading was refused
	Refusal  string `json:"refusal,omitempty"`
	Fault    string `json:"fault,omitempty"`
	Room     string `json:"room_fault,omitempty"` // why no room can be made
}

// UplinkHealth is how the road to the services is.
type UplinkHealth struct {
	Connected  bool              `json:"connected"`
	Since      plantroom.Instant `json:"since,omitzero"`
	Connects   uint64            `json:"connects"`
	Sent       uint64            `json:"records_sent"`
	Batches    uint64            `json:"batches_sent"`
	Acks       uint64            `json:"acks"`
	Ignored    uint64            `json:"acks_ignored"`
	Timeouts   uint64            `json:"timeouts"`
	Rewinds    uint64            `json:"rewinds"`
	Seen       uint64            `json:"seen"`
	Stored     uint64            `json:"stored"`
	LastAck    plantroom.Instant `json:"last_ack,omitzero"`
	Owed       plantroom.Instant `json:"ack_owed_since,omitzero"`
	SpoolError string            `json:"spool_error,omitempty"`
	Doubt      string            `json:"certificates_refused,omitempty"` // why changed certificates are not used
	LastError  string            `json:"last_error,omitempty"`
}

// SourceHealth is what one source, pin, bus or link has brought.
type SourceHealth struct {
	Name       string            `json:"name"` // source/zigbee, pin/b1-l1-fault, bus/I2C1, modbus/riser
	Connected  *bool             `json:"connected,omitempty"`
	Since      plantroom.Instant `json:"since,omitzero"`
	Connects   uint64            `json:"connects,omitempty"`
	Messages   uint64            `json:"messages,omitempty"`
	Held       uint64            `json:"held_back,omitempty"` // connections given up (a line: readings left to their nodes) because the spool took no more
	Noise      uint64            `json:"noise,omitempty"`     // frames that the line has damaged
	Readings   uint64            `json:"readings"`
	Rejected   uint64            `json:"rejected"`
	Suppressed uint64            `json:"rejects_suppressed"`
	Ignored    uint64            `json:"ignored"`
	Doubt      string            `json:"certificates_refused,omitempty"` // why changed certificates are not used
	LastError  string            `json:"last_error,omitempty"`
	Nodes      []NodeHealth      `json:"nodes,omitempty"` // of a serial line
	Modbus     *ModbusHealth     `json:"modbus,omitempty"`
}

// ListenHealth is how the gateway's own broker is.
type ListenHealth struct {
	Serving     bool              `json:"serving"`
	Since       plantroom.Instant `json:"since,omitzero"`
	Addresses   []string          `json:"addresses"`
	Clients     int               `json:"clients"`
	Accounts    int               `json:"accounts"`
	Unacked     int               `json:"unacked"` // messages on their way to the disk
	Messages    uint64            `json:"messages"`
	Unheard     uint64            `json:"unheard"` // on topics of no source
	Denied      uint64            `json:"denied"`
	Turned      uint64            `json:"turned_away"`
	Held        uint64            `json:"held_back"` // clients disconnected because the spool took no more
	Lost        uint64            `json:"lost"`      // at QoS 0: the spool did not take them, and nobody sends them again
	Undelivered uint64            `json:"undelivered"`
	Problem     string            `json:"problem,omitempty"` // with a file
	LastError   string            `json:"last_error,omitempty"`
}

// Health tells how the gateway is.
func (a *App) Health() Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := Health{
		Status: "ok", Gateway: a.cfg.Gateway, Estate: a.cfg.Estate, Version: a.o.Version,
		UptimeS: int64(time.Since(a.begun) / time.Second),
		Spool:   spoolHealth(a.spool), Uplink: uplinkHealth(uplinkStats(a.parts)),
		Sources: []SourceHealth{}, Reloads: a.reloads, Refused: a.refused,
	}
	for _, p := range a.parts {
		if p.intake != nil {
			h.Sources = append(h.Sources, sourceHealth(p))
		}
		if p.listen != nil {
			h.listen(p.listen)
		}
	}
	h.Devices = a.deviceHealth(a.clock.Wall())
	h.Remote = remoteHealth(a.remote, uplinkStats(a.parts).Deaf)
	h.Clock = clockHealth(a.clock.Stats(), uplinkStats(a.parts).Waiting)
	h.Certificates = a.certificates()
	h.Reflexes = a.reflexHealth()
	h.judge(plantroom.At(time.Now()))
	return h
}

// judge sums up.
func (h *Health) judge(now plantroom.Instant) {
	problem := func(status, text string) {
		h.Problems = append(h.Problems, text)
		if h.Status != "failing" {
			h.Status = status
		}
	}
	switch u := h.Uplink; {
	case !u.Connected:
		problem("degraded", "the uplink is down: "+u.LastError)
	case !u.Owed.IsZero() && now.Sub(max(u.Owed, u.Since)) > uplink.DefaultAckTimeout:
		problem("degraded", "the services have not acknowledged since "+u.Owed.String()+": do they run, and do they know this gateway?")
	}
	for _, s := range h.Sources {
		if s.Connected != nil && !*s.Connected && !strings.HasPrefix(s.Name, "listen/") { // their broker speaks for those
			problem("degraded", s.Name+" is down: "+s.LastError)
		}
		if s.Doubt != "" {
			problem("degraded", s.Name+": "+s.Doubt)
		}
		for _, text := range s.silent() {
			problem("degraded", text)
		}
	}
	for _, text := range h.Clock.problems() {
		problem("degraded", text)
	}
	for i := range h.Certificates {
		if text := h.Certificates[i].problem(max(now, h.Clock.Now)); text != "" { // the system's clock may be unset
			problem("degraded", text)
		}
	}
	if h.Uplink.Doubt != "" {
		problem("degraded", "the uplink: "+h.Uplink.Doubt)
	}
	if h.Uplink.SpoolError != "" {
		problem("degraded", "the uplink cannot read: "+h.Uplink.SpoolError)
	}
	h.Reflexes.judge(func(text string) { problem("degraded", text) })
	if l := h.Listen; l != nil {
		if !l.Serving {
			problem("degraded", "the gateway's own broker is down: "+l.LastError)
		}
		if l.Problem != "" {
			problem("degraded", "the gateway's own broker: "+l.Problem)
		}
	}
	if n := h.Devices.Overdue; n > 0 {
		first := h.Devices.List[0]
		problem("degraded", fmt.Sprintf("%d devices are overdue, the first of them %s of %s, which is to be heard every %s", n, first.Device, first.Source, first.Interval))
	}
	if r := h.Remote; r != nil && r.Problem != "" {
		problem("degraded", r.Problem)
	}
	switch s := h.Spool; {
	case s.Fault != "":
		problem("failing", "the spool cannot write: "+s.Fault)
	case s.Full:
		why := s.Refusal
		if why == "" {
			why = "the spool is full"
		}
		problem("failing", why+": readings of wired sensors and of QoS 0 devices are lost; the brokers keep the others")
	case s.Level == string(spool.LevelHigh) && s.Bytes > s.MaxBytes/100*85:
		problem("degraded", "the spool is nearly full: more than nine tenths were used, or still more than 85 %")
	case s.Level == string(spool.LevelHigh):
		problem("degraded", "the disk of the spool is nearly full: "+strconv.FormatInt(s.Free>>20, 10)+" MiB are free, and "+strconv.FormatInt(s.Reserve>>20, 10)+" MiB are left to others")
	}
	if h.Spool.Room != "" {
		problem("degraded", "no room can be made in the spool: "+h.Spool.Room)
	}
}

func spoolHealth(s *spool.Spool) SpoolHealth {
	st := s.Stats()
	h := SpoolHealth{
		Epoch: s.Epoch(), Base: s.Base(), Next: s.Next(), Records: st.Records, Bytes: st.Bytes, MaxBytes: st.MaxBytes,
		Stored: st.Stored, Refused: st.Refused, Failed: st.Failed, Lost: st.Lost, Full: st.Full,
		Dropped: st.Dropped, Level: string(st.Level), Free: max(st.Free, 0), Reserve: st.Reserve,
	}
	if st.Refusal != nil {
		h.Refusal = plantroom.MessageOf(st.Refusal)
	}
	if st.Room != nil {
		h.Room = st.Room.Error()
	}
	if st.Fault != nil {
		h.Fault = st.Fault.Error()
	}
	return h
}

func uplinkHealth(s uplink.Stats) UplinkHealth {
	return UplinkHealth{
		Connected: s.Connected, Since: s.Since, Connects: s.Connects, Sent: s.Records, Batches: s.Batches, Acks: s.Acks,
		Ignored: s.Ignored, Timeouts: s.Timeouts, Rewinds: s.Rewinds, Seen: s.Seen, Stored: s.Stored,
		LastAck: s.LastAck, Owed: s.Owed, SpoolError: s.SpoolError, Doubt: s.Doubt, LastError: s.LastError,
	}
}

func sourceHealth(p *part) SourceHealth {
	h := SourceHealth{Name: p.key}
	h.taken(p.intake.Stats())
	if p.link != nil {
		h.modbus(p.link.State())
	}
	if p.source != nil {
		var st source.State = p.source.State()
		h.Connected, h.Since, h.Connects = &st.Connected, st.Since, st.Connects
		h.Messages, h.Held, h.Doubt, h.LastError = st.Messages, st.Failed, st.Doubt, st.LastError
	}
	if p.line != nil {
		lineHealth(&h, p.line.State())
	}
	return h
}

func (h *SourceHealth) taken(s intake.Stats) {
	h.Readings, h.Rejected, h.Suppressed, h.Ignored = s.Readings, s.Rejected, s.Suppressed, s.Ignored
}

// listen adds the gateway's own broker, and its sources.
func (h *Health) listen(l *listen) {
	b := l.broker.State()
	h.Listen = &ListenHealth{
		Serving: b.Serving, Since: b.Since, Addresses: append([]string{}, b.Addresses...), Clients: b.Clients, Accounts: b.Accounts, Unacked: b.Unacked,
		Messages: b.Messages, Unheard: b.Unheard, Denied: b.Denied, Turned: b.Turned, Held: b.Held, Lost: b.Lost,
		Undelivered: b.Undelivered, Problem: b.Problem, LastError: b.LastError,
	}
	for _, s := range l.heard {
		st := s.source.State()
		one := SourceHealth{Name: s.name, Connected: &st.Connected, Since: st.Since, Messages: st.Messages}
		one.taken(s.intake.Stats())
		h.Sources = append(h.Sources, one)
	}
}

// serve starts the health page on a loopback address; "" starts nothing.
func (a *App) serve(listen string) (addr string, stop func(), err error) {
	if listen == "" {
		return "", func() {}, nil
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "start the health page", Message: "listen on " + listen, Err: err,
			Hint: "stop what listens there, or change health.listen"}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", a.serveHealth)
	mux.HandleFunc("GET /metrics", a.serveMetrics)
	s := &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the health page ended", "error", err)
		}
	}()
	return l.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Shutdown(ctx) // whoever still reads the page loses it
	}, nil
}

// serveHealth answers 200, or 503 while readings are refused.
func (a *App) serveHealth(w http.ResponseWriter, _ *http.Request) {
	h := a.Health()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if h.Status == "failing" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(h) // the reader has gone
}
