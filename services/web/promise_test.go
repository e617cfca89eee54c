package web

import (
	"testing"

	"plantroom"
)

func TestAWindowOfTheLawSaysHowWellItsTextIsKnown(t *testing.T) {
	say := words{lang: "en"}
	law := plantroom.Clock{Kind: plantroom.Restore, From: plantroom.FromOccurred, Until: plantroom.UntilProved, Profile: "uk-high-rise", Sure: plantroom.SureSecondary}
	if v := say.clock(law); v.Sure != "second-hand, the text was not read" || v.Runs != "from its occurrence until the sensor has proved the repair" {
		t.Errorf("%+v", v)
	}
	old := plantroom.Clock{Kind: plantroom.Restore, From: plantroom.FromRaised} // of before there was the field
	if v := say.clock(old); v.Sure != "" || v.Runs != "from the raising of the order until the sensor has proved the repair" {
		t.Errorf("%+v", v)
	}
}
