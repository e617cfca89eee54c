package remote

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Keys are the public keys whose configurations are taken.
type Keys map[wire.KeyID]ed25519.PublicKey

// maxKeyFile bounds what is read of a key's file, in bytes.
const maxKeyFile = 16 << 10

// ReadKeys reads Ed25519 public keys, each from a PEM file of its own
// (SubjectPublicKeyInfo, RFC 8410), as plantroom key prints them and openssl
// pkey -pubout makes them.
func ReadKeys(files ...string) (Keys, error) {
	keys := Keys{}
	for _, file := range files {
		k, err := readKey(file)
		if err != nil {
			return nil, err
		}
		keys[wire.KeyIDOf(k)] = k
	}
	return keys, nil
}

func readKey(file string) (ed25519.PublicKey, error) {
	failed := func(err error) error {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the key of configurations", Message: file + " holds no Ed25519 public key in PEM", Err: err,
			Hint: "put there what plantroom key gateway-config prints on the server"}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, failed(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, failed(err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, failed(errors.New("no PEM block"))
	}
	if block.Type == "PRIVATE KEY" {
		return nil, &plantroom.Error{Code: plantroom.CodeForbidden, Op: "read the key of configurations", Message: file + " is the secret key, which has no place on a gateway",
			Hint: "delete it here, and put there what plantroom key gateway-config prints on the server"}
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, failed(err)
	}
	public, ok := k.(ed25519.PublicKey)
	if !ok {
		return nil, failed(errors.New("another kind of key"))
	}
	return public, nil
}

// Open decodes a message and makes sure that it is a configuration for this
// gateway which one of the keys has signed. With an error, the configuration is
// what could be read of it, and nothing in it may be believed.
func (k Keys) Open(message []byte, estate plantroom.EstateID, gateway plantroom.GatewayID) (wire.Config, error) {
	c, err := wire.DecodeConfig(message)
	if err != nil {
		return c, err
	}
	key, known := k[c.Key]
	switch {
	case !known:
		return c, &plantroom.Error{Code: plantroom.CodeUnauth, Message: "it is signed with a key that this gateway does not know",
			Hint: "put what plantroom key gateway-config prints into a file of the gateway's remote.keys, and restart it"}
	case !c.Verify(key):
		return c, plantroom.Errorf(plantroom.CodeUnauth, "its signature is wrong: it was changed on its way, or is a forgery")
	case c.Estate != estate:
		return c, plantroom.Errorf(plantroom.CodeForbidden, "it is for the estate %s, and this is %s", c.Estate, estate)
	case c.Gateway != gateway:
		return c, plantroom.Errorf(plantroom.CodeForbidden, "it is for the gateway %s, and this is %s", c.Gateway, gateway)
	}
	return c, nil
}
