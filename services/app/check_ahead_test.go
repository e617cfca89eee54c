package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"plantroom/internal/yamldoc"
	"plantroom/services/httpapi/problem"
)

// checked has the server look through an estate's file, and gives its faults and
// warnings.
func (h *house) checked(text []byte) (status int, faults, warnings []problem.Fault) {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{"files": []map[string]string{{"name": "estate.yaml", "text": string(text)}}})
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL()+"/api/v1/estate/check", bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Faults, Warnings []problem.Fault }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, answer.Faults, answer.Warnings
}

// named gives faults as the API does, in a file of that name.
func named(fs yamldoc.Faults) []problem.Fault {
	out := problem.List(fs)
	for i := range out {
		out[i].File = filepath.Base(out[i].File)
	}
	return out
}

// What plantroom check and a reload say of the days to come, the API says before
// the file is put in place.
func TestTheAPILooksAsFarAheadAsAReload(t *testing.T) {
	const gap = `roster: [{start: "08:00", end: "20:00", people: [li]}]`
	const nights = gap + "\n    rotations: [{name: nights, people: [li], from: 2020-01-01, turn: 1d, hand_over: \"20:00\", start: \"20:00\", end: \"08:30\"}]"
	h := newHouse(t).withInflux().start()
	for _, c := range []struct {
		duty   string
		status int
	}{{gap, http.StatusBadRequest}, {nights, http.StatusOK}} {
		h.files.Duty = c.duty
		h.write()
		cfg := h.load()
		refused, warnings := cfg.Lint(h.now())
		if (len(refused) > 0) != (c.status == http.StatusBadRequest) || len(refused)+len(warnings) == 0 {
			t.Fatalf("%s tests too little: %v, %v", c.duty, refused, warnings)
		}
		text, err := os.ReadFile(cfg.EstateFile)
		if err != nil {
			t.Fatal(err)
		}
		status, faults, worth := h.checked(text)
		if status != c.status || len(refused) > 0 && !reflect.DeepEqual(faults, named(refused)) || len(refused) == 0 && !reflect.DeepEqual(worth, named(warnings)) {
			t.Errorf("%s: the API says %d\n%+v\n%+v\nand the look ahead\n%v\n%v", c.duty, status, faults, worth, refused, warnings)
		}
	}
	// An address is looked at with the channels that this server has.
	text, _ := os.ReadFile(h.load().EstateFile)
	if status, faults, _ := h.checked(bytes.Replace(text, []byte("channel: mqtt"), []byte("channel: pigeon"), 1)); status != http.StatusBadRequest || len(faults) != 1 || faults[0].Path == "" {
		t.Errorf("a channel that there is not: %d %+v", status, faults)
	}
}
