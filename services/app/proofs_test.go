package app_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/handin"
	"plantroom/services/ledger"
)

// handIn sends a paper over the API.
func (h *house) handIn(o plantroom.OrderID, text string) {
	h.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	w, err := m.CreateFormFile(handin.FileField, "letter.pdf")
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err != nil || m.Close() != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.URL()+"/api/v1/orders/"+string(o)+"/proofs", &b)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token())
	req.Header.Set("Content-Type", m.FormDataContentType())
	resp, err := browser.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		h.t.Fatalf("handing in answered %s", resp.Status)
	}
}

// TestAFileOfProofOutlivesARestartAndIsMissedByName: it is in the bundle that
// the server makes, with the series of the real InfluxDB, and once somebody has
// taken it away the log and the bundle name it.
func TestAFileOfProofOutlivesARestartAndIsMissedByName(t *testing.T) {
	h := newHouse(t).start()
	g := h.gateway("gw-b1")
	at := h.now()
	g.take(reading("b1-l1-box", "floor", plantroom.Float(3), at), reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), at.Add(1e9)))
	g.stored()
	eventually(t, "the order is there", func() bool { return len(h.orders()) == 1 })
	o := h.orders()[0].ID
	h.handIn(o, "%PDF-1.4\ntrailer<<>>\n%%EOF\n")
	file := get[plantroom.Proof](h, "/api/v1/orders/"+string(o)+"/proofs")[0]

	h.Stop()
	h.start()
	bundle := func() evidence.Report {
		t.Helper()
		status, _, body := h.request("GET", "/api/v1/orders/"+string(o)+"/evidence", h.token())
		r, err := evidence.Verify(strings.NewReader(body), int64(len(body)), ledger.Head{})
		if err != nil || status != http.StatusOK || len(r.Findings) > 0 {
			t.Fatalf("%d %v %v", status, err, r.Findings)
		}
		return r
	}
	if status, _, body := h.request("GET", "/api/v1/orders/"+string(o)+"/proofs/"+file.Sum.String(), h.token()); status != http.StatusOK || !strings.HasPrefix(body, "%PDF-") {
		t.Errorf("after a restart: %d %.80q", status, body)
	}
	if r := bundle(); r.Proofs != 1 || len(r.Manifest.Missing) != 0 {
		t.Errorf("%d files, missing %+v", r.Proofs, r.Manifest.Missing)
	}
	if h.log.count("a file of proof is damaged") != 0 {
		t.Error("a file that is whole is said to be damaged")
	}

	h.Stop()
	if err := os.Remove(h.path("data", "proofs", file.Sum.String())); err != nil {
		t.Fatal(err)
	}
	h.start()
	if h.log.count(file.Sum.String()+" is missing") != 1 {
		t.Errorf("the log does not name it:\n%s", h.log)
	}
	if r := bundle(); r.Proofs != 0 || r.ProofsByHash != 1 || len(r.Manifest.Missing) != 1 || !strings.Contains(r.Manifest.Missing[0].Why, file.Sum.String()+" is missing") {
		t.Errorf("%+v", r)
	}
}
