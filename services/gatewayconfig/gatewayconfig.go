// Package gatewayconfig signs the files that gateways are sent, and takes in
// what the gateways answer.
//
// It deliberately does not look into a file: what it may say is for the
// gateway to judge, whose code the services do not share. It publishes
// nothing; the server does.
package gatewayconfig

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/internal/keyfile"
)

// Key signs configurations. Whoever has it can have every gateway that knows
// its public half hear nothing, or hear it wrongly.
type Key struct{ private ed25519.PrivateKey }

// LoadOrCreateKey reads the signing key at path, or makes one there, readable
// by its owner only.
func LoadOrCreateKey(path string) (*Key, error) {
	k, err := keyfile.Ensure(path, keyfile.Words{Name: "gateway configuration key", Lost: "no gateway knows before it was brought there by hand"})
	if err != nil {
		return nil, err
	}
	return &Key{k}, nil
}

// Public gives the public half in PEM (SubjectPublicKeyInfo, RFC 8410), for
// remote.keys of the gateways.
func (k *Key) Public() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// Order is what somebody wants a gateway to be.
type Order struct {
	Estate  plantroom.EstateID
	Gateway plantroom.GatewayID
	Files   []wire.ConfigFile // the gateway's file first
	By      string            // as the ledger names who it is
	Above   uint64            // the highest serial that the gateway is known to have judged
}

// unlikely bounds what a gateway is believed of serials: one that is broken
// into could otherwise use them up.
const unlikely = 1 << 62

// Issue signs a configuration with the next serial, keeps it, and notes it in
// the ledger. The codes are wire.SignConfig's for what cannot be sent.
func (k *Key) Issue(tx plantroom.Tx, now plantroom.Instant, o Order) (plantroom.Configuration, error) {
	last, _, err := tx.Configuration(o.Gateway)
	if err != nil {
		return plantroom.Configuration{}, err
	}
	above := last.Serial
	if o.Above < unlikely {
		above = max(above, o.Above)
	}
	c := plantroom.Configuration{Gateway: o.Gateway, Serial: above + 1, By: o.By, Issued: now}
	c.Message, err = wire.SignConfig(wire.Config{Estate: o.Estate, Gateway: o.Gateway, Serial: c.Serial, Issued: now, Files: o.Files}, k.private)
	if err != nil {
		return plantroom.Configuration{}, err
	}
	c.Sum = plantroom.Hash(wire.SumOfConfig(c.Message))
	if err := tx.InsertConfiguration(c); err != nil {
		return plantroom.Configuration{}, err
	}
	names := make([]string, len(o.Files))
	for i, f := range o.Files {
		names[i] = f.Name
	}
	return c, note(tx, now, "gateway.configure", c, o.By, entry{Serial: c.Serial, Sum: c.Sum, Files: names})
}

// entry is the body of a row in the ledger.
type entry struct {
	Serial  uint64         `json:"serial"`
	Sum     plantroom.Hash `json:"sum"`
	Files   []string       `json:"files,omitempty"`
	Outcome string         `json:"outcome,omitempty"`
	Detail  string         `json:"detail,omitempty"`
}

func note(tx plantroom.Tx, now plantroom.Instant, kind string, c plantroom.Configuration, actor string, e entry) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return tx.AppendLedger(plantroom.LedgerRow{At: now, Kind: kind, Subject: string(c.Gateway), Actor: actor, Body: body})
}

// Hear reads a message on a topic of answers, and makes sure that the gateway
// speaks for itself and is one of the estate's.
func Hear(e plantroom.Estate, topic string, payload []byte) (wire.Answer, error) {
	estate, gw, leaf, err := wire.ParseTopic(topic)
	if err != nil {
		return wire.Answer{}, err
	}
	a, err := wire.DecodeAnswer(payload)
	switch {
	case err != nil:
		return wire.Answer{}, err
	case estate != e.ID || leaf != wire.AnswerLeaf:
		return wire.Answer{}, plantroom.Errorf(plantroom.CodeForbidden, "topic %.100q is none of answers in estate %s", topic, e.ID)
	case a.Gateway != gw:
		return wire.Answer{}, plantroom.Errorf(plantroom.CodeForbidden, "answer of gateway %s on the topic of %s", a.Gateway, gw)
	case !slices.ContainsFunc(e.Gateways, func(g plantroom.Gateway) bool { return g.ID == gw }):
		return wire.Answer{}, plantroom.Errorf(plantroom.CodeNotFound, "gateway %s is not one of estate %s", gw, e.ID)
	}
	return a, nil
}

// Answered notes what a gateway says of its newest configuration, and whether
// that is news. An answer on anything else changes nothing.
func Answered(tx plantroom.Tx, now plantroom.Instant, a wire.Answer) (news bool, err error) {
	c, ok, err := tx.Configuration(a.Gateway)
	if err != nil || !ok || c.Sum != plantroom.Hash(a.Sum) {
		return false, err
	}
	outcome := a.Outcome.String()
	if c.Outcome == outcome && c.Detail == a.Detail {
		return false, nil
	}
	c.Outcome, c.Detail, c.Answered = outcome, a.Detail, now
	if err := tx.AnswerConfiguration(c); err != nil {
		return false, err
	}
	return true, note(tx, now, "gateway.configured", c, "gateway:"+string(c.Gateway), entry{Serial: c.Serial, Sum: c.Sum, Outcome: outcome, Detail: a.Detail})
}
