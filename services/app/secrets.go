package app

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"plantroom"
)

// secrets is the directory in which the server keeps what nobody else may
// read. A secret that is missing is made, at random; there are no defaults.
type secrets struct{ dir string }

func (s secrets) path(name string) string { return filepath.Join(s.dir, name) }

func (s secrets) make() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return &plantroom.Error{Code: plantroom.CodeInternal, Op: "make the directory for secrets", Message: s.dir,
			Hint: "give a data directory that the server may write", Err: err}
	}
	return nil
}

// get returns a secret of 32 random bytes, in base64; it makes the file where
// there is none.
func (s secrets) get(name string) (string, error) {
	path := s.path(name)
	text, err := firstLine(path)
	if errors.Is(err, fs.ErrNotExist) {
		b := make([]byte, 32)
		rand.Read(b)
		text = base64.StdEncoding.EncodeToString(b)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) { // somebody was first
			return firstLine(path)
		}
		if err != nil {
			return "", s.failed(path, err)
		}
		_, err = f.WriteString(text + "\n")
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return "", s.failed(path, err)
		}
		return text, nil
	}
	if err != nil {
		return "", s.failed(path, err)
	}
	return text, nil
}

func (s secrets) failed(path string, err error) error {
	return &plantroom.Error{Code: plantroom.CodeInternal, Op: "read a secret", Message: path, Hint: "see that the server may read and write there", Err: err}
}

// webhook gives each receiver of webhooks a secret of its own, in the file
// webhook-<contractor or person>.
func (s secrets) webhook(e plantroom.Estate) func(string) ([]byte, error) {
	owner := map[string]string{}
	note := func(who string, as []plantroom.Address) {
		for _, a := range as {
			if a.Channel == "webhook" {
				owner[a.To] = who
			}
		}
	}
	for _, c := range e.Contractors {
		note("contractor-"+string(c.ID), c.Channels)
	}
	for _, p := range e.People {
		note("person-"+string(p.ID), p.Channels)
	}
	return func(to string) ([]byte, error) {
		who, ok := owner[to]
		if !ok {
			return nil, plantroom.Errorf(plantroom.CodeNotFound, "nobody in the estate file has the webhook %s", to)
		}
		text, err := s.get("webhook-" + who)
		if err != nil {
			return nil, err
		}
		return base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	}
}
