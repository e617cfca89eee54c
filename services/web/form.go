package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
)

// The longest name and note that a form takes, in bytes; the dispatch desk
// takes as much. More is cut, not refused: nobody in a lift shaft should have
// to type again.
const (
	maxName = 200
	maxNote = 4000
)

// readForm reads the fields that command forms have in common.
func readForm(r *http.Request, now plantroom.Instant) (dispatch.Command, error) {
	if err := parseForm(r); err != nil {
		return dispatch.Command{}, err
	}
	f := r.PostForm
	cmd := dispatch.Command{By: clean(f.Get("by"), maxName), Note: clean(f.Get("note"), maxNote), Reason: clean(f.Get("reason"), maxNote),
		Code: clean(f.Get("code"), plantroom.MaxID), Proof: clean(f.Get("proof"), maxNote),
		To: plantroom.ContractorID(clean(f.Get("to"), plantroom.MaxID)), Other: plantroom.OrderID(clean(f.Get("other"), plantroom.MaxID)),
		Asset: plantroom.AssetID(clean(f.Get("asset"), plantroom.MaxID)), Scope: clean(f.Get("scope"), maxName)}
	if s := f.Get("eta"); s != "" {
		minutes, err := strconv.Atoi(s)
		if eta := time.Duration(minutes) * time.Minute; err != nil || eta < 0 || eta > dispatch.MaxETA {
			return cmd, plantroom.Errorf(plantroom.CodeInvalid, "the time to arrive is not a number of minutes up to one day")
		} else if eta > 0 {
			cmd.ETA = now.Add(eta)
		}
	}
	if s := f.Get("version"); s != "" {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v < 1 {
			return cmd, plantroom.Errorf(plantroom.CodeInvalid, "the form's version is not a number: read the page again")
		}
		cmd.Version = v
	}
	return cmd, nil
}

// parseForm reads the body only: nothing acts on what stands in a URL.
func parseForm(r *http.Request) error {
	err := r.ParseForm()
	if err == nil || errors.As(err, new(*http.MaxBytesError)) {
		return err
	}
	return plantroom.Errorf(plantroom.CodeInvalid, "the form cannot be read: go back and send it again")
}

// clean trims what a person typed and cuts it to a length in bytes, between
// two characters.
func clean(s string, length int) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, ""))
	if len(s) <= length {
		return s
	}
	return strings.ToValidUTF8(s[:length], "")
}
