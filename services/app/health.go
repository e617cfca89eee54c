package app

import (
	"context"
	"io"
	"net/http"
	"strings"

	"plantroom"
	"plantroom/services/httpapi"
)

// probes ask, for /healthz, the parts that the server depends on. That the
// store can be read is httpapi's own probe; "judging" says whether it can be
// written to.
func (s *Server) probes() []httpapi.Probe {
	return []httpapi.Probe{
		{Name: "broker", Check: s.uplinks.check},
		{Name: "influxdb", Check: s.influxAnswers},
		{Name: "channels", Check: s.channelsPass},
		{Name: "judging", Check: func(context.Context) error {
			if since := s.spine.Load().Ingest.Snapshot().StoreDownSince; !since.IsZero() {
				return plantroom.Errorf(plantroom.CodeUnavailable, "the store has taken nothing since %s", since)
			}
			return nil
		}},
	}
}

// channelsPass reports the channels whose last test has failed.
func (s *Server) channelsPass(ctx context.Context) error {
	list, err := s.spine.Load().Rehearsed(ctx, s.now())
	if err != nil {
		return nil // it is the store that fails, and says so itself
	}
	var bad []string
	for _, r := range list {
		if !r.At.IsZero() && !r.Passed {
			bad = append(bad, r.Channel+" failed its test of "+r.At.String()+": "+r.Err)
		}
	}
	if len(bad) > 0 {
		return plantroom.Errorf(plantroom.CodeUnavailable, "%s", strings.Join(bad, "; "))
	}
	return nil
}

// influxAnswers reports that points could not be written of late, or that
// nobody answers: while nothing comes from the gateways, nothing is written.
func (s *Server) influxAnswers(ctx context.Context) error {
	if since := s.spine.Load().Ingest.Snapshot().WriterDownSince; !since.IsZero() {
		return plantroom.Errorf(plantroom.CodeUnavailable, "not written to since %s", since)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(s.InfluxURL(), "/")+"/ping", nil)
	if err != nil {
		return err
	}
	resp, err := s.ping.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
	if resp.StatusCode >= http.StatusInternalServerError {
		return plantroom.Errorf(plantroom.CodeUnavailable, "it answers %s", resp.Status)
	}
	return nil // 1.8 and 2.x answer 204; 3 may want a token for it, which answers as well
}
