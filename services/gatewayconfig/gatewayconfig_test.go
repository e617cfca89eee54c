package gatewayconfig_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/gatewayconfig"
)

// shelf is as much of a store as this package uses.
type shelf struct {
	plantroom.Tx
	newest map[plantroom.GatewayID]plantroom.Configuration
	ledger []plantroom.LedgerRow
}

func newShelf() *shelf {
	return &shelf{newest: map[plantroom.GatewayID]plantroom.Configuration{}}
}

func (s *shelf) Configuration(gw plantroom.GatewayID) (plantroom.Configuration, bool, error) {
	c, ok := s.newest[gw]
	return c, ok, nil
}

func (s *shelf) InsertConfiguration(c plantroom.Configuration) error {
	s.newest[c.Gateway] = c
	return nil
}

func (s *shelf) AnswerConfiguration(c plantroom.Configuration) error {
	return s.InsertConfiguration(c)
}

func (s *shelf) AppendLedger(rows ...plantroom.LedgerRow) error {
	s.ledger = append(s.ledger, rows...)
	return nil
}

func newKey(t *testing.T) *gatewayconfig.Key {
	t.Helper()
	k, err := gatewayconfig.LoadOrCreateKey(filepath.Join(t.TempDir(), "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func order(above uint64) gatewayconfig.Order {
	return gatewayconfig.Order{Estate: "story", Gateway: "gw-b1", By: "person:operator", Above: above,
		Files: []wire.ConfigFile{{Name: "gateway.yaml", Body: []byte("x")}, {Name: "a.js", Body: []byte("y")}}}
}

func issue(t *testing.T, k *gatewayconfig.Key, s *shelf, o gatewayconfig.Order) plantroom.Configuration {
	t.Helper()
	c, err := k.Issue(s, 5, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsIssuedIsWhatAGatewayWithThePublicKeyTakes(t *testing.T) {
	k, s := newKey(t), newShelf()
	c := issue(t, k, s, order(0))
	text, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	got, err := wire.DecodeConfig(c.Message)
	if err != nil || !got.Verify(public.(ed25519.PublicKey)) || got.Serial != 1 || got.Gateway != "gw-b1" || got.Estate != "story" || len(got.Files) != 2 {
		t.Errorf("%+v, error %v", got, err)
	}
	if len(s.ledger) != 1 || s.ledger[0].Kind != "gateway.configure" || s.ledger[0].Actor != "person:operator" || s.ledger[0].Subject != "gw-b1" ||
		!strings.Contains(string(s.ledger[0].Body), c.Sum.String()) || strings.Contains(string(s.ledger[0].Body), `"x"`) {
		t.Errorf("the ledger has %+v", s.ledger)
	}
}

func TestSerialsGrowAboveWhatWeAndTheGatewayKnow(t *testing.T) {
	k, s := newKey(t), newShelf()
	for _, c := range []struct{ above, want uint64 }{
		{0, 1}, {0, 2}, {9, 10}, {3, 11}, // 9: the server was set back to a backup
		{1<<63 - 1, 12}, // a gateway that is broken into does not use them up
	} {
		if got := issue(t, k, s, order(c.above)).Serial; got != c.want {
			t.Errorf("above %d the serial is %d, want %d", c.above, got, c.want)
		}
	}
}

func TestWhatCannotBeSentIsRefused(t *testing.T) {
	k := newKey(t)
	for name, c := range map[string]struct {
		files []wire.ConfigFile
		code  plantroom.Code
	}{
		"nothing":      {nil, plantroom.CodeInvalid},
		"a path":       {[]wire.ConfigFile{{Name: "../gateway.yaml"}}, plantroom.CodeInvalid},
		"a file twice": {[]wire.ConfigFile{{Name: "a"}, {Name: "a"}}, plantroom.CodeInvalid},
		"too much":     {[]wire.ConfigFile{{Name: "a", Body: make([]byte, wire.MaxConfigBytes)}}, plantroom.CodeTooLarge},
	} {
		s, o := newShelf(), order(0)
		o.Files = c.files
		if _, err := k.Issue(s, 5, o); plantroom.CodeOf(err) != c.code || len(s.newest) != 0 || len(s.ledger) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAnswerIsKeptOnceAndOnlyOfTheNewest(t *testing.T) {
	k, s := newKey(t), newShelf()
	old, c := issue(t, k, s, order(0)), issue(t, k, s, order(0))
	say := func(sum plantroom.Hash, o wire.Outcome, detail string) bool {
		t.Helper()
		news, err := gatewayconfig.Answered(s, 9, wire.Answer{Gateway: "gw-b1", Sum: wire.ConfigSum(sum), Outcome: o, Detail: detail})
		if err != nil {
			t.Fatal(err)
		}
		return news
	}
	if say(old.Sum, wire.Applied, "") || s.newest["gw-b1"].Outcome != "" {
		t.Error("the word on an older one counts")
	}
	if !say(c.Sum, wire.Pending, "") || !say(c.Sum, wire.Reverted, "cut off") || say(c.Sum, wire.Reverted, "cut off") {
		t.Error("what is news is none, or the other way round")
	}
	if got := s.newest["gw-b1"]; got.Outcome != "reverted" || got.Detail != "cut off" || got.Answered != 9 {
		t.Errorf("%+v", got)
	}
	if n := len(s.ledger); n != 4 || s.ledger[3].Actor != "gateway:gw-b1" || s.ledger[3].Kind != "gateway.configured" {
		t.Errorf("the ledger has %+v", s.ledger)
	}
}

func TestAGatewaySpeaksForItselfOnly(t *testing.T) {
	e := plantroom.Estate{ID: "story", Gateways: []plantroom.Gateway{{ID: "gw-b1"}}}
	say := func(gw plantroom.GatewayID) []byte {
		b, err := wire.AppendAnswer(nil, wire.Answer{Gateway: gw})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if a, err := gatewayconfig.Hear(e, "plantroom/1/story/gw-b1/config-status", say("gw-b1")); err != nil || a.Gateway != "gw-b1" {
		t.Errorf("%+v, error %v", a, err)
	}
	for name, c := range map[string]struct {
		topic   string
		payload []byte
	}{
		"for another":      {"plantroom/1/story/gw-b1/config-status", say("gw-b2")},
		"a stranger":       {"plantroom/1/story/gw-b9/config-status", say("gw-b9")},
		"another estate":   {"plantroom/1/tale/gw-b1/config-status", say("gw-b1")},
		"another leaf":     {"plantroom/1/story/gw-b1/config", say("gw-b1")},
		"no answer":        {"plantroom/1/story/gw-b1/config-status", []byte("applied")},
		"no topic of ours": {"config-status", say("gw-b1")},
	} {
		if a, err := gatewayconfig.Hear(e, c.topic, c.payload); err == nil {
			t.Errorf("%s is heard: %+v", name, a)
		}
	}
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	if _, err := gatewayconfig.LoadOrCreateKey(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := gatewayconfig.LoadOrCreateKey(path); plantroom.CodeOf(err) != plantroom.CodeForbidden || !strings.Contains(err.Error(), "gateway configuration key") {
		t.Errorf("%v", err)
	}
}
