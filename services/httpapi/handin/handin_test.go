package handin_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/problem"
	"plantroom/services/proofs"
)

const letter = "%PDF-1.4\ntrailer<<>>\n%%EOF\n"

func newTaker(t testing.TB) *handin.Taker {
	t.Helper()
	dir, err := proofs.Open(filepath.Join(t.TempDir(), "proofs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return handin.New(dir, nil)
}

// kept lists what lies in the directory, the lock aside.
func kept(t testing.TB, k *handin.Taker) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(k.Dir.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// serve runs a server as ours runs, that takes forms and keeps their files. in
// is told when one has begun.
func serve(t *testing.T, k *handin.Taker, in chan<- struct{}) string {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, handin.MaxBody)
		if in != nil {
			in <- struct{}{}
		}
		f, err := k.Take(w, r, 4, handin.MaxBytes)
		if err != nil {
			d := problem.Of(err)
			http.Error(w, d.Detail, d.Status)
			return
		}
		defer f.Release()
		f.Keep()
		fmt.Fprintf(w, "%d files, %q", len(f.Files()), f.Values.Get("note"))
	})
	s := guard.NewServer("", h, slog.New(slog.DiscardHandler))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return "http://" + l.Addr().String()
}

func post(t *testing.T, url string, body io.Reader, kind string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func form(t testing.TB, note string, files ...string) ([]byte, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("note", note); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		p, err := w.CreateFormFile(handin.FileField, "a.pdf")
		if err == nil {
			_, err = io.WriteString(p, f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

func TestAFormComesWithItsTextsAndFiles(t *testing.T) {
	k := newTaker(t)
	body, kind := form(t, "before", letter, letter+"\n")
	if status, said := post(t, serve(t, k, nil), bytes.NewReader(body), kind); status != http.StatusOK || said != `2 files, "before"` || len(kept(t, k)) != 2 {
		t.Errorf("%d %s, %q", status, said, kept(t, k))
	}
}

// TestWhoSendsTooMuchIsTold: the answer arrives although more was coming.
func TestWhoSendsTooMuchIsTold(t *testing.T) {
	k := newTaker(t)
	url := serve(t, k, nil)
	body, kind := form(t, "", letter+strings.Repeat("x", proofs.MaxFile), letter)
	if status, said := post(t, url, bytes.NewReader(body), kind); status != http.StatusRequestEntityTooLarge || !strings.Contains(said, "larger than 8.4 MB") {
		t.Errorf("%d %s", status, said)
	}
	body, kind = form(t, "", letter, letter+"1", letter+"2", letter+"3", letter+"4")
	if status, said := post(t, url, bytes.NewReader(body), kind); status != http.StatusRequestEntityTooLarge || !strings.Contains(said, "too many files") {
		t.Errorf("%d %s", status, said)
	}
	if left := kept(t, k); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestAtMostEightComeAtOnce: each takes a place on the disk, and the rest are
// told to try again.
func TestAtMostEightComeAtOnce(t *testing.T) {
	k := newTaker(t)
	began := make(chan struct{})
	url := serve(t, k, began)
	body, kind := form(t, "", letter)
	type answer struct {
		status int
		said   string
	}
	answers := make(chan answer, 8)
	var lines []*io.PipeWriter
	for range 8 {
		r, w := io.Pipe()
		lines = append(lines, w)
		go func() {
			status, said := post(t, url, r, kind)
			answers <- answer{status, said}
		}()
		if _, err := w.Write(body[:60]); err != nil {
			t.Fatal(err)
		}
		<-began
	}
	for deadline := time.Now().Add(10 * time.Second); k.Coming() < 8; time.Sleep(time.Millisecond) { // a moment after it has begun
		if time.Now().After(deadline) {
			t.Fatalf("%d of 8 are being taken", k.Coming())
		}
	}
	go func() { <-began }()
	if status, said := post(t, url, bytes.NewReader(body), kind); status != http.StatusServiceUnavailable || !strings.Contains(said, "try again") {
		t.Fatalf("a ninth was let in: %d %s", status, said)
	}
	for _, w := range lines {
		if _, err := w.Write(body[60:]); err != nil {
			t.Error(err)
		}
		_ = w.Close()
	}
	for range lines {
		if a := <-answers; a.status != http.StatusOK || a.said != `1 files, ""` {
			t.Errorf("%d %s", a.status, a.said)
		}
	}
}

// FuzzTake: whatever a body holds, nothing is left of what is not taken.
func FuzzTake(f *testing.F) {
	k := newTaker(f)
	body, kind := form(f, "before", letter)
	boundary := strings.TrimPrefix(kind, "multipart/form-data; boundary=")
	f.Add(body, 4)
	f.Add(body[:len(body)/2], 4)
	f.Add([]byte("--"+boundary+"\r\nContent-Disposition: form-data; name=file; filename=\"\"\r\n\r\n\r\n--"+boundary+"--\r\n"), 1)
	f.Fuzz(func(t *testing.T, b []byte, files int) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(b))
		r.Header.Set("Content-Type", kind)
		form, err := k.Take(httptest.NewRecorder(), r, files, handin.MaxBytes)
		if err == nil {
			if n := len(form.Files()); n > max(files, 0) || n > handin.MaxFiles {
				t.Errorf("%d files, and %d may come", n, files)
			}
			form.Release()
		} else if c := plantroom.CodeOf(err); c != plantroom.CodeInvalid && c != plantroom.CodeTooLarge {
			t.Errorf("%v", err)
		}
		if left := kept(t, k); len(left) != 0 {
			t.Fatalf("left behind: %q", left)
		}
	})
}
