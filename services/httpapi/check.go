package httpapi

import (
	"net/http"

	"plantroom"
)

// File is a file by its name and its text.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// maxChecked is how many files one request may have checked: an estate's, and
// profiles of its own.
const maxChecked = 10

// checkEstate looks through an estate's file, and changes nothing. Faults are a
// problem that lists them.
func (a *API) checkEstate(w http.ResponseWriter, r *http.Request, _ *query) error {
	var body struct {
		Files []File `json:"files"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	if n := len(body.Files); n == 0 || n > maxChecked {
		return plantroom.Errorf(plantroom.CodeInvalid, "%d files: send the estate's, and behind it at most %d profiles of its own", n, maxChecked-1)
	}
	for _, f := range body.Files {
		if err := plantroom.ValidID(f.Name); err != nil {
			return plantroom.Errorf(plantroom.CodeInvalid, "the name of a file: %w", err)
		}
	}
	if err := a.opt.Check(body.Files); err != nil {
		return err
	}
	return send(w, http.StatusOK, struct {
		Faults []string `json:"faults"`
	}{[]string{}})
}
