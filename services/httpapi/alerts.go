package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/httpapi/problem"
)

// refusal is the answer to a message of which not every alert could be used: a
// problem, so that whoever has sent it shows a failure, with what became of each.
type refusal struct {
	problem.Details
	alerts.Answer
}

// alerts takes what a webhook contact point of Grafana sends. The alerts that can
// be used are taken in either case.
func (a *API) alerts(w http.ResponseWriter, r *http.Request, _ *query) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return plantroom.Errorf(problem.CodeMediaType, "the body is %q: send application/json", clip(r.Header.Get("Content-Type")))
	}
	body, err := io.ReadAll(r.Body) // the guard has bounded it
	if err != nil {
		return err
	}
	m, err := alerts.Decode(body)
	if err != nil {
		return err
	}
	answer, err := a.opt.Desk.Alerts(r.Context(), m)
	if err != nil {
		return err
	}
	if answer.Refused == 0 {
		return send(w, http.StatusOK, answer)
	}
	d := problem.Of(plantroom.Errorf(plantroom.CodeInvalid, "%s cannot be used: %s", of(answer.Refused, len(answer.Items)), answer.FirstRefusal()))
	b, err := json.Marshal(refusal{d, answer})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", problem.MediaType)
	w.WriteHeader(d.Status)
	_, _ = w.Write(append(b, '\n')) // the client may have gone; nobody is left to tell
	return nil
}

func of(some, all int) string {
	if all == 1 {
		return "the alert"
	}
	return fmt.Sprintf("%d of %d alerts", some, all)
}
