// Package joblink makes and checks the signed link that a contractor gets
// with a work order: an Ed25519 signature over the order, the contractor, the
// link's generation and its expiry, in one URL-safe text.
//
// A token proves who was sent it, nothing more. It deliberately keeps no
// state: whether its generation is still the order's, and whether the order's
// state permits an action, is for services/dispatch to say. It is a bearer
// token, so it belongs in calls to that contractor only, never in a log.
package joblink

import (
	"crypto/ed25519"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// MaxToken is the longest token that Verify looks at, in bytes. The longest
// that Sign makes from valid ids is shorter.
const MaxToken = 320

// A token is version, order, contractor, generation, expiry (Unix seconds,
// both in base 36) and signature, joined by a character that no id may hold
// and that no URL escapes (RFC 3986 section 2.3).
const (
	version   = "j1"
	separator = "~"
	base      = 36
)

// purpose keeps a signature made here from meaning anything elsewhere, should
// the key ever be used for another purpose.
const purpose = "plantroom job link\n"

// Claims is what a token vouches for.
type Claims struct {
	Order      plantroom.OrderID
	Contractor plantroom.ContractorID
	Generation int               // of WorkOrder.Link
	Expires    plantroom.Instant // whole seconds; the token is void from here on
}

// Key signs and verifies tokens. It is safe for concurrent use.
type Key struct {
	private ed25519.PrivateKey
}

// Sign makes a token. Expires is rounded down to the second. The same
// arguments give the same token, so a repeated call carries the same link.
func (k *Key) Sign(order plantroom.OrderID, c plantroom.ContractorID, generation int, expires plantroom.Instant) string {
	signed := strings.Join([]string{
		version, string(order), string(c),
		strconv.FormatInt(int64(generation), base),
		strconv.FormatInt(int64(expires)/int64(time.Second), base),
	}, separator)
	sig := ed25519.Sign(k.private, []byte(purpose+signed))
	return signed + separator + base64.RawURLEncoding.EncodeToString(sig)
}

// Verify returns what a token vouches for. It fails with CodeInvalid for
// anything that this key has not signed, and with CodeExpired, claims
// included, from the expiry on.
func (k *Key) Verify(token string, now plantroom.Instant) (Claims, error) {
	signed, sig, ok := split(token)
	if !ok || !ed25519.Verify(k.private.Public().(ed25519.PublicKey), []byte(purpose+signed), sig) {
		return Claims{}, plantroom.Errorf(plantroom.CodeInvalid, "this job link is not one of ours: open the newest message about the order")
	}
	c, err := parse(signed)
	if err != nil {
		return Claims{}, err
	}
	if now >= c.Expires {
		return c, plantroom.Errorf(plantroom.CodeExpired, "this job link ended at %s: ask the manager's office for a new one", c.Expires)
	}
	return c, nil
}

// split parts a token into what was signed and the signature, without
// believing either. Strict decoding leaves one spelling for each signature.
func split(token string) (signed string, sig []byte, ok bool) {
	if len(token) > MaxToken {
		return "", nil, false
	}
	i := strings.LastIndex(token, separator)
	if i < 0 {
		return "", nil, false
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(token[i+1:])
	return token[:i], sig, err == nil && len(sig) == ed25519.SignatureSize
}

// parse reads a text that the key has signed. A failure here means that a
// later version of the program signed it with the same key.
func parse(signed string) (Claims, error) {
	f := strings.Split(signed, separator)
	if len(f) != 5 || f[0] != version {
		return Claims{}, plantroom.Errorf(plantroom.CodeInvalid, "this job link has a form that this version does not know")
	}
	generation, err1 := strconv.ParseInt(f[3], base, 32)
	expires, err2 := strconv.ParseInt(f[4], base, 64)
	if err1 != nil || err2 != nil {
		return Claims{}, plantroom.Errorf(plantroom.CodeInvalid, "this job link is damaged")
	}
	return Claims{
		Order:      plantroom.OrderID(f[1]),
		Contractor: plantroom.ContractorID(f[2]),
		Generation: int(generation),
		Expires:    plantroom.Instant(expires * int64(time.Second)),
	}, nil
}
