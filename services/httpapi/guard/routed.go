package guard

import (
	"net/http"
	"strings"

	"plantroom"
	"plantroom/services/httpapi/problem"
)

// routed replaces the mux's own plain-text 404 and 405 with ours. Below
// /api/, a stranger learns nothing of which paths exist.
func (d door) routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		api := strings.HasPrefix(r.URL.Path, "/api/")
		if _, ok := d.identify(r); api && !ok {
			d.challenge(w, r, Operator, false)
			return
		}
		refusal := &header{h: http.Header{}}
		h.ServeHTTP(refusal, r)
		if refusal.status == http.StatusMethodNotAllowed {
			allow := refusal.h.Get("Allow")
			w.Header().Set("Allow", allow)
			d.refuse(w, r, plantroom.Errorf(problem.CodeMethod, "%s takes %s", r.URL.Path, allow))
			return
		}
		d.refuse(w, r, plantroom.Errorf(plantroom.CodeNotFound, "there is nothing at %s", r.URL.Path))
	})
}

// header is a response of which only the head is of interest.
type header struct {
	h      http.Header
	status int
}

func (h *header) Header() http.Header         { return h.h }
func (h *header) WriteHeader(status int)      { h.status = status }
func (h *header) Write(b []byte) (int, error) { return len(b), nil }
