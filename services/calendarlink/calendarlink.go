// Package calendarlink makes and checks the links on which calendars of a
// roster can be subscribed to: whose calendar it is, and 130 random bits. Of
// these only the SHA-256 digest is kept, in a file each, so that nobody can
// read a link off the server's disk or off a backup of it. Without such a file
// there is no calendar: nobody's duty is shown before somebody has asked for it.
//
// A link proves nothing but that somebody was given it. It deliberately never
// ends by itself, since a calendar's program cannot renew it: it is closed, or
// replaced, which takes effect at once.
package calendarlink

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"plantroom"
)

// Kind says what a calendar is of.
type Kind string

// The kinds of calendars.
const (
	Person     Kind = "person"     // one person's duty, for whichever contractor
	Contractor Kind = "contractor" // everybody's duty for one contractor
)

// Whose says whose calendar a link is for.
type Whose struct {
	Kind Kind
	ID   string
}

// MaxToken is the longest token that is looked at, in bytes.
const MaxToken = 160

// separator is what no id holds and no URL escapes (RFC 3986 section 2.3).
const separator = "~"

// Book keeps the links in a directory that nobody else may read.
type Book struct{ Dir string }

func (b Book) path(w Whose) string {
	return filepath.Join(b.Dir, "calendar-"+string(w.Kind)+"-"+w.ID)
}

// Open makes a link and returns its token, which is kept nowhere. CodeConflict:
// there is one already, and renew is not set; with it, the old one is void.
// Whether there is anybody of that name is for the caller to know.
func (b Book) Open(w Whose, renew bool) (string, error) {
	const op = "make the link of a calendar"
	if err := w.valid(); err != nil {
		return "", err
	}
	secret := rand.Text()
	f, err := os.CreateTemp(b.Dir, ".calendar-*") // mode 0600
	if err == nil {
		defer os.Remove(f.Name())
		_, err = io.WriteString(f, digest(secret)+"\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil && renew {
		err = os.Rename(f.Name(), b.path(w))
	} else if err == nil {
		err = os.Link(f.Name(), b.path(w)) // fails where there is one
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return "", &plantroom.Error{Code: plantroom.CodeConflict, Op: op, Message: "there is a link for " + w.String() + " already, and it is kept nowhere",
			Hint: "make a new one, which voids it, with --new"}
	case err != nil:
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: b.path(w), Hint: "run this as the server's user, after the server has started once", Err: err}
	}
	return strings.Join([]string{string(w.Kind), w.ID, secret}, separator), nil
}

// Close voids a link. CodeNotFound: there is none.
func (b Book) Close(w Whose) error {
	const op = "close the link of a calendar"
	if err := w.valid(); err != nil {
		return err
	}
	err := os.Remove(b.path(w))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &plantroom.Error{Code: plantroom.CodeNotFound, Op: op, Message: "there is no link for " + w.String(), Hint: "nothing has to be done"}
	case err != nil:
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: b.path(w), Hint: "run this as the server's user", Err: err}
	}
	return nil
}

// Whose returns whose calendar a token is for. It fails with CodeNotFound,
// always in the same words, for all that are not in force.
func (b Book) Whose(token string) (Whose, error) {
	unknown := plantroom.Errorf(plantroom.CodeNotFound, "there is no such calendar: ask the manager's office for a new link")
	part := strings.Split(token, separator)
	if len(token) > MaxToken || len(part) != 3 {
		return Whose{}, unknown
	}
	w := Whose{Kind(part[0]), part[1]}
	if w.valid() != nil {
		return Whose{}, unknown
	}
	kept, err := b.read(w)
	if err != nil || subtle.ConstantTimeCompare([]byte(kept), []byte(digest(part[2]))) != 1 {
		return Whose{}, unknown
	}
	return w, nil
}

// read returns the digest that is kept, of 64 bytes.
func (b Book) read(w Whose) (string, error) {
	f, err := os.Open(b.path(w))
	if err != nil {
		return "", err
	}
	defer f.Close()
	kept := make([]byte, 2*sha256.Size)
	_, err = io.ReadFull(f, kept)
	return string(kept), err
}

func digest(secret string) string {
	d := sha256.Sum256([]byte("plantroom calendar link\n" + secret))
	return hex.EncodeToString(d[:])
}

// String gives "person li".
func (w Whose) String() string { return string(w.Kind) + " " + w.ID }

func (w Whose) valid() error {
	if w.Kind != Person && w.Kind != Contractor {
		return plantroom.Errorf(plantroom.CodeInvalid, "a calendar is of a person or of a contractor")
	}
	return plantroom.ValidID(w.ID)
}
