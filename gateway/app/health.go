package app

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"plantroom"
	"plantroom/gateway/intake"
	"plantroom/gateway/source"
	"plantroom/gateway/spool"
	"plantroom/gateway/uplink"
)

// Health is the answer of /health.
type Health struct {
	Status   string              `json:"status"` // ok; degraded: something does not work, and nothing is lost yet; failing: readings are refused
	Problems []string            `json:"problems,omitempty"`
	Gateway  plantroom.GatewayID `json:"gateway"`
	Estate   plantroom.EstateID  `json:"estate"`
	Version  string              `json:"version"`
	UptimeS  int64               `json:"uptime_s"`
	Spool    SpoolHealth         `json:"spool"`
	Uplink   UplinkHealth        `json:"uplink"`
	Sources  []SourceHealth      `json:"sources"`
	Reloads  int                 `json:"reloads"`
	Refused  int                 `json:"reloads_refused"`
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
	Fault    string `json:"fault,omitempty"`
}

// UplinkHealth is how the road to the services is.
type UplinkHealth struct {
	Connected bool              `json:"connected"`
	Since     plantroom.Instant `json:"since,omitzero"`
	Connects  uint64            `json:"connects"`
	Sent      uint64            `json:"records_sent"`
	Batches   uint64            `json:"batches_sent"`
	Acks      uint64            `json:"acks"`
	Ignored   uint64            `json:"acks_ignored"`
	Timeouts  uint64            `json:"timeouts"`
	Rewinds   uint64            `json:"rewinds"`
	Seen      uint64            `json:"seen"`
	Stored    uint64            `json:"stored"`
	LastAck   plantroom.Instant `json:"last_ack,omitzero"`
	LastError string            `json:"last_error,omitempty"`
}

// SourceHealth is what one source, pin or bus has brought.
type SourceHealth struct {
	Name       string            `json:"name"` // source/zigbee, pin/b1-l1-fault, bus/I2C1
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
	LastError  string            `json:"last_error,omitempty"`
	Nodes      []NodeHealth      `json:"nodes,omitempty"` // of a serial line
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
	}
	h.judge()
	return h
}

// judge sums up.
func (h *Health) judge() {
	problem := func(status, text string) {
		h.Problems = append(h.Problems, text)
		if h.Status != "failing" {
			h.Status = status
		}
	}
	if !h.Uplink.Connected {
		problem("degraded", "the uplink is down: "+h.Uplink.LastError)
	}
	for _, s := range h.Sources {
		if s.Connected != nil && !*s.Connected {
			problem("degraded", s.Name+" is down: "+s.LastError)
		}
	}
	switch s := h.Spool; {
	case s.Fault != "":
		problem("failing", "the spool cannot write: "+s.Fault)
	case s.Bytes > s.MaxBytes/10*9:
		problem("degraded", "the spool is more than nine tenths full")
	}
}

func spoolHealth(s *spool.Spool) SpoolHealth {
	st := s.Stats()
	h := SpoolHealth{
		Epoch: s.Epoch(), Base: s.Base(), Next: s.Next(), Records: st.Records, Bytes: st.Bytes, MaxBytes: st.MaxBytes,
		Stored: st.Stored, Refused: st.Refused, Failed: st.Failed, Lost: st.Lost,
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
		LastAck: s.LastAck, LastError: s.LastError,
	}
}

func sourceHealth(p *part) SourceHealth {
	h := SourceHealth{Name: p.key}
	var taken intake.Stats = p.intake.Stats()
	h.Readings, h.Rejected, h.Suppressed, h.Ignored = taken.Readings, taken.Rejected, taken.Suppressed, taken.Ignored
	if p.source != nil {
		var st source.State = p.source.State()
		h.Connected, h.Since, h.Connects = &st.Connected, st.Since, st.Connects
		h.Messages, h.Held, h.LastError = st.Messages, st.Failed, st.LastError
	}
	if p.line != nil {
		lineHealth(&h, p.line.State())
	}
	return h
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
