package httpapi_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/evidence"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/problem"
	"plantroom/services/ledger"
	"plantroom/services/proofs"
)

// photo makes a picture; another n, another one.
func photo(t *testing.T, n int) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 48))
	m.Set(n%64, n%48, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const letter = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

func sumOf(s string) string { return plantroom.Hash(sha256.Sum256([]byte(s))).String() }

// form makes a form: fields by name and value; the files come behind them.
func form(t *testing.T, fields []string, files ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		p, err := w.CreateFormFile(handin.FileField, "../../x.html")
		if err == nil {
			_, err = p.Write([]byte(f))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

// listed reads the files of an order.
func (s *service) listed(o plantroom.WorkOrder) (out struct{ Items []plantroom.Proof }) {
	s.t.Helper()
	if err := json.Unmarshal(s.ask(http.MethodGet, "/api/v1/orders/"+string(o.ID)+"/proofs", "").Body.Bytes(), &out); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestAFileIsHandedInAndGivenBackSoThatNoBrowserRunsIt(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID) + "/proofs"
	body, kind := form(t, []string{"by", "Lin Mei", "note", "the landing"}, photo(t, 1), letter)
	if w := s.ask(http.MethodPost, path, body, "Content-Type", kind); w.Code != http.StatusOK {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	list := s.listed(o).Items
	if len(list) != 2 || list[0].By != "Lin Mei" || list[0].Note != "the landing" || list[0].Actor != "person:operator" || list[0].Width != 64 || list[1].Type != proofs.PDF {
		t.Fatalf("%+v", list)
	}
	for _, c := range []struct{ sent, kind, disposition string }{
		{photo(t, 1), "image/jpeg", `inline; filename=` + string(o.ID) + `-` + sumOf(photo(t, 1))[:12] + `.jpg`},
		{letter, "application/pdf", `attachment; filename=` + string(o.ID) + `-` + sumOf(letter)[:12] + `.pdf`},
	} {
		w := s.ask(http.MethodGet, path+"/"+sumOf(c.sent), "")
		if w.Code != http.StatusOK || w.Body.String() != c.sent {
			t.Fatalf("%d, %d bytes", w.Code, w.Body.Len())
		}
		for name, want := range map[string]string{"Content-Type": c.kind, "X-Content-Type-Options": "nosniff", "Content-Disposition": c.disposition,
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-cache"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		if w := s.ask(http.MethodGet, path+"/"+sumOf(c.sent), "", "If-None-Match", w.Header().Get("ETag")); w.Code != http.StatusNotModified {
			t.Errorf("asked for again it answers %d", w.Code)
		}
	}
	other := s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b1-l2", Cause: "door_close_fault", Severity: plantroom.Medium, Needed: 3})
	refused(t, s.ask(http.MethodGet, "/api/v1/orders/"+string(other.ID)+"/proofs/"+sumOf(letter), ""), http.StatusNotFound, plantroom.CodeNotFound, "no such file of proof")
}

func TestATaskIsNotedWithItsPhotoOverTheAPI(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID) + "/proofs"
	body, kind := form(t, []string{"by", "Lin Mei", "task", "notice"}, photo(t, 1))
	for range 2 { // again: it changes nothing
		if w := s.ask(http.MethodPost, path, body, "Content-Type", kind); w.Code != http.StatusOK {
			t.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
	task := s.Order(o.ID).Tasks[1]
	if task.ID != "notice" || task.Done.IsZero() || len(task.Files) != 1 || task.Files[0].String() != sumOf(photo(t, 1)) || s.listed(o).Items[0].Task != "notice" {
		t.Errorf("%+v", task)
	}
}

func TestWhatCannotBeHandedInIsRefusedAndLeavesNoFile(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID) + "/proofs"
	nine := make([]string, 9)
	for i := range nine {
		nine[i] = photo(t, i)
	}
	type c struct {
		path   string
		fields []string
		files  []string
		status int
		code   plantroom.Code
		says   string
	}
	for name, c := range map[string]c{
		"a page":            {path, nil, []string{"<script>alert(1)</script>"}, 400, plantroom.CodeInvalid, "only JPEG, PNG and PDF files are taken"},
		"no file":           {path, nil, nil, 400, plantroom.CodeInvalid, "there is no file"},
		"too many":          {path, nil, nine, 413, plantroom.CodeTooLarge, "too many files: 8 more"},
		"too large":         {path, nil, []string{letter + strings.Repeat("x", proofs.MaxFile)}, 413, plantroom.CodeTooLarge, "larger than"},
		"an unknown field":  {path, []string{"actor", "person:lin"}, []string{photo(t, 1)}, 400, plantroom.CodeInvalid, "actor"},
		"a field twice":     {path, []string{"by", "a", "by", "b"}, []string{photo(t, 1)}, 400, plantroom.CodeInvalid, "comes twice"},
		"too much text":     {path, []string{"note", strings.Repeat("x", 70_000)}, []string{photo(t, 1)}, 413, plantroom.CodeTooLarge, "the form's texts"},
		"no such task":      {path, []string{"task", "x"}, []string{photo(t, 1)}, 404, plantroom.CodeNotFound, "has no task"},
		"an unproved task":  {path, []string{"task", "cause"}, []string{photo(t, 1)}, 400, plantroom.CodeInvalid, "lacks a note"},
		"a ref and no task": {path, []string{"ref", "x"}, []string{photo(t, 1)}, 400, plantroom.CodeInvalid, "goes with a task"},
		"no such order":     {"/api/v1/orders/wo-000099/proofs", nil, []string{photo(t, 1)}, 404, plantroom.CodeNotFound, "wo-000099"},
	} {
		body, kind := form(t, c.fields, c.files...)
		t.Run(name, func(t *testing.T) {
			refused(t, s.ask(http.MethodPost, c.path, body, "Content-Type", kind), c.status, c.code, c.says)
		})
	}
	body, kind := form(t, nil, photo(t, 1))
	refused(t, s.ask(http.MethodPost, path, `{"note":"x"}`), http.StatusUnsupportedMediaType, problem.CodeMediaType, "multipart/form-data")
	refused(t, s.ask(http.MethodPost, path, body[:len(body)/2], "Content-Type", kind), http.StatusBadRequest, plantroom.CodeInvalid, "did not come to their end")
	refused(t, s.ask(http.MethodPost, path, body, "Content-Type", "multipart/form-data"), http.StatusBadRequest, plantroom.CodeInvalid, "multipart/form-data")
	entries, err := os.ReadDir(s.Files.Dir.Path())
	if err != nil || len(entries) != 1 { // the lock
		t.Errorf("left behind: %v %v", entries, err)
	}
	if n := len(s.listed(o).Items); n != 0 {
		t.Errorf("%d files are listed", n)
	}
}

func TestAFileThatIsMissingIsNamedAndNotSent(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	path := "/api/v1/orders/" + string(o.ID) + "/proofs"
	body, kind := form(t, nil, photo(t, 1))
	s.ask(http.MethodPost, path, body, "Content-Type", kind)
	sum := s.listed(o).Items[0].Sum
	if err := os.WriteFile(s.Files.Dir.File(sum), []byte("<script>"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, s.ask(http.MethodGet, path+"/"+sum.String(), ""), http.StatusInternalServerError, plantroom.CodeInternal, "")
	if err := os.Remove(s.Files.Dir.File(sum)); err != nil {
		t.Fatal(err)
	}
	refused(t, s.ask(http.MethodGet, path+"/"+sum.String(), ""), http.StatusNotFound, plantroom.CodeNotFound, sum.String()+" is missing")
}

func TestABundleIsFetchedOverTheAPIWithPeopleAndWithout(t *testing.T) {
	s := newService(t)
	o := s.Open(doorFault)
	body, kind := form(t, []string{"by", "Lin Mei"}, photo(t, 1))
	s.ask(http.MethodPost, "/api/v1/orders/"+string(o.ID)+"/proofs", body, "Content-Type", kind)
	for query, photos := range map[string]int{"": 1, "?redact=false": 1, "?redact=true": 0} {
		w := s.ask(http.MethodGet, "/api/v1/orders/"+string(o.ID)+"/evidence"+query, "")
		b := w.Body.Bytes()
		r, err := evidence.Verify(bytes.NewReader(b), int64(len(b)), ledger.Head{})
		if w.Code != http.StatusOK || err != nil || len(r.Findings) > 0 || r.Proofs != photos || r.Manifest.Redacted != (photos == 0) {
			t.Errorf("%q: %d %v %+v", query, w.Code, err, r)
		}
		if got := w.Header().Get("ETag"); got != `"`+r.Sum.String()+`"` || w.Header().Get("Content-Type") != "application/zip" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment; filename="+string(o.ID)) {
			t.Errorf("%q: %v", query, w.Header())
		}
		if _, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Error(err)
		}
		if (photos == 0) == bytes.Contains(b, []byte("Lin Mei")) {
			t.Errorf("%q: the name is in it, or is not", query)
		}
	}
	refused(t, s.ask(http.MethodGet, "/api/v1/orders/"+string(o.ID)+"/evidence?redact=yes", ""), http.StatusBadRequest, plantroom.CodeInvalid, "true or false")
	refused(t, s.ask(http.MethodGet, "/api/v1/orders/wo-000099/evidence", ""), http.StatusNotFound, plantroom.CodeNotFound, "wo-000099")
}
