package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// configText is a configuration in a vector. Seed and public are the key that
// has signed it, which is not in the message.
type configText struct {
	Seed    string `json:"seed"`
	Public  string `json:"public"`
	Estate  string `json:"estate"`
	Gateway string `json:"gateway"`
	Serial  uint64 `json:"serial"`
	Issued  int64  `json:"issued"`
	Files   []struct {
		Name string `json:"name"`
		Body string `json:"body"`
	} `json:"files"`
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

func (c *configText) config(t testing.TB) wire.Config {
	t.Helper()
	out := wire.Config{Estate: plantroom.EstateID(c.Estate), Gateway: plantroom.GatewayID(c.Gateway), Serial: c.Serial, Issued: plantroom.Instant(c.Issued)}
	for _, f := range c.Files {
		out.Files = append(out.Files, wire.ConfigFile{Name: f.Name, Body: append([]byte{}, unhex(t, f.Body)...)})
	}
	copy(out.Key[:], unhex(t, c.Key))
	copy(out.Signature[:], unhex(t, c.Signature))
	return out
}

// answerText is an answer in a vector.
type answerText struct {
	Gateway string `json:"gateway"`
	Serial  uint64 `json:"serial"`
	Sum     string `json:"sum"`
	Outcome uint8  `json:"outcome"`
	Detail  string `json:"detail"`
	Running uint64 `json:"running"`
	Highest uint64 `json:"highest"`
	At      int64  `json:"at"`
}

func (a *answerText) answer(t testing.TB) wire.Answer {
	t.Helper()
	out := wire.Answer{Gateway: plantroom.GatewayID(a.Gateway), Serial: a.Serial, Outcome: wire.Outcome(a.Outcome), Detail: a.Detail,
		Running: a.Running, Highest: a.Highest, At: plantroom.Instant(a.At)}
	copy(out.Sum[:], unhex(t, a.Sum))
	return out
}

// The signatures in the vectors were made by another implementation.
func TestASignatureIsTheSameElsewhere(t *testing.T) {
	n := 0
	for _, v := range loadVectors(t).Good {
		if v.Config == nil {
			continue
		}
		n++
		key := ed25519.NewKeyFromSeed(unhex(t, v.Config.Seed))
		public := key.Public().(ed25519.PublicKey)
		c := v.Config.config(t)
		if hex.EncodeToString(public) != v.Config.Public || wire.KeyIDOf(public) != c.Key {
			t.Errorf("%s: another key", v.Name)
		}
		if !c.Verify(public) {
			t.Errorf("%s: its signature is not taken", v.Name)
		}
		got, err := wire.SignConfig(c, key)
		if err != nil || hex.EncodeToString(got) != v.Hex {
			t.Errorf("%s: signed anew %x, error %v", v.Name, got, err)
		}
	}
	if n == 0 {
		t.Error("there is no vector of a configuration")
	}
}

func signed(t testing.TB) ([]byte, ed25519.PublicKey) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
	b, err := wire.SignConfig(wire.Config{Estate: "story", Gateway: "gw-b1", Serial: 3, Issued: 5,
		Files: []wire.ConfigFile{{Name: "gateway.yaml", Body: []byte("gateway: gw-b1\n")}, {Name: "a.js", Body: []byte("x")}}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return b, key.Public().(ed25519.PublicKey)
}

func TestASignatureCoversEveryBit(t *testing.T) {
	b, public := signed(t)
	if c, err := wire.DecodeConfig(b); err != nil || !c.Verify(public) {
		t.Fatal("the message itself does not pass: ", err)
	}
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if c, err := wire.DecodeConfig(b); err == nil && c.Verify(public) {
				t.Errorf("bit %d of byte %d can be changed", bit, i)
			}
			b[i] ^= 1 << bit
		}
	}
}

// Ed25519 signs any text, so what is signed says what it is.
func TestASignatureOfSomethingElseIsNone(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32))
	b, public := signed(t)
	c, err := wire.DecodeConfig(b)
	if err != nil {
		t.Fatal(err)
	}
	copy(c.Signature[:], ed25519.Sign(key, b[:len(b)-66])) // the same bytes, without the words before them
	if c.Verify(public) {
		t.Error("a signature over the bare message is taken")
	}
}

func TestAConfigurationBeyondTheBoundIsRefusedUnread(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	c := wire.Config{Estate: "story", Gateway: "gw-b1", Serial: 1, Files: []wire.ConfigFile{{Name: "a", Body: make([]byte, wire.MaxConfigBytes)}}}
	if _, err := wire.SignConfig(c, key); plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("signing it: %v", err)
	}
	if _, err := wire.DecodeConfig(make([]byte, wire.MaxConfigBytes+1)); plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("reading it: %v", err)
	}
	c.Files[0].Body = make([]byte, wire.MaxConfigBytes-200)
	b, err := wire.SignConfig(c, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wire.DecodeConfig(b); err != nil {
		t.Errorf("one within the bound: %v", err)
	}
}

func TestALongDetailIsCutToWhatFits(t *testing.T) {
	b, err := wire.AppendAnswer(nil, wire.Answer{Gateway: "gw-b1", Detail: strings.Repeat("é", wire.MaxDetail)})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := wire.DecodeAnswer(b); err != nil || len(a.Detail) == 0 || len(a.Detail) > wire.MaxDetail {
		t.Errorf("%d bytes, error %v", len(a.Detail), err)
	}
}

func TestAnEncoderRefusesWhatNoDecoderTakes(t *testing.T) {
	for name, c := range map[string]wire.Config{
		"no files":  {Estate: "story", Gateway: "gw-b1", Serial: 1},
		"no estate": {Gateway: "gw-b1", Serial: 1, Files: []wire.ConfigFile{{Name: "a"}}},
		"serial 0":  {Estate: "story", Gateway: "gw-b1", Files: []wire.ConfigFile{{Name: "a"}}},
	} {
		if got, err := wire.AppendConfig([]byte("kept"), c); plantroom.CodeOf(err) != plantroom.CodeInvalid || string(got) != "kept" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, a := range map[string]wire.Answer{"no gateway": {}, "outcome": {Gateway: "gw-b1", Outcome: 9}, "serial": {Gateway: "gw-b1", Serial: 1 << 63}} {
		if got, err := wire.AppendAnswer([]byte("kept"), a); plantroom.CodeOf(err) != plantroom.CodeInvalid || string(got) != "kept" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
