package remote_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/remote"
)

func keyFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "server.pub")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestKeysAreReadFromPEM(t *testing.T) {
	public := secret.Public().(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := remote.ReadKeys(keyFile(t, "PUBLIC KEY", der))
	if err != nil || !keys[wire.KeyIDOf(public)].Equal(public) {
		t.Errorf("%v, error %v", keys, err)
	}
}

func TestWhatIsNoPublicKeyIsRefused(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := x509.MarshalPKIXPublicKey(&elliptical.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("ssh-ed25519 AAAA\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file, want string }{
		{"no file", filepath.Join(t.TempDir(), "gone"), "holds no Ed25519 public key"},
		{"no PEM", text, "holds no Ed25519 public key"},
		{"another kind of key", keyFile(t, "PUBLIC KEY", other), "holds no Ed25519 public key"},
		{"not a key", keyFile(t, "PUBLIC KEY", []byte("x")), "holds no Ed25519 public key"},
		{"the secret key", keyFile(t, "PRIVATE KEY", private), "no place on a gateway"},
	} {
		_, err := remote.ReadKeys(c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "plantroom key gateway-config") {
			t.Errorf("%s: %v", c.name, err)
		}
		if plantroom.CodeOf(err) != plantroom.CodeInvalid && plantroom.CodeOf(err) != plantroom.CodeForbidden {
			t.Errorf("%s: code %s", c.name, plantroom.CodeOf(err))
		}
	}
}
