package node_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom/internal/parts"
)

// target runs a target of c/Makefile and returns what it printed.
func target(t *testing.T, name string) string {
	t.Helper()
	return makes(t, t.TempDir(), name)
}

func makes(t *testing.T, dir, name string) string {
	t.Helper()
	out, err := exec.Command("make", "-C", "c", "BUILD="+dir, name).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		parts.Absent(t, "make is not installed: apt-get install make")
	}
	if err != nil {
		t.Fatalf("make %s: %v\n%s", name, err, out)
	}
	return string(out)
}

// The library in C keeps the link as this package does, under the address and
// undefined-behaviour sanitizers.
func TestTheCLibraryPassesItsTestsUnderSanitizers(t *testing.T) {
	parts.Program(t, "gcc", "gcc")
	if out := target(t, "check"); strings.Count(out, " 0 failures") != 2 {
		t.Errorf("make check:\n%s", out)
	}
}

// The node's hashes and its verification against Go's, and RFC 8032 §7.1.
func TestTheNodeVerifiesSignaturesAsGoDoes(t *testing.T) {
	parts.Program(t, "gcc", "gcc")
	dir := t.TempDir()
	makes(t, dir, dir+"/verify")
	var ask, want []string
	say := func(answer, format string, args ...any) {
		ask, want = append(ask, fmt.Sprintf(format, args...)), append(want, answer)
	}
	r := rand.NewChaCha8([32]byte{1})
	for n := range 300 {
		m := make([]byte, n)
		r.Read(m)
		short, long := sha256.Sum256(m), sha512.Sum512(m)
		say(hex.EncodeToString(short[:]), "sha256 %s", written(m))
		say(hex.EncodeToString(long[:]), "sha512 %s", written(m))
	}
	verify := func(sig, key, m []byte) {
		answer := "bad"
		if ed25519.Verify(key, m, sig) {
			answer = "good"
		}
		say(answer, "verify %x %x %s", sig, key, written(m))
	}
	for n := range 60 {
		seed, m := make([]byte, ed25519.SeedSize), make([]byte, n)
		r.Read(seed)
		r.Read(m)
		private := ed25519.NewKeyFromSeed(seed)
		public, sig := private.Public().(ed25519.PublicKey), ed25519.Sign(private, m)
		verify(sig, public, m)
		for range 6 { // one bit of signature, key or message
			s, k, m := bytes.Clone(sig), bytes.Clone(public), bytes.Clone(m)
			all := [][]byte{s, k, m}
			b := all[r.Uint64()%3]
			if len(b) > 0 {
				b[r.Uint64()%uint64(len(b))] ^= 1 << (r.Uint64() % 8)
			}
			verify(s, k, m)
		}
		verify(append(bytes.Clone(sig[:32]), plusOrder(sig[32:])...), public, m) // the same S, plus the order
	}
	for _, v := range []string{ // RFC 8032 §7.1, tests 1 to 3
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a -",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c 72",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025 af82",
	} {
		say("good", "verify %s", v)
	}
	for _, key := range []string{ // points of small order, and what is no point
		strings.Repeat("00", 32), "01" + strings.Repeat("00", 31), "ec" + strings.Repeat("ff", 30) + "7f", "02" + strings.Repeat("00", 31),
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	} {
		k, err := hex.DecodeString(key)
		if err != nil {
			t.Fatal(err)
		}
		verify(make([]byte, 64), k, []byte("x"))
		verify(append(bytes.Clone(k), make([]byte, 32)...), k, []byte("x"))
	}
	cmd := exec.Command(dir + "/verify")
	cmd.Stdin = strings.NewReader(strings.Join(ask, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(string(out))
	if len(got) != len(want) {
		t.Fatalf("%d answers to %d questions", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%.200s: %s, want %s", ask[i], got[i], want[i])
		}
	}
}

func written(b []byte) string {
	if len(b) == 0 {
		return "-"
	}
	return hex.EncodeToString(b)
}

// plusOrder adds the order of the curve's base point, 2²⁵² + 2774…8493.
func plusOrder(s []byte) []byte {
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	b := bytes.Clone(s)
	slices.Reverse(b)
	n := new(big.Int).SetBytes(b)
	b = n.Add(n, order).FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

// The Makefile fails beyond 8 KB.
func TestTheCLibraryFitsASmallNode(t *testing.T) {
	parts.Program(t, "arm-none-eabi-gcc", "gcc-arm-none-eabi")
	out := target(t, "cross")
	i := strings.LastIndex(out, "library: ")
	if i < 0 {
		t.Fatalf("make cross:\n%s", out)
	}
	t.Log(strings.Join(regexp.MustCompile(`(?m)^(library|updates): .*`).FindAllString(out, -1), "; "))
}
