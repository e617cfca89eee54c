package httpapi

import (
	"context"
	"net/http"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/httpapi/guard"
)

// maxConfiguration is the largest body with a configuration, in bytes: text
// grows a little when it is written as JSON.
const maxConfiguration = 2 * wire.MaxConfigBytes

// Gateways sends files to gateways, and knows what they have answered.
type Gateways interface {
	// Configure signs files and sends them. CodeNotFound: there is no such
	// gateway; CodeInvalid, CodeTooLarge: they cannot be sent.
	Configure(ctx context.Context, actor string, gw plantroom.GatewayID, files []wire.ConfigFile) (plantroom.Configuration, error)
	// Says returns what a gateway has answered last since the server runs.
	Says(plantroom.GatewayID) (wire.Answer, bool)
}

// configureBody is the body of a configuration: the gateway's file first.
type configureBody struct {
	Files []configFile `json:"files"`
}

type configFile struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// configurationView is a configuration without its files, which say how the
// house is wired.
type configurationView struct {
	Gateway  plantroom.GatewayID `json:"gateway"`
	Serial   uint64              `json:"serial"`
	Sum      plantroom.Hash      `json:"sum"`
	By       string              `json:"by"`
	Issued   plantroom.Instant   `json:"issued"`
	Outcome  string              `json:"outcome"`
	Detail   string              `json:"detail,omitempty"`
	Answered plantroom.Instant   `json:"answered,omitzero"`
	Running  *uint64             `json:"running,omitempty"` // nil: the gateway has not said
}

// unanswered is the outcome of a configuration of which nothing was heard.
const unanswered = "sent"

func (a *API) configurationOf(c plantroom.Configuration) configurationView {
	v := configurationView{Gateway: c.Gateway, Serial: c.Serial, Sum: c.Sum, By: c.By, Issued: c.Issued,
		Outcome: c.Outcome, Detail: c.Detail, Answered: c.Answered}
	if v.Outcome == "" {
		v.Outcome = unanswered
	}
	if said, ok := a.opt.Gateways.Says(c.Gateway); ok {
		v.Running = &said.Running
	}
	return v
}

func (a *API) configure(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var body configureBody
	if err := readJSON(r, &body); err != nil {
		return err
	}
	files := make([]wire.ConfigFile, len(body.Files))
	for i, f := range body.Files {
		files[i] = wire.ConfigFile{Name: f.Name, Body: []byte(f.Text)}
	}
	c, err := a.opt.Gateways.Configure(r.Context(), guard.Who(r.Context()).Actor, plantroom.GatewayID(id), files)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, a.configurationOf(c))
}

func (a *API) configuration(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var c plantroom.Configuration
	var ok bool
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		c, ok, err = tx.Configuration(plantroom.GatewayID(id))
		return err
	})
	if err == nil && !ok {
		err = plantroom.Errorf(plantroom.CodeNotFound, "no configuration was sent to a gateway %q", id)
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, a.configurationOf(c))
}
