package guard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"plantroom"
)

// Identity is who sends a request.
type Identity struct {
	Actor   string // as the ledger names it
	session *session
}

// operator is how the ledger names whoever holds the operator token. There is
// one token, so it is one person.
const operator = "person:operator"

type key struct{}

// Who returns the identity behind a request that a Need let in, and the zero
// Identity on a route for anyone.
func Who(ctx context.Context) Identity {
	who, _ := ctx.Value(key{}).(Identity)
	return who
}

// identify finds the operator by bearer token or session cookie.
func (g *Guard) identify(r *http.Request) (Identity, bool) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return Identity{Actor: operator}, g.knows(token)
	}
	if c, err := r.Cookie(g.cookieName()); err == nil {
		if s := g.sessions.find(c.Value); s != nil {
			return Identity{Actor: operator, session: s}, true
		}
	}
	return Identity{}, false
}

// knows compares digests, so that neither content nor length shows in time.
func (g *Guard) knows(token string) bool {
	d := digest(token)
	return subtle.ConstantTimeCompare(d[:], g.token[:]) == 1
}

func digest(s string) [32]byte { return sha256.Sum256([]byte(s)) }

// TokenFile returns the operator token kept in a file, and makes the file
// (mode 0600) with a random token of 130 bits where there is none.
// CodeForbidden: others may read the file.
func TokenFile(path string) (string, error) {
	const op = "read the operator token"
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newTokenFile(path)
	}
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path + " cannot be read", Err: err}
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return "", &plantroom.Error{Code: plantroom.CodeForbidden, Op: op,
			Message: path + " can be read by others", Hint: "chmod 600 " + path + " and think about a new token"}
	}
	return strings.TrimSpace(string(b)), nil
}

func newTokenFile(path string) (string, error) {
	token := rand.Text()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = writeNew(path, token+"\n")
	}
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: "make the operator token",
			Message: path + " cannot be written", Hint: "give a path in a directory that the server may write", Err: err}
	}
	return token, nil
}

// writeNew fails where the file exists, so that of two servers that start at
// once one wins and the other says so.
func writeNew(path, content string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Sync(), f.Close())
}
