package handin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"time"

	"plantroom"
	"plantroom/services/proofs"
)

// Bounds of one form.
const (
	MaxFiles  = 8                             // that come with one press
	MaxBytes  = 32 << 20                      // of the files of one press
	MaxBody   = MaxBytes + maxFields + 64<<10 // give it to guard
	maxFields = 64 << 10                      // bytes, of all that is no file
	maxParts  = 64
	FileField = "file" // the name under which files come
)

// Times that a form may take: a telephone in a lift shaft has a slow line.
const (
	stall   = 20 * time.Second // without a byte
	longest = 5 * time.Minute
)

// atOnce is how many forms with files are taken at a time; each holds some tens
// of kilobytes and a file on the disk.
const atOnce = 8

// Taker takes forms with files. It is safe for concurrent use.
type Taker struct {
	Dir   *proofs.Dir
	slots chan struct{}
	log   *slog.Logger
}

// New makes a Taker over a directory.
func New(dir *proofs.Dir, log *slog.Logger) *Taker {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Taker{Dir: dir, slots: make(chan struct{}, atOnce), log: log}
}

// Form is what came. Release has to be called in any case but after an error.
type Form struct {
	Values url.Values
	held   []*proofs.Held
	log    *slog.Logger
}

// Files describes the files, in the order in which they came.
func (f *Form) Files() []plantroom.ProofFile {
	var out []plantroom.ProofFile
	for _, h := range f.held {
		out = append(out, h.ProofFile)
	}
	return out
}

// Keep says that a transaction which names the files has been committed.
func (f *Form) Keep() {
	for _, h := range f.held {
		h.Keep()
	}
}

// Release lets the files go; those that nobody has named are removed.
func (f *Form) Release() {
	for _, h := range f.held {
		if err := h.Release(); err != nil {
			f.log.Warn("remove a file of proof that nobody has named: not possible", "file", h.Sum, "error", err, "next", "plantroom proofs --sweep removes it")
		}
	}
	f.held = nil
}

// Comes reports whether a request brings a form that can hold files.
func Comes(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && t == "multipart/form-data"
}

// Take reads a form. files and bytes bound what it may bring, besides the
// bounds of one form. CodeInvalid: it is malformed, cut off, or holds a file that
// is not taken; CodeTooLarge; CodeUnavailable: too many come at once, or the disk
// does not take them. With an error the form holds the texts that were read before
// it, for whoever has to type them otherwise again, and no file; it may be nil.
func (t *Taker) Take(w http.ResponseWriter, r *http.Request, files int, bytes int64) (*Form, error) {
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	default:
		return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "take files in", Message: "too many files are coming in at the moment: try again in a minute"}
	}
	r.Body = patient(w, r.Body)
	m, err := r.MultipartReader()
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "the form cannot be read: send it as multipart/form-data")
	}
	f := &Form{Values: url.Values{}, log: t.log}
	if err := t.parts(f, m, min(files, MaxFiles), min(bytes, MaxBytes)); err != nil {
		f.Release()
		if errors.As(err, new(*plantroom.Error)) {
			// Whoever is still sending would not read the answer. The body is
			// bounded, and so is the time; a line that breaks is no matter now.
			_, _ = io.Copy(io.Discard, r.Body)
		}
		return f, cutOff(err)
	}
	return f, nil
}

// parts reads the form's parts one behind the other.
func (t *Taker) parts(f *Form, m *multipart.Reader, files int, bytes int64) error {
	room := int64(maxFields)
	for n := 0; ; n++ {
		p, err := m.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxParts {
			return plantroom.Errorf(plantroom.CodeTooLarge, "the form has more than %d parts", maxParts)
		}
		if p.FormName() != FileField {
			text, err := io.ReadAll(io.LimitReader(p, room+1))
			if err != nil {
				return err
			}
			if room -= int64(len(text)); room < 0 {
				return plantroom.Errorf(plantroom.CodeTooLarge, "the form's texts come to more than %d bytes", maxFields)
			}
			f.Values.Add(p.FormName(), string(text))
			continue
		}
		if err := t.file(f, p, files, &bytes); err != nil {
			return err
		}
	}
}

// file takes one file in. A browser sends an empty one where nobody has chosen any.
func (t *Taker) file(f *Form, p *multipart.Part, files int, bytes *int64) error {
	if p.FileName() == "" {
		if n, err := io.CopyN(io.Discard, p, 1); n == 0 && err == io.EOF {
			return nil
		}
		return plantroom.Errorf(plantroom.CodeInvalid, "a part called %s is no file: it has no file name", FileField)
	}
	if len(f.held) >= files {
		return plantroom.Errorf(plantroom.CodeTooLarge, "these are too many files: %d more can come now", files)
	}
	h, err := t.Dir.Take(p, *bytes)
	if err != nil {
		return err
	}
	f.held = append(f.held, h)
	*bytes -= h.Size
	return nil
}

// cutOff puts what a broken line gives into words.
func cutOff(err error) error {
	switch {
	case errors.As(err, new(*plantroom.Error)), errors.As(err, new(*http.MaxBytesError)):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return plantroom.Errorf(plantroom.CodeInvalid, "the files did not come to their end: try again where the line is better, or send them one by one")
	}
	return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read a form", Message: "the form cannot be read: go back and send it again", Err: err}
}

// patientBody gives a form with files more time than other requests have, as
// long as something comes.
type patientBody struct {
	io.ReadCloser
	c   *http.ResponseController
	end time.Time
}

func patient(w http.ResponseWriter, body io.ReadCloser) io.ReadCloser {
	b := patientBody{ReadCloser: body, c: http.NewResponseController(w), end: time.Now().Add(longest)}
	// A writer without deadlines (a test's recorder) needs none.
	_ = b.c.SetWriteDeadline(b.end.Add(stall))
	return b
}

func (b patientBody) Read(p []byte) (int, error) {
	next := time.Now().Add(stall)
	if next.After(b.end) {
		next = b.end
	}
	_ = b.c.SetReadDeadline(next)
	return b.ReadCloser.Read(p)
}
