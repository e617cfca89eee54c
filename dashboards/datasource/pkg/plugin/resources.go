package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"plantroom/dashboards/datasource/pkg/answer"
	"plantroom/dashboards/datasource/pkg/query"
)

// CallResource answers what the editors and variables ask: GET
//
//	variables/{buildings|assets|contractors|domains|rules|severities|clocks}?building=b1,b2&domain=lifts
//	estate    what is watched
//	samples   queries to begin with
func (d *Datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	if len(req.URL) > query.MaxBytes || len(req.Body) > 0 {
		return sender.Send(resource(http.StatusRequestEntityTooLarge, problem{"nothing is sent to resources, and no more than 1 MB is asked with"}))
	}
	return httpadapter.New(d.routes()).CallResource(ctx, req, sender)
}

type problem struct {
	Error string `json:"error"`
}

// routes is a mux of its own: on the default one the SDK has put routes already.
func (d *Datasource) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /variables/{kind}", d.serve(func(r *http.Request) (any, error) {
		narrow, err := narrowing(r)
		if err != nil {
			return nil, err
		}
		return d.choices(r.Context(), r.PathValue("kind"), narrow)
	}))
	mux.HandleFunc("GET /estate", d.serve(func(r *http.Request) (any, error) { return d.desk.API.Estate(r.Context()) }))
	mux.HandleFunc("GET /samples", d.serve(func(*http.Request) (any, error) { return answer.Samples(), nil }))
	for _, pattern := range []string{"/variables/{kind}", "/estate", "/samples"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", http.MethodGet)
			write(w, http.StatusMethodNotAllowed, problem{"resources are only read: use GET"})
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, http.StatusNotFound, none)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != r.URL.Path { // the mux would send elsewhere
			write(w, http.StatusNotFound, none)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var none = problem{"there is no such resource: there are variables/{kind}, estate and samples"}

// serve turns what a resource gives into an answer.
func (d *Datasource) serve(get func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := d.wrong
		if err == nil {
			var v any
			if v, err = get(r); err == nil {
				write(w, http.StatusOK, v)
				return
			}
		}
		status, _ := judge(err)
		write(w, int(status), problem{err.Error()})
	}
}

func write(w http.ResponseWriter, status int, v any) {
	res := resource(status, v)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(res.Status)
	_, _ = w.Write(res.Body) // Grafana has gone: nobody is left to tell
}

func resource(status int, v any) *backend.CallResourceResponse {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer cannot be written"}`)
	}
	return &backend.CallResourceResponse{Status: status, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: b}
}

// narrowing reads the filters of a resource, by the rules of a query's lists.
func narrowing(r *http.Request) (query.Query, error) {
	filters := map[string][]string{}
	for name, v := range r.URL.Query() {
		if name != "building" && name != "domain" {
			return query.Query{}, &query.Error{Text: fmt.Sprintf("a variable cannot be narrowed by %q: it takes building and domain", clip(name))}
		}
		filters[name] = v
	}
	b, err := json.Marshal(filters)
	if err != nil {
		return query.Query{}, err
	}
	q, _, err := query.Decode(b)
	return q, err
}

func clip(s string) string {
	if len(s) <= 40 {
		return s
	}
	return strings.ToValidUTF8(s[:40], "") + "…"
}
