package remote_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/remote"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

var secret = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))

func keys() remote.Keys {
	public := secret.Public().(ed25519.PublicKey)
	return remote.Keys{wire.KeyIDOf(public): public}
}

// message is a configuration for gw-b1.
func message(t testing.TB, serial uint64) []byte {
	t.Helper()
	return sign(t, wire.Config{Estate: "story", Gateway: "gw-b1", Serial: serial, Files: []wire.ConfigFile{{Name: "gateway.yaml", Body: []byte("x")}}}, secret)
}

func sign(t testing.TB, c wire.Config, key ed25519.PrivateKey) []byte {
	t.Helper()
	b, err := wire.SignConfig(c, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// site is a gateway that runs nothing.
type site struct {
	faults  map[uint64]error // of configurations; 0: the own file
	cutOff  map[uint64]bool  // with them the services cannot be reached
	running uint64
	swaps   int
	acks    uint64
}

const idle = 1 << 40 // before anything was put to work

func newSite() *site {
	return &site{faults: map[uint64]error{}, cutOff: map[uint64]bool{}, running: idle}
}

func (s *site) Prepare(c *wire.Config) (func(), error) {
	n := uint64(0)
	if c != nil {
		n = c.Serial
	}
	return func() { s.running = n; s.swaps++ }, s.faults[n]
}

func (s *site) Uplink() (bool, uint64) { return !s.cutOff[s.running], s.acks }

// ack lets the services acknowledge, where they can be reached.
func (s *site) ack() {
	if !s.cutOff[s.running] {
		s.acks++
	}
}

func open(t testing.TB, fs spool.FS) *remote.Keeper {
	t.Helper()
	k, err := remote.Open(remote.Options{Dir: "remote", FS: fs, Estate: "story", Gateway: "gw-b1", Keys: keys()})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// begun is a gateway that has just started.
func begun(t testing.TB, fs spool.FS) (*remote.Keeper, *site) {
	t.Helper()
	k, s := open(t, fs), newSite()
	if err := k.Begin(s); err != nil {
		t.Fatal(err)
	}
	return k, s
}

// pass lets time pass, with a look each second.
func pass(k *remote.Keeper, s *site, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(time.Second)
		k.Look(s)
	}
}

func answer(t testing.TB, k *remote.Keeper) wire.Answer {
	t.Helper()
	a, err := wire.DecodeAnswer(k.Answer())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// says checks the answer.
func says(t testing.TB, k *remote.Keeper, serial uint64, o wire.Outcome, running uint64) wire.Answer {
	t.Helper()
	a := answer(t, k)
	if a.Serial != serial || a.Outcome != o || a.Running != running {
		t.Errorf("it says that %d is %s (%q) and %d runs, want that %d is %s and %d runs", a.Serial, a.Outcome, a.Detail, a.Running, serial, o, running)
	}
	return a
}

func runs(t testing.TB, s *site, want uint64) {
	t.Helper()
	if s.running != want {
		t.Errorf("configuration %d runs, want %d", s.running, want)
	}
}

// proven brings a configuration to its proof.
func proven(t testing.TB, k *remote.Keeper, s *site, serial uint64) {
	t.Helper()
	k.Offer(s, message(t, serial))
	s.ack()
	k.Look(s)
	says(t, k, serial, wire.Applied, serial)
}

var errFaulty = plantroom.Errorf(plantroom.CodeInvalid, "gateway.yaml:3:1: uplink: it is missing")

func newFS() *faultfs.FS { return faultfs.New() }

// noSync is a disk that takes nothing durably.
func noSync(op faultfs.Op) error {
	if op.Kind == faultfs.OpSync {
		return errors.New("the disk fails")
	}
	return nil
}
