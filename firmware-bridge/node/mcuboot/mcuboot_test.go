package mcuboot_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/node/mcuboot"
	"plantroom/firmware-bridge/node/nodetest"
)

var (
	key   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	other = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	known = key.Public().(ed25519.PublicKey)
)

func TestASignedImageIsRead(t *testing.T) {
	file := nodetest.Image{Major: 1, Minor: 4, Counter: 7, Size: 3001, Key: key}.Bytes()
	i, err := mcuboot.Check(file, known)
	if err != nil || i.Version.String() != "1.4.0" || i.Counter != 7 || i.Size != len(file) || i.Hash != sha256.Sum256(file[:32+3001+12]) {
		t.Errorf("%+v, %v", i, err)
	}
}

// The file was signed by imgtool 2.5.0 with a key made for it: imgtool sign -k KEY
// --version 2.1.0+3 --security-counter 7 --header-size 32 --pad-header --align 8.
func TestAnImageThatImgtoolSignedIsRead(t *testing.T) {
	text, err := os.ReadFile("testdata/imgtool.pub")
	if err != nil {
		t.Fatal(err)
	}
	public, err := mcuboot.Key(text)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile("testdata/imgtool.bin")
	if err != nil {
		t.Fatal(err)
	}
	if i, err := mcuboot.Check(file, public); err != nil || i.Version.String() != "2.1.0.3" || i.Counter != 7 || i.Size != 388 {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestEachFaultOfAnImageIsNamed(t *testing.T) {
	for _, b := range nodetest.BadImages(key, other) {
		i, err := mcuboot.Check(b.File, known)
		if err == nil || !strings.Contains(err.Error(), b.Gateway) || i != (mcuboot.Image{}) {
			t.Errorf("an image %s: %+v, %v; want %q", b.Name, i, err, b.Gateway)
		}
		want := plantroom.CodeInvalid
		if b.Gateway == "another key" {
			want = plantroom.CodeForbidden
		}
		if plantroom.CodeOf(err) != want {
			t.Errorf("an image %s has code %s", b.Name, plantroom.CodeOf(err))
		}
	}
	file := nodetest.Image{Counter: 7, Size: 300, Key: key}.Bytes()
	for n := range len(file) { // cut anywhere
		if _, err := mcuboot.Check(file[:n], known); err == nil {
			t.Errorf("the first %d of %d bytes pass", n, len(file))
		}
	}
	for n := range len(file) { // and with any byte changed
		file[n] ^= 0x10
		_, err := mcuboot.Check(file, known)
		// The hash of the public key, which is only a hint, is not looked at.
		if hint := n >= len(file)-64-4-32-4 && n < len(file)-64-4; err == nil && !hint {
			t.Errorf("with byte %d of %d changed it passes", n, len(file))
		}
		file[n] ^= 0x10
	}
	if _, err := mcuboot.Check(file, nil); plantroom.CodeOf(err) != plantroom.CodeForbidden {
		t.Errorf("without a key: %v", err)
	}
}

func TestVersionsAreOrdered(t *testing.T) {
	order := []string{"0.0.0", "0.0.1", "0.0.1.1", "0.1.0", "1.0.0", "1.0.0.4294967295", "1.0.65535", "255.255.65535.4294967295"}
	for i, a := range order {
		v, err := mcuboot.ParseVersion(a)
		if err != nil || v.String() != a {
			t.Errorf("%s is read as %s, %v", a, v, err)
		}
		for j, b := range order {
			w, err := mcuboot.ParseVersion(b)
			if err != nil || v.Older(w) != (i < j) {
				t.Errorf("%s before %s: %v", a, b, v.Older(w))
			}
		}
	}
	for _, bad := range []string{"", "1", "1.2", "a.b.c", "256.0.0", "-1.0.0"} {
		if v, err := mcuboot.ParseVersion(bad); err == nil {
			t.Errorf("%q is read as %s", bad, v)
		}
	}
}

func TestAKeyIsReadFromPEM(t *testing.T) {
	text := func(public any, kind string) []byte {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	if k, err := mcuboot.Key(text(known, "PUBLIC KEY")); err != nil || !k.Equal(known) {
		t.Errorf("%x, %v", k, err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "no PEM": []byte("key"), "a private key": text(known, "PRIVATE KEY"), "another kind": text(&curve.PublicKey, "PUBLIC KEY"),
		"damaged": []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
	} {
		if k, err := mcuboot.Key(bad); plantroom.CodeOf(err) != plantroom.CodeInvalid || k != nil {
			t.Errorf("%s: %x, %v", name, k, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(nodetest.Image{Counter: 7, Size: 300, Key: key}.Bytes())
	for _, b := range nodetest.BadImages(key, other) {
		f.Add(b.File)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		i, err := mcuboot.Check(file, known)
		if err == nil && (i.Size != len(file) || i.Hash == [32]byte{}) {
			t.Fatalf("%+v", i)
		}
		if c := plantroom.CodeOf(err); err != nil && c != plantroom.CodeInvalid && c != plantroom.CodeForbidden {
			t.Fatal(err)
		}
	})
}
