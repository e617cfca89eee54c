package estate_test

import (
	"strings"
	"testing"
	"time"

	"plantroom/services/estate"
)

// withWorks is a small estate with planned works.
const withWorks = `estate: small
name: Small Court
time_zone: Europe/Berlin
profile: plain
currency: EUR
buildings: [{id: b1, name: Block 1, floors: 3, flats: {from: 1, to: 3, risers: [a]}}]
gateways: [{id: gw, zone: b1-01a, name: Gateway}]
assets: [{id: l1, domain: lifts, kind: passenger, building: b1, name: Lift}]
people:
  - {id: chen, name: Chen, role: resident, zone: b1-02a, needs: [wheelchair]}
  - {id: lin, name: Lin, role: manager, channels: [{channel: mqtt, to: lin}]}
contractors: [{id: quick, name: Quick, channels: [{channel: mqtt, to: quick}]}]
works_notice: [72h, 24h]
works:
  - {id: overhaul, title: {en: Overhaul, zh: 大修}, assets: [l1], floors: [2], contractor: quick, from: "2027-03-02 08:00", to: "2027-03-02 12:00", hold: managers}
`

func TestPlannedWorksAreReadOnTheClocksOfTheEstate(t *testing.T) {
	e, err := estate.Parse("e.yaml", []byte(withWorks), known)
	if err != nil {
		t.Fatal(err)
	}
	if w := e.Works[0]; w.From.Time().UTC() != time.Date(2027, 3, 2, 7, 0, 0, 0, time.UTC) || w.Hold != "managers" || !w.InFile || w.Floors[0] != 2 || w.Title.Zh != "大修" {
		t.Errorf("%+v", w)
	}
	if p := e.People[0]; p.Zone != "b1-02a" || p.Needs[0] != "wheelchair" || len(e.WorksNotice) != 2 {
		t.Errorf("%+v, notices %v", p, e.WorksNotice)
	}
}

func TestWhatIsWrongWithPlannedWorksIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ old, with, says string }{
		"an unknown asset":         {"assets: [l1], floors", "assets: [l9], floors", `there is no asset "l9"`},
		"an unknown contractor":    {"contractor: quick,", "contractor: quik,", `there is no contractor "quik"`},
		"an end before it":         {`to: "2027-03-02 12:00"`, `to: "2027-03-02 08:00"`, "end before they begin"},
		"more than sixty days":     {`to: "2027-03-02 12:00"`, `to: "2027-05-02 12:00"`, "last longer than 60 days"},
		"the name of an order":     {"id: overhaul", "id: wo-000001", "is the name of something else"},
		"no title":                 {"{en: Overhaul, zh: 大修}", `{en: " "}`, "have no title"},
		"a text that nobody reads": {"floors: [2]", "text: " + strings.Repeat("a", 4001), "more than 4000 bytes"},
		"a day that is none":       {`"2027-03-02 08:00"`, `"2027-02-30 08:00"`, "is not a time"},
		"a hold that is none":      {"hold: managers", "hold: life", "is not permitted"},
		"notices the wrong way":    {"[72h, 24h]", "[24h, 72h]", "put the longest first"},
		"a flat that is not there": {"zone: b1-02a", "zone: b1-09z", `there is no zone "b1-09z"`},
		"needs without a flat":     {"zone: b1-02a, ", "", "needs without a resident's flat"},
	} {
		_, err := estate.Parse("e.yaml", []byte(strings.Replace(withWorks, c.old, c.with, 1)), known)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
