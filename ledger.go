package plantroom

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
)

// Hash is a SHA-256 sum; as text, 64 hexadecimal digits.
type Hash [sha256.Size]byte

// String gives the hexadecimal form.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hexadecimal form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the hexadecimal form.
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return Errorf(CodeInvalid, "a hash has %d hexadecimal digits, got %d", 2*len(h), len(b))
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// Salt is what a ledger row's fields are hashed with, so that nobody can find
// out a field that was left out by trying what it may have been. Zero: the row
// is of the first form, whose fields cannot be left out. As text, 32
// hexadecimal digits.
type Salt [16]byte

// IsZero reports whether there is none.
func (s Salt) IsZero() bool { return s == Salt{} }

// MarshalText writes the hexadecimal form.
func (s Salt) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(s[:])), nil }

// UnmarshalText reads the hexadecimal form.
func (s *Salt) UnmarshalText(b []byte) error {
	if len(b) != 2*len(s) {
		return Errorf(CodeInvalid, "a salt has %d hexadecimal digits, got %d", 2*len(s), len(b))
	}
	_, err := hex.Decode(s[:], b)
	return err
}

// LedgerRow is one line of the record that nobody can change unseen: each row
// carries the hash of the row before it.
type LedgerRow struct {
	Seq     int64           `json:"seq"` // 1, 2, 3 … without holes
	At      Instant         `json:"at"`
	Kind    string          `json:"kind"`    // order.dispatch, incident.opened, call.sent …
	Subject string          `json:"subject"` // the order or incident it tells of
	Actor   string          `json:"actor"`   // system, sensor, contractor:quicklift, person:li …
	Body    json.RawMessage `json:"body"`
	Salt    Salt            `json:"salt,omitzero"` // random; the store makes it
	Prev    Hash            `json:"prev"`
	Hash    Hash            `json:"hash"`
}

// Seal gives the row its place behind prev and its hash.
func (r *LedgerRow) Seal(seq int64, prev Hash) {
	r.Seq, r.Prev = seq, prev
	r.Hash = r.Sum()
}

// Sum computes what the row's hash has to be. With a salt it is LedgerLink of
// Prev, Seq and Content, so that the chain can be walked by somebody who may
// not read the row. Rows without one are of the first form: SHA-256 over Prev,
// Seq and At (big-endian), then Kind, Subject, Actor and Body, each behind its
// length as four bytes, so that no two rows share an input.
func (r *LedgerRow) Sum() Hash {
	if !r.Salt.IsZero() {
		return LedgerLink(r.Prev, r.Seq, LedgerContent(r.Fields()))
	}
	h := sha256.New()
	h.Write(r.Prev[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(r.Seq))
	h.Write(n[:])
	binary.BigEndian.PutUint64(n[:], uint64(r.At))
	h.Write(n[:])
	for _, f := range []string{r.Kind, r.Subject, r.Actor, string(r.Body)} {
		binary.BigEndian.PutUint32(n[:4], uint32(len(f)))
		h.Write(n[:4])
		h.Write([]byte(f))
	}
	var out Hash
	h.Sum(out[:0])
	return out
}
