package remote_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/remote"
	"plantroom/gateway/spool/faultfs"
)

func TestWithoutAConfigurationTheOwnFileRuns(t *testing.T) {
	k, s := begun(t, newFS())
	runs(t, s, 0)
	says(t, k, 0, wire.Unsent, 0)
}

func TestAConfigurationIsProvenOnceTheServicesHaveAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newFS()
		k, s := begun(t, fs)
		s.acks = 100 // of before
		k.Offer(s, message(t, 7))
		runs(t, s, 7)
		pass(k, s, remote.DefaultProbation-time.Second)
		says(t, k, 7, wire.Pending, 7)
		if !k.Asking() {
			t.Error("no acknowledgement is asked for")
		}
		s.ack()
		k.Look(s)
		a := says(t, k, 7, wire.Applied, 7)
		if k.Asking() || a.Detail != "" || a.Highest != 7 {
			t.Errorf("asking %v, %+v", k.Asking(), a)
		}
		pass(k, s, time.Hour)
		runs(t, s, 7)
		if s.swaps != 2 {
			t.Errorf("%d changes, want the start's and that to 7", s.swaps)
		}
		_, s = begun(t, fs)
		runs(t, s, 7)
	})
}

func TestWhereTheUplinkDoesNotComeBackTheOldOneDoes(t *testing.T) {
	for name, before := range map[string]uint64{"the own file": 0, "a proven configuration": 6} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fs := newFS()
				k, s := begun(t, fs)
				if before != 0 {
					proven(t, k, s, before)
				}
				s.cutOff[7] = true
				k.Offer(s, message(t, 7))
				pass(k, s, remote.DefaultProbation-time.Second)
				runs(t, s, 7)
				pass(k, s, time.Second)
				runs(t, s, before)
				if a := says(t, k, 7, wire.Reverted, before); a.Detail != "the uplink was not connected within 5m" {
					t.Errorf("the reason is %q", a.Detail)
				}
				k.Offer(s, message(t, 7)) // it is retained
				runs(t, s, before)
				says(t, k, 7, wire.Reverted, before)
				_, s = begun(t, fs)
				runs(t, s, before)
			})
		})
	}
}

func TestAConnectionWithoutAnAcknowledgementIsNotEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := begun(t, newFS())
		k.Offer(s, message(t, 7))
		pass(k, s, remote.DefaultProbation)
		runs(t, s, 0)
		if a := says(t, k, 7, wire.Reverted, 0); !strings.Contains(a.Detail, "have not acknowledged") {
			t.Errorf("the reason is %q", a.Detail)
		}
	})
}

// A changed uplink counts from nothing.
func TestTheFirstAcknowledgementOfAnotherUplinkCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := begun(t, newFS())
		s.acks = 100
		k.Offer(s, message(t, 7))
		s.acks = 0 // a reload has exchanged it
		k.Look(s)
		says(t, k, 7, wire.Pending, 7)
		s.ack()
		k.Look(s)
		says(t, k, 7, wire.Applied, 7)
	})
}

func TestWhatIsRefusedChangesNothingAndSaysWhy(t *testing.T) {
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	files := []wire.ConfigFile{{Name: "gateway.yaml"}}
	forged := message(t, 9)
	forged[len(forged)-1] ^= 1
	for _, c := range []struct {
		name    string
		message []byte
		serial  uint64 // as far as it could be read
		want    string
	}{
		{"no CBOR", []byte("gateway: gw-b1\n"), 0, "is not a message"},
		{"nothing", nil, 0, "the message ends"},
		{"a key that is not known", sign(t, wire.Config{Estate: "story", Gateway: "gw-b1", Serial: 9, Files: files}, other), 9, "plantroom key gateway-config"},
		{"a bit changed", forged, 9, "its signature is wrong"},
		{"another estate", sign(t, wire.Config{Estate: "tale", Gateway: "gw-b1", Serial: 9, Files: files}, secret), 9, "it is for the estate tale, and this is story"},
		{"another gateway", sign(t, wire.Config{Estate: "story", Gateway: "gw-b2", Serial: 9, Files: files}, secret), 9, "it is for the gateway gw-b2, and this is gw-b1"},
		{"an older serial", message(t, 4), 4, "its serial 4 is not above 5"},
		{"the serial again, with something else", sign(t, wire.Config{Estate: "story", Gateway: "gw-b1", Serial: 5, Issued: 1, Files: files}, secret), 5, "its serial 5 is not above 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fs := newFS()
			k, s := begun(t, fs)
			proven(t, k, s, 5)
			ops := fs.Ops()
			k.Offer(s, c.message)
			runs(t, s, 5)
			a := says(t, k, c.serial, wire.Refused, 5)
			if !strings.Contains(a.Detail, c.want) || a.Highest != 5 || a.Sum != wire.SumOfConfig(c.message) {
				t.Errorf("it answers %+v, want %q", a, c.want)
			}
			if fs.Ops() != ops {
				t.Error("somebody without the key makes it write")
			}
			k.Offer(s, message(t, 5)) // the right one, which is retained
			says(t, k, 5, wire.Applied, 5)
			_, s = begun(t, fs)
			runs(t, s, 5)
		})
	}
}

func TestAFaultyConfigurationIsJudgedOnce(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	s.faults[7] = errFaulty
	k.Offer(s, message(t, 7))
	runs(t, s, 0)
	if a := says(t, k, 7, wire.Refused, 0); a.Detail != errFaulty.Error() || a.Highest != 7 {
		t.Errorf("it answers %+v", a)
	}
	k, s = begun(t, fs) // what was missing on site has come; the serial is spent
	k.Offer(s, message(t, 7))
	runs(t, s, 0)
	says(t, k, 7, wire.Refused, 0)
	proven(t, k, s, 8)
}

// What became of the newest is what somebody waits for.
func TestARefusalDuringAProbationIsNotTakenForItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := begun(t, newFS())
		k.Offer(s, message(t, 7))
		s.faults[8] = errFaulty
		k.Offer(s, message(t, 8))
		says(t, k, 8, wire.Refused, 7)
		s.ack()
		k.Look(s)
		says(t, k, 8, wire.Refused, 7)
		if b := k.Book(); b.Proven != 7 || b.Probation != 0 {
			t.Errorf("the book says %+v", b)
		}
	})
}

func TestANewerConfigurationTakesThePlaceOfOneOnProbation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := begun(t, newFS())
		proven(t, k, s, 6)
		s.cutOff[7], s.cutOff[8] = true, true
		k.Offer(s, message(t, 7))
		pass(k, s, remote.DefaultProbation/2)
		k.Offer(s, message(t, 8))
		pass(k, s, remote.DefaultProbation-time.Second)
		runs(t, s, 8)
		pass(k, s, time.Second)
		runs(t, s, 6)
		says(t, k, 8, wire.Reverted, 6)
	})
}

func TestAProbationGoesOnAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newFS()
		k, s := begun(t, fs)
		k.Offer(s, message(t, 7))
		pass(k, s, time.Minute)
		k, s = begun(t, fs)
		runs(t, s, 7)
		says(t, k, 7, wire.Pending, 7)
		s.ack()
		k.Look(s)
		says(t, k, 7, wire.Applied, 7)
	})
}

func TestAConfigurationThatEndsTheGatewayIsTakenBackAtTheThirdStart(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	proven(t, k, s, 6)
	k.Offer(s, message(t, 7))
	for range remote.MaxStarts {
		_, s = begun(t, fs)
		runs(t, s, 7)
	}
	k, s = begun(t, fs)
	runs(t, s, 6)
	if a := says(t, k, 7, wire.Reverted, 6); !strings.Contains(a.Detail, "started 2 times") {
		t.Errorf("the reason is %q", a.Detail)
	}
}

func TestWhatCannotBeUsedAnyMoreAtAStartGivesWay(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	proven(t, k, s, 6)
	k.Offer(s, message(t, 7))
	s = newSite()
	s.faults[7] = errFaulty // the file that it names is gone
	if k = open(t, fs); k.Begin(s) != nil {
		t.Fatal("nothing runs")
	}
	runs(t, s, 6)
	says(t, k, 7, wire.Reverted, 6)
	s = newSite()
	s.faults[6] = errFaulty
	if k = open(t, fs); k.Begin(s) != nil {
		t.Fatal("nothing runs")
	}
	runs(t, s, 0)
	s = newSite()
	s.faults[0] = errFaulty
	if k = open(t, fs); k.Begin(s) == nil {
		t.Error("without any file that can be used it starts")
	}
}

// The proven one, too, may name what has gone by the time it is needed.
func TestWhereTheProvenOneCannotBePutBackTheOwnFileIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newFS()
		k, s := begun(t, fs)
		proven(t, k, s, 6)
		k.Offer(s, message(t, 7))
		s.faults[6] = errFaulty
		pass(k, s, remote.DefaultProbation)
		runs(t, s, 0)
		says(t, k, 7, wire.Reverted, 0)
		k, s = begun(t, fs)
		s.faults[0] = errFaulty // somebody has broken it since
		k.Offer(s, message(t, 8))
		pass(k, s, remote.DefaultProbation)
		runs(t, s, 8) // there is nothing else
		says(t, k, 8, wire.Reverted, 0)
	})
}

func TestAKeyThatIsGoneTakesItsConfigurationWithIt(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	proven(t, k, s, 6)
	k, err := remote.Open(remote.Options{Dir: "remote", FS: fs, Estate: "story", Gateway: "gw-b1"})
	if err != nil {
		t.Fatal(err)
	}
	if s = newSite(); k.Begin(s) != nil {
		t.Fatal("nothing runs")
	}
	runs(t, s, 0)
	if a := says(t, k, 6, wire.Reverted, 0); !strings.Contains(a.Detail, "does not know") {
		t.Errorf("the reason is %q", a.Detail)
	}
}

// Whoever can write the directory may destroy it, and gets no old
// configuration put to work by that.
func TestWithABookThatCannotBeReadTheOwnFileRunsAndOldSerialsAreRefused(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	proven(t, k, s, 6)
	image := fs.Image()
	image["remote/book"][3] ^= 1
	k, s = begun(t, faultfs.FromImage(image))
	runs(t, s, 0)
	if k.Trouble() == "" {
		t.Error("the health page does not tell")
	}
	k.Offer(s, message(t, 6))
	runs(t, s, 0)
	says(t, k, 6, wire.Refused, 0)
	proven(t, k, s, 7)
	if k.Trouble() != "" {
		t.Errorf("it still says %q", k.Trouble())
	}
}

func TestAMessageThatRotsOnDiskIsNotUsed(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	proven(t, k, s, 6)
	image := fs.Image()
	image["remote/config-6"][40] ^= 1
	k, s = begun(t, faultfs.FromImage(image))
	runs(t, s, 0)
	says(t, k, 6, wire.Reverted, 0)
}

func TestADiskThatTakesNothingKeepsTheOldConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := newFS()
		k, s := begun(t, fs)
		proven(t, k, s, 6)
		fs.Fail(noSync)
		k.Offer(s, message(t, 7))
		runs(t, s, 6)
		if a := says(t, k, 7, wire.Refused, 6); !strings.Contains(a.Detail, "cannot be written down") {
			t.Errorf("the reason is %q", a.Detail)
		}
		fs.Fail(nil)
		k.Offer(s, message(t, 7)) // with the next connection
		runs(t, s, 7)
		fs.Fail(noSync)
		s.ack()
		pass(k, s, time.Hour) // proven, though it cannot be written: not taken back
		runs(t, s, 7)
		says(t, k, 7, wire.Pending, 7)
		fs.Fail(nil)
		k.Look(s)
		says(t, k, 7, wire.Applied, 7)
	})
}

func TestSomebodyOnSiteCanPutTheOwnFileBack(t *testing.T) {
	for name, how := range map[string]func(*remote.Keeper, *site) error{
		"by a reload":  func(k *remote.Keeper, s *site) error { return k.Reload(s) },
		"with a start": func(k *remote.Keeper, s *site) error { return k.Begin(s) },
	} {
		t.Run(name, func(t *testing.T) {
			fs := newFS()
			k, s := begun(t, fs)
			proven(t, k, s, 6)
			if err := remote.WantOwn(fs, "remote"); err != nil {
				t.Fatal(err)
			}
			if err := how(k, s); err != nil {
				t.Fatal(err)
			}
			runs(t, s, 0)
			if a := says(t, k, 6, wire.Reverted, 0); !strings.Contains(a.Detail, "on site") {
				t.Errorf("the reason is %q", a.Detail)
			}
			k.Offer(s, message(t, 6)) // it is retained
			runs(t, s, 0)
			proven(t, k, s, 7)
			if err := k.Reload(s); err != nil { // the wish was for once
				t.Fatal(err)
			}
			runs(t, s, 7)
		})
	}
}

func TestAReloadReadsWhatRunsAgainAndKeepsItWhereThatFails(t *testing.T) {
	k, s := begun(t, newFS())
	proven(t, k, s, 6)
	s.faults[6] = errFaulty
	if err := k.Reload(s); err == nil || s.running != 6 {
		t.Errorf("%d runs, error %v", s.running, err)
	}
	delete(s.faults, 6)
	swaps := s.swaps
	if err := k.Reload(s); err != nil || s.swaps != swaps+1 {
		t.Errorf("it was not put to work again: %v", err)
	}
}

func TestOldConfigurationsDoNotFillTheDisk(t *testing.T) {
	fs := newFS()
	k, s := begun(t, fs)
	for n := range uint64(20) {
		proven(t, k, s, n+1)
	}
	k.Offer(s, message(t, 21))
	if n := len(fs.Image()); n != 3 {
		t.Errorf("%d files, want the book, the proven and the one on probation", n)
	}
}
