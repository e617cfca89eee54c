package plantroom_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"plantroom"
)

// Two servers, or a replay, name one episode alike, today and after any
// upgrade: ids are stored, so this value may never change.
func TestAnEpisodeHasOneID(t *testing.T) {
	const want = plantroom.IncidentID("inc-6jl77azthtyj2zti")
	for range 3 {
		if got := plantroom.NewIncidentID("lift.fault", "b1-l1", eight); got != want {
			t.Fatalf("the id is %s, and was %s", got, want)
		}
	}
}

func TestAnotherRuleAssetOrEpisodeIsAnotherIncident(t *testing.T) {
	type key struct {
		rule    plantroom.RuleID
		asset   plantroom.AssetID
		episode plantroom.Instant
	}
	draw := rapid.Custom(func(t *rapid.T) key {
		id := rapid.StringMatching(`[a-b][a-b.-]{0,2}`) // few, so that neighbours meet
		return key{plantroom.RuleID(id.Draw(t, "rule")), plantroom.AssetID(id.Draw(t, "asset")), plantroom.Instant(rapid.Int64Range(-12, 12).Draw(t, "episode"))}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw.Draw(t, "a"), draw.Draw(t, "b")
		x, y := plantroom.NewIncidentID(a.rule, a.asset, a.episode), plantroom.NewIncidentID(b.rule, b.asset, b.episode)
		if (x == y) != (a == b) {
			t.Fatalf("%v is %s, %v is %s", a, x, b, y)
		}
	})
}

func TestAnIncidentIDIsAnID(t *testing.T) {
	id := plantroom.NewIncidentID("bin.fast_fill", "b1-bin-1", eight.Add(time.Nanosecond))
	if err := plantroom.ValidID(string(id)); err != nil {
		t.Error(err)
	}
}
