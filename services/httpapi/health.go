package httpapi

import (
	"context"
	_ "embed" // the OpenAPI document
	"net/http"
	"sync"
	"time"

	"plantroom"
)

//go:embed openapi.yaml
var document []byte

// Document returns the OpenAPI 3.1 document that describes the API.
func Document() []byte { return document }

func (a *API) openapi(w http.ResponseWriter, _ *http.Request, _ *query) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, err := w.Write(document)
	return err
}

// healthWait is how long all probes together may take.
const healthWait = 3 * time.Second

type healthView struct {
	Status string            `json:"status"` // ok or failing
	Parts  map[string]string `json:"parts"`  // name to ok or failing; the log says why
}

// asking is the round of probes that is under way, nil where none is. Whoever
// comes meanwhile gets its answer: the page is open to anyone, and a flood of
// strangers must not keep the store and InfluxDB busy.
type asking struct {
	mu  sync.Mutex
	now *round
}

type round struct {
	done   chan struct{} // closed once the rest is there
	view   healthView
	status int
}

// health asks every part. It is open to anyone, so it names parts but not
// what is the matter with them.
func (a *API) health(w http.ResponseWriter, r *http.Request, _ *query) error {
	a.asking.mu.Lock()
	mine := a.asking.now
	first := mine == nil
	if first {
		mine = &round{done: make(chan struct{}), status: http.StatusServiceUnavailable, view: healthView{Status: "failing", Parts: map[string]string{}}}
		a.asking.now = mine
	}
	a.asking.mu.Unlock()
	if first {
		a.ask(context.WithoutCancel(r.Context()), mine) // others wait for it, too
	}
	select {
	case <-mine.done:
		return send(w, mine.status, mine.view)
	case <-r.Context().Done():
		return nil // nobody is left to tell
	}
}

// ask makes a round of probes.
func (a *API) ask(ctx context.Context, r *round) {
	ctx, cancel := context.WithTimeout(ctx, healthWait)
	defer cancel()
	defer func() { // also when a probe panics
		a.asking.mu.Lock()
		a.asking.now = nil
		a.asking.mu.Unlock()
		close(r.done)
	}()
	v := healthView{Status: "ok", Parts: map[string]string{}}
	status := http.StatusOK
	for _, p := range append([]Probe{{"store", a.storeAnswers}}, a.opt.Probes...) {
		v.Parts[p.Name] = "ok"
		if err := p.Check(ctx); err != nil {
			a.log.Error("health probe failed", "part", p.Name, "error", err)
			v.Parts[p.Name], v.Status, status = "failing", "failing", http.StatusServiceUnavailable
		}
	}
	r.view, r.status = v, status
}

func (a *API) storeAnswers(ctx context.Context) error {
	return a.opt.Store.View(ctx, func(tx plantroom.Tx) error {
		_, err := tx.QuarantineCount()
		return err
	})
}
