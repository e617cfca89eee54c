package estate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// checker gathers what a schema cannot express: unique names, references that
// lead somewhere, numbers that the domains accept.
type checker struct {
	doc     *yamldoc.Doc
	known   Known
	faults  yamldoc.Faults               // also what the schema has found
	at      map[plantroom.AssetID]string // where each asset stands in the file
	devices []string                     // where each device stands, in order
	crowded bool                         // there are more of them than an estate has
	given   map[string]names             // by list: what the estate has that an offer adds to

	elsewhere yamldoc.Faults       // in the files that this one names
	settled   []plantroom.Contract // those without a fault of form
}

// fault notes what is wrong with a value that is readable: of what has faults
// already it is not said what is wrong because of them.
func (c *checker) fault(path, problem, remedy string) {
	if len(c.faults) < maxFaults && c.doc.Sound(path) {
		c.faults = append(c.faults, c.doc.Fault(path, problem, remedy))
	}
}

func (c *checker) place(id plantroom.AssetID, path string) {
	if c.at == nil {
		c.at = map[plantroom.AssetID]string{}
	}
	if first, twice := c.at[id]; twice {
		c.fault(path+"/id", fmt.Sprintf("the asset %q exists already", id), fmt.Sprintf("it stands on line %d too; choose another id", c.doc.Line(first)))
		return
	}
	c.at[id] = path
}

func (c *checker) day(path, s string, loc *time.Location) plantroom.Instant {
	if s == "" {
		return 0
	}
	t, err := time.ParseInLocation("2006-01-02", s, loc)
	if err != nil {
		c.fault(path, fmt.Sprintf("%q is not a day of the calendar", s), "write it as 2026-01-31")
		return 0
	}
	return c.within(path, s, t)
}

// within gives the instant of a time. One beyond what an Instant holds would be
// another time altogether.
func (c *checker) within(path, s string, t time.Time) plantroom.Instant {
	if y := t.Year(); y < 1970 || y > 2199 {
		c.fault(path, fmt.Sprintf("%q is out of range", s), "use the years 1970 to 2199, or leave the key out where there is no end")
		return 0
	}
	return plantroom.At(t)
}

func (c *checker) references(e *plantroom.Estate, f file) {
	buildings := define(c, "buildings", "building", f.Buildings, func(b building) string { return string(b.ID) })
	define(c, "zones", "zone", f.Zones, func(z zone) string { return string(z.ID) })
	gateways := define(c, "gateways", "gateway", f.Gateways, func(g gateway) string { return string(g.ID) })
	people := define(c, "people", "person", f.People, func(p person) string { return string(p.ID) })
	contractors := define(c, "contractors", "contractor", f.Contractors, func(k contractor) string { return string(k.ID) })
	define(c, "contracts", "contract", f.Contracts, func(k contract) string { return string(k.ID) })
	ladders := define(c, "ladders", "ladder", f.Ladders, func(l ladder) string { return string(l.ID) })
	zones := names{has: make(map[string]bool, len(e.Zones)), open: !c.zonesWhole()}
	for _, z := range e.Zones {
		zones.has[string(z.ID)] = true
	}
	for i, z := range f.Zones {
		c.refer(buildings, fmt.Sprintf("/zones/%d/building", i), "building", string(z.Building))
	}
	for i, g := range f.Gateways {
		c.refer(zones, fmt.Sprintf("/gateways/%d/zone", i), "zone", string(g.Zone))
	}
	for i, a := range f.Assets {
		c.assetRefs(fmt.Sprintf("/assets/%d", i), a, buildings, zones)
	}
	c.deviceRefs(e, gateways)
	c.contractorRefs(f, people)
	c.addressRefs(f)
	c.contractRefs(f, buildings, contractors, ladders)
	calendars := c.calendarRefs(f)
	c.lawCalendars(e, calendars)
	c.refer(calendars, "/case_hours", "calendar", string(f.CaseHours))
	c.worksRefs(e, f, contractors, zones)
	c.ladderRefs(e, f, ladders, people, contractors)
	c.crews(f)
	c.someoneHears(e, f)
}

// zonesWhole reports whether all zones of the file are known.
func (c *checker) zonesWhole() bool { return c.doc.Sound("/buildings") && c.doc.Sound("/zones") }

func (c *checker) assetRefs(at string, a asset, buildings, zones names) {
	c.refer(buildings, at+"/building", "building", string(a.Building))
	c.refer(zones, at+"/zone", "zone", string(a.Zone))
	if (a.Each == nil || len(a.Each.Numbers) > 0) && a.Building == "" && a.Zone == "" {
		c.fault(at, "the asset is nowhere", "add building: or zone:")
	}
	i := slices.IndexFunc(c.known.Domains, func(d plantroom.Domain) bool { return d.Name == a.Domain })
	if i < 0 {
		c.fault(at+"/domain", fmt.Sprintf("there is no domain %q", a.Domain), "use one of "+strings.Join(c.domainNames(), ", "))
		return
	}
	d := c.known.Domains[i]
	if slices.ContainsFunc(d.Rules, func(r plantroom.Rule) bool { return r.New == nil }) {
		c.fault(at+"/domain", fmt.Sprintf("no asset is of the domain %s: it is about the assets of others", d.Name), "use the domain of what is watched; contracts name "+string(d.Name)+" to cover it")
		return
	}
	if !slices.Contains(d.Kinds, a.Kind) {
		c.fault(at+"/kind", fmt.Sprintf("the domain %s has no kind %q", d.Name, a.Kind), "use one of "+strings.Join(d.Kinds, ", "))
	}
	for name, v := range a.Params {
		j := slices.IndexFunc(d.Params, func(s plantroom.Signal) bool { return s.Name == name })
		if j < 0 {
			var have []string
			for _, p := range d.Params {
				have = append(have, p.Name)
			}
			c.fault(at+"/params/"+name, fmt.Sprintf("%s know no parameter %q", d.Name, name), "use one of "+strings.Join(have, ", "))
		} else if err := d.Params[j].Check(plantroom.Float(v)); err != nil {
			c.fault(at+"/params/"+name, err.Error(), d.Params[j].Doc)
		}
	}
}

func (c *checker) domainNames() []string {
	var out []string
	for _, d := range c.known.Domains {
		out = append(out, string(d.Name))
	}
	return out
}

func (c *checker) deviceRefs(e *plantroom.Estate, gateways names) {
	seen := make(map[plantroom.DeviceID]bool, len(e.Devices))
	for i, d := range e.Devices {
		c.refer(gateways, c.devices[i]+"/gateway", "gateway", string(d.Gateway))
		if seen[d.ID] {
			c.fault(c.devices[i]+"/id", fmt.Sprintf("the device %q exists already", d.ID), "choose another id")
		}
		seen[d.ID] = true
	}
}

func (c *checker) contractRefs(f file, buildings, contractors, ladders names) {
	for i, k := range f.Contracts {
		at := fmt.Sprintf("/contracts/%d", i)
		c.refer(contractors, at+"/contractor", "contractor", string(k.Contractor))
		c.refer(ladders, at+"/ladder", "ladder", string(k.Ladder))
		for j, b := range k.Buildings {
			c.refer(buildings, fmt.Sprintf("%s/buildings/%d", at, j), "building", string(b))
		}
		for j, d := range k.Domains {
			if !slices.Contains(c.domainNames(), string(d)) {
				c.fault(fmt.Sprintf("%s/domains/%d", at, j), fmt.Sprintf("there is no domain %q", d), "use one of "+strings.Join(c.domainNames(), ", "))
			}
		}
	}
}
