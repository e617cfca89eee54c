package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/problem"
)

// humanActions lists what an operator may do; the rest is the system's.
func humanActions() []plantroom.OrderAction {
	return []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoUnacknowledge, plantroom.DoArrive,
		plantroom.DoFix, plantroom.DoDecline, plantroom.DoCancel,
		plantroom.DoPause, plantroom.DoAgreePause, plantroom.DoRefusePause, plantroom.DoContinue,
		plantroom.DoTransfer, plantroom.DoSplit, plantroom.DoMerge, plantroom.DoRelate, plantroom.DoUnrelate}
}

// commandBody is the body of a command. All fields are optional.
type commandBody struct {
	By      string                 `json:"by"`
	Note    string                 `json:"note"`
	Reason  string                 `json:"reason"`
	Code    string                 `json:"code"`
	Proof   string                 `json:"proof"`
	To      plantroom.ContractorID `json:"to"`
	Other   plantroom.OrderID      `json:"other"`
	Asset   plantroom.AssetID      `json:"asset"`
	Scope   string                 `json:"scope"`
	ETA     plantroom.Instant      `json:"eta"`
	Version int64                  `json:"version"`
}

func (a *API) command(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	do := plantroom.OrderAction(r.PathValue("action"))
	if !slices.Contains(humanActions(), do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no action %q: an operator can %s", clip(string(do)), join(humanActions()))
	}
	var body commandBody
	if err := readJSON(r, &body); err != nil {
		return err
	}
	match, err := ifMatch(r.Header.Get("If-Match"))
	if err != nil {
		return err
	}
	if body.Version < 0 {
		return plantroom.Errorf(plantroom.CodeInvalid, "field \"version\" is %d: versions count from 1", body.Version)
	}
	if match != 0 && body.Version != 0 && match != body.Version {
		return plantroom.Errorf(plantroom.CodeInvalid, "If-Match names version %d and the body %d: give one", match, body.Version)
	}
	o, err := a.opt.Desk.Command(r.Context(), dispatch.Command{Order: plantroom.OrderID(id), Do: do, Actor: guard.Who(r.Context()).Actor,
		By: body.By, Note: body.Note, Reason: body.Reason, Code: body.Code, Proof: body.Proof,
		To: body.To, Other: body.Other, Asset: body.Asset, Scope: body.Scope, ETA: body.ETA, Version: max(match, body.Version)})
	if match != 0 && plantroom.CodeOf(err) == plantroom.CodeConflict {
		return plantroom.Errorf(problem.CodePrecondition, "the order is no longer at version %d: %s", match, plantroom.MessageOf(err))
	}
	if err != nil {
		return err
	}
	fill(&o)
	w.Header().Set("ETag", etag(o))
	return send(w, http.StatusOK, o)
}

// ifMatch reads an If-Match header: one strong ETag of ours, "*" or nothing.
func ifMatch(s string) (int64, error) {
	if s == "" || s == "*" {
		return 0, nil
	}
	inner, ok := strings.CutPrefix(s, `"`)
	inner, end := strings.CutSuffix(inner, `"`)
	v, err := strconv.ParseInt(inner, 10, 64)
	if !ok || !end || err != nil || v < 1 {
		return 0, plantroom.Errorf(plantroom.CodeInvalid, "If-Match is %q: give the ETag of the order, as in \"7\" with its quotes", clip(s))
	}
	return v, nil
}

// readJSON reads a JSON object strictly. No body at all is an empty object.
func readJSON(r *http.Request, v any) error {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	switch err := dec.Decode(v); {
	case errors.Is(err, io.EOF):
		return nil
	case errors.As(err, new(*http.MaxBytesError)):
		return err
	case err != nil:
		return plantroom.Errorf(plantroom.CodeInvalid, "the body cannot be read: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return plantroom.Errorf(problem.CodeMediaType, "the body is %q: send application/json", clip(r.Header.Get("Content-Type")))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return plantroom.Errorf(plantroom.CodeInvalid, "the body holds more than one JSON value")
	}
	return nil
}
