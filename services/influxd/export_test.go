package influxd

import (
	"context"
	"net/http"
)

// StartChoosing is Start with another choice of the address.
func StartChoosing(ctx context.Context, o Options, choose func(wanted string) (string, error)) (*Server, error) {
	s := &Server{opt: o, done: make(chan struct{}), http: http.Client{}}
	s.opt.Database = "plantroom"
	return s, s.begin(ctx, choose)
}

// Free is the usual choice.
func Free(wanted string) (string, error) { return loopback(wanted) }
