package app

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"plantroom"
	"plantroom/services/calendarlink"
)

// secrets is the directory in which the server keeps what nobody else may
// read. A secret that is missing is made, at random; there are no defaults.
type secrets struct{ dir string }

// secretsIn names the directory of secrets in a data directory.
func secretsIn(data string) string { return filepath.Join(data, "secrets") }

// Calendars keeps the links of the roster's feeds in a data directory.
func Calendars(data string) calendarlink.Book { return calendarlink.Book{Dir: secretsIn(data)} }

func (s secrets) path(name string) string { return filepath.Join(s.dir, name) }

// make makes the directory, and closes one that stands open to others.
func (s secrets) make() error {
	err := os.MkdirAll(s.dir, 0o700)
	if err == nil {
		err = os.Chmod(s.dir, 0o700)
	}
	if err != nil {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: "make the directory for secrets", Message: s.dir,
			Hint: "give a data directory that belongs to the server's user", Err: err}
	}
	return nil
}

// ensure returns a secret, and makes one of 32 random bytes in base64 where
// there is none.
func (s secrets) ensure(name string) (string, error) {
	text, err := s.read(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if err := s.create(s.path(name)); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: "make a secret", Message: s.path(name),
			Hint: "see that the server may write there and that the disk is not full", Err: err}
	}
	return s.read(name) // somebody may have been first
}

// read returns a secret: the first line of its file.
func (s secrets) read(name string) (string, error) {
	const op = "read a secret"
	path := s.path(name)
	info, err := os.Stat(path)
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path, Hint: "put the file back; a restart makes a new secret", Err: err}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", &plantroom.Error{Code: plantroom.CodeForbidden, Op: op, Message: fmt.Sprintf("%s may be read by others (mode %v)", path, mode),
			Hint: "chmod 600 it; or delete it for a new one, which its owner then has to be told"}
	}
	text, err := firstLine(path)
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path, Hint: "see that it belongs to the server's user", Err: err}
	}
	if text == "" {
		return "", &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: path + " is empty",
			Hint: "put the secret back; or delete the file for a new one, which its owner then has to be told"}
	}
	return text, nil
}

// create writes a new secret under a name of its own and then links it to
// path, which fails where path exists: a secret is either whole or not there.
func (s secrets) create(path string) error {
	f, err := os.CreateTemp(s.dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it never fails
	_, err = fmt.Fprintln(f, base64.StdEncoding.EncodeToString(b))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// webhookOwners says whose each webhook of an estate is, as the files are
// named: webhook-contractor-<id> or webhook-person-<id>. An address that
// several have is the first one's, contractors before people.
func webhookOwners(e plantroom.Estate) map[string]string {
	owner := map[string]string{}
	note := func(name string, as []plantroom.Address) {
		for _, a := range as {
			if a.Channel == "webhook" && owner[a.To] == "" {
				owner[a.To] = name
			}
		}
	}
	for _, c := range e.Contractors {
		note("webhook-contractor-"+string(c.ID), c.Channels)
	}
	for _, p := range e.People {
		note("webhook-person-"+string(p.ID), p.Channels)
	}
	return owner
}

// webhooks makes the secrets of an estate's webhooks, so that their owners can
// be told before the first call, and returns what looks them up by address.
func (s secrets) webhooks(e plantroom.Estate) (func(to string) ([]byte, error), error) {
	owner := webhookOwners(e)
	for _, name := range owner {
		text, err := s.ensure(name)
		if err == nil {
			_, err = s.key(name, text)
		}
		if err != nil {
			return nil, err
		}
	}
	return func(to string) ([]byte, error) {
		name, ok := owner[to]
		if !ok {
			return nil, plantroom.Errorf(plantroom.CodeNotFound, "nobody in the estate file has this webhook any more")
		}
		text, err := s.read(name) // each time: it may have been changed
		if err != nil {
			return nil, err
		}
		return s.key(name, text)
	}, nil
}

// key decodes the secret of a webhook. Standard Webhooks writes it in base64,
// behind whsec_ or not, and wants 24 to 64 bytes.
func (s secrets) key(name, text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err == nil && (len(b) < 24 || len(b) > 64) {
		err = fmt.Errorf("it has %d bytes", len(b))
	}
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read a webhook's secret", Message: s.path(name) + " does not hold one",
			Hint: "its first line has to be 24 to 64 bytes in base64; delete the file for a new one, which the receiver then has to be told", Err: err}
	}
	return b, nil
}

// firstLine reads the first line of a file, without white space around it.
func firstLine(path string) (string, error) {
	b, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line), err
}
