package spools_test

import (
	"math"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/spools"
)

const noon = plantroom.Instant(1_772_452_800_000_000_000)

var estate = &plantroom.Estate{ID: "story", Gateways: []plantroom.Gateway{{ID: "gw-b1"}, {ID: "gw-b2"}}}

func state(t *testing.T, s wire.State) []byte {
	t.Helper()
	b, err := wire.AppendState(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func spool(t *testing.T, s wire.Spool) []byte {
	t.Helper()
	b, err := wire.AppendSpool(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheLastWordOfEachGatewayIsKept(t *testing.T) {
	var b spools.Board
	for n, m := range []struct {
		leaf    wire.Leaf
		payload []byte
	}{
		{wire.StateLeaf, state(t, wire.State{Gateway: "gw-b1", Online: true, Version: "1.3.9", Epoch: 7, Base: 1, Next: 5})},
		{wire.SpoolLeaf, spool(t, wire.Spool{Gateway: "gw-b1", Epoch: 7, Used: 30, Limit: 100, Clock: wire.ClockUnset})},
		{wire.StateLeaf, state(t, wire.State{Gateway: "gw-b1", Version: "1.4.0", Epoch: 7, Base: 3, Next: 11})},
	} {
		if _, err := b.Hear(estate, noon+plantroom.Instant(n), wire.Topic("story", "gw-b1", m.leaf), m.payload); err != nil {
			t.Fatal(err)
		}
	}
	w := b.Of("gw-b1")
	if w.State.Version != "1.4.0" || w.State.Online || w.Told != noon+2 || w.Spool.Used != 30 || w.Spool.Clock != wire.ClockUnset || w.Full != noon+1 {
		t.Errorf("%+v", w)
	}
	if w := b.Of("gw-b2"); w != (spools.Word{}) {
		t.Errorf("of one that has said nothing: %+v", w)
	}
}

func TestWhatWaitsIsWhatTheServerDoesNotHold(t *testing.T) {
	heard := func(epoch, stored uint64) []plantroom.Progress {
		return []plantroom.Progress{{Gateway: "gw-b1", Epoch: 3, Seen: 900, Stored: 900}, {Gateway: "gw-b1", Epoch: epoch, Seen: stored, Stored: stored}}
	}
	for name, c := range map[string]struct {
		state    wire.State
		progress []plantroom.Progress
		want     uint64
	}{
		"an empty spool":                          {wire.State{Epoch: 7, Base: 11, Next: 11}, heard(7, 10), 0},
		"a new spool":                             {wire.State{Epoch: 7, Base: 1, Next: 1}, nil, 0},
		"one that the server never heard":         {wire.State{Epoch: 7, Base: 1, Next: 41}, heard(6, 20), 40},
		"one that is not trimmed yet":             {wire.State{Epoch: 7, Base: 1, Next: 41}, heard(7, 30), 10},
		"one that has lost its beginning":         {wire.State{Epoch: 7, Base: 36, Next: 41}, heard(7, 30), 5},
		"one that is further by now":              {wire.State{Epoch: 7, Base: 1, Next: 41}, heard(7, 60), 0},
		"one that claims to hold all there is":    {wire.State{Epoch: 7, Base: 0, Next: math.MaxInt64}, nil, math.MaxInt64 - 1},
		"one that claims to begin after its end":  {wire.State{Epoch: 7, Base: math.MaxInt64, Next: 1}, nil, 0},
		"one that has not even a number to begin": {wire.State{Epoch: 7}, nil, 0},
	} {
		w := spools.Word{State: c.state, Told: noon}
		if n, ok := w.Waiting(c.progress); n != c.want || !ok {
			t.Errorf("%s: %d, %v, want %d", name, n, ok, c.want)
		}
	}
	if _, ok := new(spools.Word).Waiting(nil); ok {
		t.Error("it is known of one that has said nothing")
	}
}

func TestWhatCannotBeUsedChangesNothingAndIsSaidOnce(t *testing.T) {
	var b spools.Board
	ours := wire.Topic("story", "gw-b1", wire.SpoolLeaf)
	good := spool(t, wire.Spool{Gateway: "gw-b1", Used: 1, Limit: 2})
	if _, err := b.Hear(estate, noon, ours, good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		topic   string
		payload []byte
		says    string
	}{
		"noise":                    {ours, []byte("60 %"), "byte 0"},
		"nothing":                  {ours, nil, "ends where"},
		"another gateway's":        {ours, spool(t, wire.Spool{Gateway: "gw-b2"}), "of gateway gw-b2"},
		"a state on this topic":    {ours, state(t, wire.State{Gateway: "gw-b1"}), "where kind 6 is expected"},
		"an acknowledgement":       {wire.Topic("story", "gw-b1", wire.AckLeaf), good, "tells nothing"},
		"of a gateway of nobody's": {wire.Topic("story", "gw-b9", wire.SpoolLeaf), good, "has none of that name"},
		"of another estate":        {wire.Topic("other", "gw-b1", wire.SpoolLeaf), good, "has none of that name"},
		"on no topic of ours":      {"weather", good, "is not plantroom"},
	} {
		if _, err := b.Hear(estate, noon+1, c.topic, c.payload); err == nil || !strings.Contains(plantroom.MessageOf(err), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if w := b.Of("gw-b1"); w.Full != noon || w.Spool.Used != 1 {
		t.Errorf("it changed to %+v", w)
	}
	if w := b.Of("gw-b9"); w != (spools.Word{}) {
		t.Errorf("of a gateway of nobody's: %+v", w)
	}
	var c spools.Board
	for n, want := range []bool{false, true, true} {
		if again, err := c.Hear(estate, noon, ours, []byte("x")); err == nil || again != want {
			t.Errorf("time %d: again %v, %v", n, again, err)
		}
	}
	if _, err := c.Hear(estate, noon, ours, good); err != nil {
		t.Fatal(err)
	}
	if again, _ := c.Hear(estate, noon, ours, []byte("x")); again {
		t.Error("what is wrong after all was well is new")
	}
}
