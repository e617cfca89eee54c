package broker

import (
	"crypto/sha256"
	"crypto/subtle"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	rights "plantroom/internal/access"
)

// Account is a client's login and all that it may do. Its client ids are its
// user name, or begin with it and a hyphen ("gw-b1-uplink"): two connections
// with one id push each other out, so nobody may use another's.
type Account struct {
	Username  string
	Password  string
	Publish   []string // topic filters
	Subscribe []string // topic filters; a subscription must lie within one
}

// Gateway is the account of a gateway: it speaks for itself and reads its own
// acknowledgements and configurations.
func Gateway(e plantroom.EstateID, g plantroom.GatewayID, password string) Account {
	return Account{
		Username: string(g), Password: password,
		Publish:   []string{wire.Topic(e, g, wire.Up), wire.Topic(e, g, wire.StateLeaf), wire.Topic(e, g, wire.AnswerLeaf), wire.Topic(e, g, wire.SpoolLeaf)},
		Subscribe: []string{wire.Topic(e, g, wire.AckLeaf), wire.Topic(e, g, wire.ConfigLeaf)},
	}
}

// Services is the account of a server that connects from another process:
// everything below its estate.
func Services(e plantroom.EstateID, username, password string) Account {
	all := []string{"plantroom/1/" + string(e) + "/#"}
	return Account{Username: username, Password: password, Publish: all, Subscribe: all}
}

// access decides who may do what.
type access struct {
	accounts map[string]account
}

type account struct {
	Account
	secret [sha256.Size]byte
}

func newAccess(list []Account) (*access, error) {
	a := &access{accounts: make(map[string]account, len(list))}
	for _, acc := range list {
		if err := plantroom.ValidID(acc.Username); err != nil {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "broker account: %w", err)
		}
		if acc.Password == "" {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "broker account %s has no password; give it one", acc.Username)
		}
		if _, twice := a.accounts[acc.Username]; twice {
			return nil, plantroom.Errorf(plantroom.CodeConflict, "broker account %s is there twice", acc.Username)
		}
		secret := sha256.Sum256([]byte(acc.Password))
		acc.Password = "" // what is not kept cannot be shown
		a.accounts[acc.Username] = account{acc, secret}
	}
	return a, nil
}

// login reports why a client may not connect; "" if it may.
func (a *access) login(username string, password []byte, clientID string) string {
	acc, known := a.accounts[username]
	given := sha256.Sum256(password)
	switch {
	case subtle.ConstantTimeCompare(given[:], acc.secret[:]) != 1, !known:
		return "unknown user or wrong password"
	case a.owner(clientID) != username:
		return "the client id belongs to somebody else, or does not begin with the user name"
	}
	return ""
}

// owner returns whose a client id is.
func (a *access) owner(clientID string) string {
	return rights.Owner(clientID, func(name string) bool { _, ok := a.accounts[name]; return ok })
}

func (a *access) mayPublish(username, topic string) bool {
	return rights.AnyCovers(a.accounts[username].Publish, topic)
}

func (a *access) maySubscribe(username, filter string) bool {
	return rights.AnyCovers(a.accounts[username].Subscribe, filter)
}
