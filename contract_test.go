package plantroom_test

import (
	"testing"
	"time"

	"plantroom"
)

func TestAContractCoversWhatItSaysWhileItIsInForce(t *testing.T) {
	lift := plantroom.Asset{ID: "b1-l1", Domain: "lifts", Building: "b1"}
	year := plantroom.Contract{Domains: []plantroom.DomainName{"lifts", "devices"}, From: eight, To: eight.Add(365 * 24 * time.Hour)}
	open, block2 := year, year
	open.To = 0
	block2.Buildings = []plantroom.BuildingID{"b2", "b3"}
	for name, c := range map[string]struct {
		contract plantroom.Contract
		asset    plantroom.Asset
		at       plantroom.Instant
		want     bool
	}{
		"in force":                     {year, lift, eight.Add(time.Hour), true},
		"its first moment":             {year, lift, eight, true},
		"the moment before":            {year, lift, eight - 1, false},
		"its last moment":              {year, lift, year.To - 1, true},
		"the moment it ends":           {year, lift, year.To, false},
		"without an end":               {open, lift, eight.Add(50 * 365 * 24 * time.Hour), true},
		"without an end, too early":    {open, lift, eight - 1, false},
		"another domain":               {year, plantroom.Asset{Domain: "waste", Building: "b1"}, eight, false},
		"its second domain":            {year, plantroom.Asset{Domain: "devices", Building: "b1"}, eight, true},
		"a building it does not name":  {block2, lift, eight, false},
		"a building that it names":     {block2, plantroom.Asset{Domain: "lifts", Building: "b3"}, eight, true},
		"an asset without a building":  {block2, plantroom.Asset{Domain: "lifts"}, eight, false},
		"all buildings, asset in none": {year, plantroom.Asset{Domain: "lifts"}, eight, true},
		"a contract that covers none":  {plantroom.Contract{From: eight}, lift, eight, false},
	} {
		if got := c.contract.Covers(c.asset, c.at); got != c.want {
			t.Errorf("%s: covers %v", name, got)
		}
	}
}
