package httpapi

import (
	"net/http"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/httpapi/problem"
)

// File is a file by its name and its text.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// maxChecked is how many files one request may have checked: an estate's, and
// profiles of its own.
const maxChecked = 10

// Check finds fault with an estate's file, which comes first, and with the
// profiles and playbooks of its own behind it, and looks ahead at its rosters and
// ladders. The error is a yamldoc.Faults with what keeps the file from being put in
// force; warnings are what is worth a look besides.
type Check func([]File) (warnings yamldoc.Faults, err error)

// checkEstate looks through an estate's file, and changes nothing. Faults are a
// problem that lists them. It looks through one file at a time: looking ahead may
// take a while, and the server has more to do.
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
	a.checking.Lock()
	defer a.checking.Unlock()
	warnings, err := a.opt.Check(body.Files)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, struct {
		Faults   []string        `json:"faults"`
		Warnings []problem.Fault `json:"warnings"`
	}{[]string{}, problem.List(warnings)})
}
