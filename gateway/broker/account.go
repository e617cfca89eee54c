package broker

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"plantroom"
	"plantroom/internal/access"
	"plantroom/internal/yamldoc"
)

// AccountsSchema is the JSON Schema of the accounts' file.
//
//go:embed accounts.schema.json
var AccountsSchema []byte

// Account is a device's login and all that it may do. Its client ids are its
// id, or begin with it and a hyphen.
type Account struct {
	ID        string   `json:"id"`
	Secret    Secret   `json:"secret"`
	Publish   []string `json:"publish,omitempty"`   // topic filters
	Subscribe []string `json:"subscribe,omitempty"` // topic filters; a subscription must lie within one
}

func (a *Account) equal(b *Account) bool {
	return a.ID == b.ID && a.Secret == b.Secret && slices.Equal(a.Publish, b.Publish) && slices.Equal(a.Subscribe, b.Subscribe)
}

// Accounts are the accounts of one broker, by id.
type Accounts map[string]*Account

// LoadAccounts reads an accounts' file. The error is of type yamldoc.Faults
// where the file itself is at fault, and then holds all faults.
func LoadAccounts(file string) (Accounts, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > yamldoc.MaxSize {
		return ParseAccounts(file, make([]byte, yamldoc.MaxSize+1)) // it says how large a file may be
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeNotFound, Op: "read the accounts", Message: file, Err: err,
			Hint: "make it with plantroom-gateway device add"}
	}
	return ParseAccounts(file, src)
}

// ParseAccounts is LoadAccounts for a file that is in memory.
func ParseAccounts(file string, src []byte) (Accounts, error) {
	doc, err := yamldoc.Parse(file, src, AccountsSchema)
	if err != nil {
		return nil, err
	}
	var list struct {
		Accounts []Account `json:"accounts"`
	}
	if err := doc.Decode(&list); err != nil {
		return nil, err
	}
	all := make(Accounts, len(list.Accounts))
	var faults yamldoc.Faults
	for i := range list.Accounts {
		a, path := &list.Accounts[i], fmt.Sprintf("/accounts/%d", i)
		if all[a.ID] != nil {
			faults = append(faults, doc.Fault(path+"/id", fmt.Sprintf("%q is there twice", a.ID), "remove one of them"))
		}
		all[a.ID] = a
		for key, filters := range map[string][]string{"publish": a.Publish, "subscribe": a.Subscribe} {
			for j, f := range filters {
				if !access.ValidFilter(f) || strings.HasPrefix(f, "$") {
					faults = append(faults, doc.Fault(fmt.Sprintf("%s/%s/%d", path, key, j), fmt.Sprintf("%q is no MQTT filter that a device may have", f),
						"+ stands for one whole level, # for all levels at the end; topics that begin with $ are the broker's"))
				}
			}
		}
	}
	return all, faults.Err()
}

// login reports why a client may not connect; "" if it may.
func (as Accounts) login(username string, password []byte, clientID string) (*Account, string) {
	a := as[username]
	switch {
	case !as.secret(username).is(password), a == nil:
		return nil, "unknown user or wrong password"
	case access.Owner(clientID, func(name string) bool { return as[name] != nil }) != username:
		return nil, "the client id belongs to somebody else, or does not begin with the user name"
	}
	return a, ""
}

// secret returns a secret to compare with, for strangers too: they are not to
// learn from the time of an answer which names exist.
func (as Accounts) secret(username string) Secret {
	if a := as[username]; a != nil {
		return a.Secret
	}
	return Secret{}
}

const saltSize = 16

// Secret is what is kept of a password: a salt, and SHA-256 over salt and
// password. It is no slow hash, because no password is chosen by a person:
// NewPassword's have 128 bits and more, which nobody searches. A slow hash
// would let every stranger on the network spend the gateway's memory and time
// on each attempt.
type Secret struct {
	salt [saltSize]byte
	sum  [sha256.Size]byte
}

// NewPassword makes a password and what is kept of it: 26 of A-Z and 2-7.
func NewPassword() (string, Secret) {
	var s Secret
	_, _ = rand.Read(s.salt[:]) // it never fails, by its documentation
	password := rand.Text()
	s.sum = s.hash([]byte(password))
	return password, s
}

func (s Secret) hash(password []byte) [sha256.Size]byte {
	return sha256.Sum256(append(s.salt[:len(s.salt):len(s.salt)], password...))
}

func (s Secret) is(password []byte) bool {
	sum := s.hash(password)
	return subtle.ConstantTimeCompare(sum[:], s.sum[:]) == 1
}

var encoding = base64.RawURLEncoding.Strict()

// MarshalText writes sha256:SALT:SUM, both in base64url without padding.
func (s Secret) MarshalText() ([]byte, error) {
	return []byte("sha256:" + encoding.EncodeToString(s.salt[:]) + ":" + encoding.EncodeToString(s.sum[:])), nil
}

// UnmarshalText reads what MarshalText has written.
func (s *Secret) UnmarshalText(text []byte) error {
	part := strings.Split(string(text), ":")
	if len(part) != 3 || part[0] != "sha256" {
		return errors.New("a secret is sha256:SALT:SUM, as plantroom-gateway device add writes it")
	}
	for i, into := range [][]byte{s.salt[:], s.sum[:]} {
		b, err := encoding.DecodeString(part[i+1])
		if err != nil || len(b) != len(into) {
			return errors.New("a secret's salt has 16 bytes and its sum 32, in base64url")
		}
		copy(into, b)
	}
	return nil
}
