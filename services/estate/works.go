package estate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// works reads the planned works, on the clocks of the estate.
func (c *checker) works(e *plantroom.Estate, f file, loc *time.Location) {
	e.WorksNotice = f.WorksNotice
	if !slices.IsSortedFunc(f.WorksNotice, func(a, b plantroom.Duration) int { return int(b - a) }) {
		c.fault("/works_notice", "the notices are not in their order", "put the longest first")
	}
	for i, w := range f.Works {
		at := fmt.Sprintf("/works/%d", i)
		out := plantroom.Works{ID: w.ID, Title: plantroom.Text(w.Title), Text: plantroom.Text(w.Text), Assets: w.Assets, Floors: w.Floors,
			Contractor: w.Contractor, From: c.moment(at+"/from", w.From, loc), To: c.moment(at+"/to", w.To, loc), Hold: w.Hold, InFile: true}
		if out.From != 0 && out.To != 0 && out.To <= out.From {
			c.fault(at+"/to", "the works end before they begin", "use a time after "+w.From)
		}
		c.worksBounds(at, &out)
		e.Works = append(e.Works, out)
	}
}

// worksBounds checks what the server would not take over when it starts.
func (c *checker) worksBounds(at string, w *plantroom.Works) {
	if w.From != 0 && w.To.Sub(w.From) > plantroom.MaxWorksLength {
		c.fault(at+"/to", fmt.Sprintf("the works last longer than %d days", int(plantroom.MaxWorksLength/(24*time.Hour))), "declare parts of them, one after the other")
	}
	if w.ID.Reserved() {
		c.fault(at+"/id", fmt.Sprintf("%q is the name of something else, as of an order", w.ID), "choose another id")
	}
	if strings.TrimSpace(w.Title.En) == "" {
		c.fault(at+"/title", "the works have no title", "say in a few words what is done")
	}
	for _, t := range []struct {
		below string
		text  plantroom.Text
	}{{"/title", w.Title}, {"/text", w.Text}} {
		if len(t.text.En)+len(t.text.Zh) > plantroom.MaxWorksText {
			c.fault(at+t.below, fmt.Sprintf("it has more than %d bytes", plantroom.MaxWorksText), "say it in fewer words")
		}
	}
}

func (c *checker) moment(path, s string, loc *time.Location) plantroom.Instant {
	t, err := time.ParseInLocation("2006-01-02 15:04", strings.Replace(s, "T", " ", 1), loc)
	if err != nil {
		c.fault(path, fmt.Sprintf("%q is not a time", s), "write it as \"2026-01-31 08:00\"")
		return 0
	}
	return c.within(path, s, t)
}

// worksRefs checks what planned works and residents refer to.
func (c *checker) worksRefs(e *plantroom.Estate, f file, contractors, zones names) {
	define(c, "works", "works", f.Works, func(w planned) string { return string(w.ID) })
	assets := namesOf(e.Assets, func(a plantroom.Asset) string { return string(a.ID) })
	assets.open = !c.doc.Sound("/assets") || !c.zonesWhole()
	for i, w := range f.Works {
		at := fmt.Sprintf("/works/%d", i)
		c.refer(contractors, at+"/contractor", "contractor", string(w.Contractor))
		for j, id := range w.Assets {
			c.refer(assets, fmt.Sprintf("%s/assets/%d", at, j), "asset", string(id))
		}
	}
	for i, p := range f.People {
		c.refer(zones, fmt.Sprintf("/people/%d/zone", i), "zone", string(p.Zone))
		if len(p.Needs) > 0 && (p.Zone == "" || p.Role != "resident") {
			c.fault(fmt.Sprintf("/people/%d/needs", i), "needs without a resident's flat concern nobody", "add zone: and role: resident")
		}
	}
}
