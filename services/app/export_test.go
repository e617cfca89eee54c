package app

import (
	"plantroom/services/httpapi/guard"
)

// Patterns lists every route that the server answers, as the mux reads it.
func (s *Server) Patterns() ([]string, error) {
	g, err := guard.New(guard.Options{Token: s.tokens.operator})
	if err != nil {
		return nil, err
	}
	pages, err := s.pages(g)
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, r := range s.routes(pages) {
		patterns = append(patterns, r.Pattern)
	}
	return patterns, nil
}

// CloseStore closes the database below the server.
func (s *Server) CloseStore() error { return s.store.Close() }

// InfluxPID is the process id of the InfluxDB that the server has started.
func (s *Server) InfluxPID() int { return s.influxd.PID() }
