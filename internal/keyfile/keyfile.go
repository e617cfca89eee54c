// Package keyfile keeps Ed25519 signing keys in files of their own: PKCS #8 in
// PEM (RFC 8410), so that openssl can make or show them, readable by their
// owner only, and made at random where there is none.
//
// It deliberately knows nothing of what is signed.
package keyfile

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
)

// maxFile bounds what is read of a key file, in bytes.
const maxFile = 16 << 10

// Words are what an operator is told about a key.
type Words struct {
	Name string // "job link key"
	Lost string // what a new one does: "voids the links that are out"
}

// Ensure reads the key at path, or makes one there. It refuses a key that
// others may read. Of two processes that make the key at once, both end up
// with the same one.
func Ensure(path string, w Words) (ed25519.PrivateKey, error) {
	k, err := w.load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: "create " + w.Name, Message: path,
			Hint: "make the folder and let this user write there", Err: err}
	}
	return w.load(path)
}

func (w Words) load(path string) (ed25519.PrivateKey, error) {
	op := "read " + w.Name
	f, err := os.Open(path)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path, Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path, Err: err}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &plantroom.Error{Code: plantroom.CodeForbidden, Op: op,
			Message: path + " may be read by others (mode " + mode.String() + ")",
			Hint:    "chmod 600 it, or delete it to get a new one, which " + w.Lost}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path, Err: err}
	}
	k, err := parse(b)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op,
			Message: path + " holds no Ed25519 private key in PKCS #8 PEM",
			Hint:    "delete it to get a new one, which " + w.Lost, Err: err}
	}
	return k, nil
}

func parse(b []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("another kind of key")
	}
	return private, nil
}

// create writes a new key under a name of its own and then links it to path,
// which fails where path exists: a key is either whole or not there.
func create(path string) error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = errors.Join(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
