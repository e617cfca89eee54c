package web_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/handin"
)

// photo makes a picture; another n, another one.
func photo(t testing.TB, n int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for x := range 320 {
		for y := range 240 {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), uint8(40 * n), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sumOf(s string) string { return plantroom.Hash(sha256.Sum256([]byte(s))).String() }

// hand sends a form with files, as a browser does: fields by name and value, and
// an empty part where no file was chosen.
func (s *site) hand(path string, fields []string, files ...string) reply {
	s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			s.t.Fatal(err)
		}
	}
	name := "IMG_1.jpg"
	if len(files) == 0 {
		name, files = "", []string{""}
	}
	for _, f := range files {
		p, err := w.CreateFormFile(handin.FileField, name)
		if err == nil {
			_, err = p.Write([]byte(f))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+path, &b)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if err := resp.Write(&text); err != nil {
		s.t.Fatal(err)
	}
	_, body, _ := strings.Cut(text.String(), "\r\n\r\n")
	return reply{resp, body}
}

// rowsOf lists kind, actor and body of an order's rows of a kind.
func (s *site) rowsOf(o plantroom.WorkOrder, kind string) (out []string) {
	s.t.Helper()
	err := s.Store.View(s.t.Context(), func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf(string(o.ID))
		for _, r := range rows {
			if r.Kind == kind {
				out = append(out, r.Actor+" "+string(r.Body))
			}
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// kept lists what lies in the directory of files.
func (s *site) kept() (out []string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.Files.Dir.Path())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestATechnicianTicksStepsOffWithPhotosAndEachStandsInTheLedger(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.get(job+"/steps").wants(t, http.StatusOK, "I am going", "not:type=\"file\"") // accept first
	s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang").wants(t, http.StatusOK, "Tick steps off, add photos (0 of 7 done)")
	s.get(job+"/steps").wants(t, http.StatusOK, "Put up the out-of-service notice", "proof: a photo", `enctype="multipart/form-data"`, `value="Li Qiang"`)
	s.hand(job+"/tasks/notice", []string{"by", "Li Qiang", "note", "at all landings"}).wants(t, http.StatusBadRequest, "the proof of notice lacks a photo", "at all landings", "<details open>")
	s.hand(job+"/tasks/notice", []string{"by", "Li Qiang", "note", "at all landings"}, photo(t, 1), photo(t, 2)).
		wants(t, http.StatusOK, "✓ Put up the out-of-service notice", "at all landings", "files: 2", "Photo, ")
	s.hand(job+"/tasks/cause", []string{"by", "Li Qiang", "note", "code 52, worn roller"}).wants(t, http.StatusOK, "✓ Read the controller", "code 52, worn roller")
	rows := s.rowsOf(o, "order.task")
	if len(rows) != 2 || !strings.HasPrefix(rows[0], "contractor:quicklift ") || !strings.Contains(rows[0], sumOf(photo(t, 1))) || !strings.Contains(rows[0], sumOf(photo(t, 2))) || !strings.Contains(rows[0], `"via_link":1`) {
		t.Errorf("the rows: %q", rows)
	}
	s.get(job).wants(t, http.StatusOK, "✓ Put up the out-of-service notice", "(2 of 7 done)")
	s.hand(job+"/tasks/notice", []string{"by", "Li Qiang", "note", "at all landings"}, photo(t, 1), photo(t, 2)).wants(t, http.StatusOK, "✓ Put up")
	if rows := s.rowsOf(o, "link.repeated"); len(rows) != 1 || !strings.Contains(rows[0], `"do":"task"`) {
		t.Errorf("an impatient finger: %q", rows)
	}
	s.hand(job+"/tasks/notice", []string{"by", "Wu Gang"}, photo(t, 3)).wants(t, http.StatusConflict, "was noted as done")
	if rows := s.rowsOf(o, "link.refused"); len(rows) != 2 {
		t.Errorf("refused: %q", rows)
	}
	if n := len(s.kept()); n != 2 {
		t.Errorf("%d files are kept of two that count", n)
	}
}

func TestPhotosComeWithThatItIsFixedAndAfterIt(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.hand(job+"/proofs", []string{"by", "Li Qiang", "note", "before"}, photo(t, 1)).wants(t, http.StatusOK, "before", "Photo, ")
	seen := seenOf(t, r)
	s.hand(job+"/fix", []string{"seen", seen, "note", "roller replaced"}, photo(t, 2)).wants(t, http.StatusOK, "The sensor is now checking")
	if rows := s.rowsOf(o, "order.fix"); len(rows) != 1 || !strings.Contains(rows[0], sumOf(photo(t, 2))) {
		t.Errorf("%q", rows)
	}
	s.hand(job+"/fix", []string{"seen", seen, "note", "roller replaced"}, photo(t, 3)).wants(t, http.StatusOK, "The sensor is now checking") // again, with another photo
	s.hand(job+"/fix", []string{"seen", seen, "note", "roller replaced"}).wants(t, http.StatusOK, "The sensor is now checking")              // no file chosen
	if rows := s.rowsOf(o, "order.proof"); len(rows) != 2 || !strings.Contains(rows[0], sumOf(photo(t, 1))) || !strings.Contains(rows[1], sumOf(photo(t, 3))) {
		t.Errorf("%q", rows)
	}
	for n := 1; n <= 3; n++ {
		if r := s.get(job + "/proofs/" + sumOf(photo(t, n))); r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "image/jpeg" || r.text != photo(t, n) {
			t.Errorf("photo %d: %s %s", n, r.Status, r.Header.Get("Content-Type"))
		}
	}
	s.Clear(o)
	s.Prove(o)
	s.Pass(dispatch.CloseAfter + time.Second)
	s.hand(job+"/proofs", []string{"note", "the invoice"}, photo(t, 4)).wants(t, http.StatusOK, "the invoice")
	s.hand(job+"/tasks/notice", nil, photo(t, 5)).wants(t, http.StatusConflict, "its tasks stay as they are")
}

func TestWithAPauseComesThePhotoThatProvesIt(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	fields := []string{"seen", seenOf(t, r), "code", "no_access", "reason", "the machine room is locked"}
	s.hand(job+"/pause", fields).wants(t, http.StatusBadRequest, "wants proof for a pause for no_access")
	s.hand(job+"/pause", fields, photo(t, 1)).wants(t, http.StatusOK, "A pause is asked for: No access.")
}

func TestALinkThatIsNoGoodBringsNoFileInAndShowsNone(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.hand(job+"/proofs", nil, photo(t, 1))
	ends := dispatch.LinkExpires(&o)
	for name, c := range map[string]struct {
		path   string
		status int
		says   string
	}{
		"another firm's": {"/job/" + s.Links.Sign(o.ID, "grandlift", o.Link, ends), http.StatusGone, "This job has moved on"},
		"an older one":   {"/job/" + s.Links.Sign(o.ID, o.Contractor, o.Link-1, ends), http.StatusGone, "This job has moved on"},
		"forged":         {"/job/nonsense", http.StatusNotFound, "This link is not valid"},
		"expired":        {"/job/" + s.Links.Sign(o.ID, o.Contractor, o.Link, s.Now()), http.StatusGone, "This link has expired"},
	} {
		t.Run(name, func(t *testing.T) {
			s.hand(c.path+"/proofs", nil, photo(t, 2)).wants(t, c.status, c.says)
			s.hand(c.path+"/tasks/notice", nil, photo(t, 2)).wants(t, c.status, c.says)
			s.hand(c.path+"/fix", []string{"seen", "acknowledged/Li Qiang"}, photo(t, 2)).wants(t, c.status, c.says)
			s.get(c.path+"/steps").wants(t, c.status, c.says, "not:Lift 1")
			s.get(c.path+"/proofs/"+sumOf(photo(t, 1))).wants(t, c.status, c.says)
		})
	}
	s.get(job+"/proofs/"+sumOf(photo(t, 2))).wants(t, http.StatusNotFound)
	if got := s.kept(); !slices.Equal(got, []string{sumOf(photo(t, 1))}) {
		t.Errorf("kept: %q", got)
	}
	if got := s.Order(o.ID); got.State != plantroom.Acknowledged {
		t.Errorf("it is %s", got.State)
	}
}

// TestALinkThatIsNoGoodIsRefusedBeforeItsFilesHaveCome: the answer is there while
// the file is still to come.
func TestALinkThatIsNoGoodIsRefusedBeforeItsFilesHaveCome(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.must(o, plantroom.DoAcknowledge, "Li Qiang", 10)
	older := "/job/" + s.Links.Sign(o.ID, o.Contractor, o.Link-1, dispatch.LinkExpires(&o))
	for _, path := range []string{"/job/nonsense/proofs", "/job/nonsense/fix", older + "/proofs", older + "/tasks/notice", older + "/fix"} {
		conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n"+
			"--b\r\nContent-Disposition: form-data; name=file; filename=a.jpg\r\n\r\n\xff\xd8\xff", path, 5<<20)
		_, _ = conn.Write(make([]byte, 300<<10)) // and no more; net/http throws 256 kB away before it answers
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: it waits for the file: %v", path, err)
		} else if resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusGone {
			t.Errorf("%s: %s", path, resp.Status)
		}
		_ = conn.Close()
	}
}

func TestALinkShowsWhatItsFirmHasHandedInAndNothingOfTheOffices(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.signIn()
	page := "/orders/" + string(o.ID)
	letter := "%PDF-1.4\ntrailer<<>>\n%%EOF\n"
	s.hand(page+"/proofs", []string{"note", "claim of flat 5A"}, letter, photo(t, 7)).wants(t, http.StatusOK, "claim of flat 5A", "Paper (PDF)", `<img src="`+page+`/proofs/`+sumOf(photo(t, 7)))
	s.get(job+"/steps").wants(t, http.StatusOK, "not:claim of flat 5A", "not:"+sumOf(letter))
	s.get(job+"/proofs/"+sumOf(letter)).wants(t, http.StatusNotFound, "no such file under this link")
	r := s.get(page + "/proofs/" + sumOf(letter))
	if r.StatusCode != http.StatusOK || r.text != letter || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%s %v", r.Status, r.Header)
	}
	s.press("/logout")
	s.get(page+"/proofs/"+sumOf(letter)).wants(t, http.StatusOK, "Operator token")
}

func TestTheOfficeProvesAStepWithAPhotoAndTakesTheBundle(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.signIn()
	page := "/orders/" + string(o.ID)
	s.get(page).wants(t, http.StatusOK, "Photos and papers", "Nobody has handed any in", `href="/api/v1`+page+`/evidence"`, `href="/api/v1`+page+`/evidence?redact=true"`)
	s.hand(page+"/tasks/notice", []string{"by", "Lin Mei"}).wants(t, http.StatusBadRequest, "lacks a photo")
	s.hand(page+"/tasks/notice", []string{"by", "Lin Mei"}, photo(t, 1)).wants(t, http.StatusOK, "Lin Mei", "files: 1", "step of the playbook done")
	s.hand(page+"/proofs", nil, "<script>alert(1)</script>").wants(t, http.StatusBadRequest, "only JPEG, PNG and PDF files are taken")
	r := s.get("/api/v1" + page + "/evidence")
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/zip" || !strings.Contains(r.text, photo(t, 1)) {
		t.Errorf("%s %v", r.Status, r.Header)
	}
}

func TestAPlainFormIsNoWayRoundTheBoundOfForms(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.press(s.JobPath(o)+"/accept", "seen", "x", "by", strings.Repeat("x", 1<<20)).wants(t, http.StatusRequestEntityTooLarge)
}

// photographed hands two photos in over an order's link, one of them of a step.
func (s *site) photographed(o plantroom.WorkOrder) {
	s.t.Helper()
	job := s.JobPath(o)
	s.hand(job+"/tasks/look", []string{"by", "Sun Jie", "note", "under the pump"}, photo(s.t, 1)).wants(s.t, http.StatusOK, "✓")
	s.hand(job+"/proofs", []string{"by", "Sun Jie", "note", "before anything was wiped"}, photo(s.t, 4)).wants(s.t, http.StatusOK, "before anything was wiped")
}
