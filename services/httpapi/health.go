package httpapi

import (
	"context"
	_ "embed" // the OpenAPI document
	"net/http"
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

// health asks every part. It is open to anyone, so it names parts but not
// what is the matter with them.
func (a *API) health(w http.ResponseWriter, r *http.Request, _ *query) error {
	ctx, cancel := context.WithTimeout(r.Context(), healthWait)
	defer cancel()
	v := healthView{Status: "ok", Parts: map[string]string{}}
	status := http.StatusOK
	for _, p := range append([]Probe{{"store", a.storeAnswers}}, a.opt.Probes...) {
		v.Parts[p.Name] = "ok"
		if err := p.Check(ctx); err != nil {
			a.log.Error("health probe failed", "part", p.Name, "error", err)
			v.Parts[p.Name], v.Status, status = "failing", "failing", http.StatusServiceUnavailable
		}
	}
	return send(w, status, v)
}

func (a *API) storeAnswers(ctx context.Context) error {
	return a.opt.Store.View(ctx, func(tx plantroom.Tx) error {
		_, err := tx.QuarantineCount()
		return err
	})
}
