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
	Is      Need   // Operator, Viewer or Alerts; what its token or session makes it
	session *session
}

// The names in the ledger. There is one operator token, so its holder is one
// person; a viewer changes nothing, and is named in no row.
const (
	operator = "person:operator"
	viewer   = "viewer"
	grafana  = "grafana"
)

// known is a token that somebody may come with.
type known struct {
	digest [32]byte
	who    Identity
}

// knownTokens checks the tokens of a guard.
func knownTokens(opt Options) ([]known, error) {
	const op = "guard the pages"
	var list []known
	for _, t := range []struct {
		text string
		who  Identity
	}{{opt.Token, Identity{Actor: operator, Is: Operator}}, {opt.Viewer, Identity{Actor: viewer, Is: Viewer}}, {opt.Alerts, Identity{Actor: grafana, Is: Alerts}}} {
		if t.text == "" && t.who.Is != Operator {
			continue
		}
		name := t.who.Is.token()
		if len(t.text) < MinToken {
			return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op,
				Message: "the " + name + " is shorter than 20 bytes", Hint: "let the server make one, or give a random one"}
		}
		k := known{digest(t.text), t.who}
		for _, other := range list {
			if other.digest == k.digest {
				return nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: op,
					Message: "the " + name + " is the same as the " + other.who.Is.token(), Hint: "delete its file and let the server make another one"}
			}
		}
		list = append(list, k)
	}
	return list, nil
}

type key struct{}

// Who returns the identity behind a request that a Need let in, and the zero
// Identity on a route for anyone.
func Who(ctx context.Context) Identity {
	who, _ := ctx.Value(key{}).(Identity)
	return who
}

// identify finds out by bearer token or session cookie who sends a request.
func (g *Guard) identify(r *http.Request) (Identity, bool) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return g.holder(token)
	}
	if c, err := r.Cookie(g.cookieName()); err == nil {
		if s := g.sessions.find(c.Value); s != nil {
			return Identity{Actor: operator, Is: Operator, session: s}, true
		}
	}
	return Identity{}, false
}

// holder says who has a token. It compares digests, and with each of them, so
// that neither content nor length nor whose it is shows in time.
func (g *Guard) holder(token string) (who Identity, ok bool) {
	d := digest(token)
	for i := range g.tokens {
		if subtle.ConstantTimeCompare(d[:], g.tokens[i].digest[:]) == 1 {
			who, ok = g.tokens[i].who, true
		}
	}
	return who, ok
}

func digest(s string) [32]byte { return sha256.Sum256([]byte(s)) }

// TokenFile returns the token of a kind (Operator, Viewer, Alerts) that is kept
// in a file, and makes the file (mode 0600) with a random token of 130 bits
// where there is none. CodeForbidden: others may read the file. CodeInvalid: it
// holds less than a token.
func TokenFile(path string, of Need) (string, error) {
	op := "read the " + of.token()
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newTokenFile(path, of)
	}
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: op, Message: path + " cannot be read", Err: err}
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return "", &plantroom.Error{Code: plantroom.CodeForbidden, Op: op,
			Message: path + " can be read by others", Hint: "chmod 600 " + path + " and think about a new token"}
	}
	token := strings.TrimSpace(string(b))
	if len(token) < MinToken {
		return "", &plantroom.Error{Code: plantroom.CodeInvalid, Op: op, Message: path + " holds none",
			Hint: "delete it to get a new one, or put at least 20 random characters there"}
	}
	return token, nil
}

func newTokenFile(path string, of Need) (string, error) {
	token := rand.Text()
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = writeNew(path, token+"\n")
	}
	if err != nil {
		return "", &plantroom.Error{Code: plantroom.CodeInternal, Op: "make the " + of.token(),
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
