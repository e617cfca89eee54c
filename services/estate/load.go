// Package estate reads an estate file, one YAML document with a JSON Schema,
// into a plantroom.Estate, and names every fault in it by line and column.
//
// It deliberately knows neither the domains nor the profiles itself: the
// caller hands them in, so that a new domain needs no change here.
package estate

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// Schema is the JSON Schema of an estate file.
//
//go:embed estate.schema.json
var Schema []byte

// The most that an estate has. An entry of a file may stand for many: the product's
// own numbers, far above any estate.
const (
	maxZones   = 50_000
	maxAssets  = 200_000
	maxDevices = 400_000
)

// maxFaults is how many faults are told at once: from there on the work of finding
// more would serve nobody.
const maxFaults = 500

// Known is what an estate file may refer to.
type Known struct {
	Domains  []plantroom.Domain
	Profiles []string  // ids of the jurisdiction profiles that are built in
	Channels []Channel // on which calls go out; nil: addresses are not looked at
	// Profile reads a profile of the estate's own; nil: it cannot bring one.
	Profile func(path string) (plantroom.Profile, error)
	// Playbook reads a playbook of the estate's own; nil: it cannot bring one.
	Playbook func(path string) (plantroom.Playbook, error)
	// CasePlaybook reads one for residents' cases; nil: it cannot bring one.
	CasePlaybook func(path string) (plantroom.CasePlaybook, error)
}

// Channel is a way on which calls go out.
type Channel struct {
	Name  string
	Check func(to string) error // says what is wrong with an address, and how it is written
}

// Load reads and checks the file at path.
func Load(path string, known Known) (plantroom.Estate, error) {
	f, err := Read(path, known)
	if err != nil {
		return plantroom.Estate{}, err
	}
	return f.Estate, nil
}

// Parse checks src and makes an Estate of it. The error is a yamldoc.Faults
// with all that is wrong.
func Parse(name string, src []byte, known Known) (plantroom.Estate, error) {
	f, err := read(name, src, known)
	if err != nil {
		return plantroom.Estate{}, err
	}
	return f.Estate, nil
}

func read(name string, src []byte, known Known) (*File, error) {
	doc, f, err := decode(name, src, Schema)
	if err != nil {
		return nil, err
	}
	c := checker{doc: doc, known: known, faults: doc.Faults()}
	e := c.build(f)
	if err := c.err(); err != nil {
		return nil, err
	}
	return &File{Estate: e, doc: doc}, nil
}

// decode takes what is sound out of a file; what is not is among the faults of the
// Doc. The error is for a file of which nothing can be said but what is wrong with
// its form.
func decode(name string, src, schema []byte) (*yamldoc.Doc, file, error) {
	var f file
	doc, err := yamldoc.Parse(name, src, schema)
	if doc == nil {
		return nil, f, err
	}
	if err := doc.Decode(&f); err != nil && !errors.As(err, new(yamldoc.Faults)) {
		return nil, f, err
	}
	if faults := doc.Faults(); len(faults) >= maxFaults {
		return nil, f, faults[:maxFaults]
	}
	return doc, f, nil
}

// err is all that is wrong, that in other files last.
func (c *checker) err() error {
	_ = c.faults.Err() // puts them in the order of the file
	if faults := append(c.faults, c.elsewhere...); len(faults) > 0 {
		return faults
	}
	return nil
}

func (c *checker) build(f file) plantroom.Estate {
	loc, err := time.LoadLocation(f.TimeZone)
	if err != nil || f.TimeZone == "" || f.TimeZone == "Local" {
		c.fault("/time_zone", fmt.Sprintf("%q is not a time zone", f.TimeZone), "use an IANA name, as in Asia/Shanghai")
		loc = time.UTC
	}
	e := plantroom.Estate{ID: f.Estate, Name: plantroom.Text(f.Name), Zone: f.TimeZone, Profile: f.Profile, Currency: f.Currency, Lang: cmp.Or(f.Lang, "en")}
	c.profile(&e)
	c.playbooks(&e, f)
	c.caseBooks(&e, f)
	c.places(&e, f)
	c.assets(&e, f)
	c.people(&e, f, loc)
	c.calendars(&e, f)
	c.tests(&e, f)
	c.contracts(&e, f, loc)
	c.works(&e, f, loc)
	c.references(&e, f)
	return e
}

func (c *checker) places(e *plantroom.Estate, f file) {
	for i, b := range f.Buildings {
		e.Buildings = append(e.Buildings, plantroom.Building{ID: b.ID, Name: named(b.Name, string(b.ID)), Floors: b.Floors, Position: b.Where})
		if b.Flats == nil {
			continue
		}
		if !c.doc.Sound(fmt.Sprintf("/buildings/%d", i)) {
			continue
		}
		if b.Flats.From > b.Flats.To || b.Flats.To > b.Floors {
			c.fault(fmt.Sprintf("/buildings/%d/flats", i), fmt.Sprintf("flats from floor %d to %d in a building of %d floors", b.Flats.From, b.Flats.To, b.Floors),
				"use from ≤ to ≤ floors")
			continue
		}
		if n := len(e.Zones) + (b.Flats.To-b.Flats.From+1)*len(b.Flats.Risers); n > maxZones {
			c.fault(fmt.Sprintf("/buildings/%d/flats", i), fmt.Sprintf("with these flats the estate has %d zones", n), fmt.Sprintf("keep it below %d", maxZones))
			return
		}
		for fl := b.Flats.From; fl <= b.Flats.To; fl++ {
			for _, r := range b.Flats.Risers {
				id := plantroom.ZoneID(fmt.Sprintf("%s-%02d%s", b.ID, fl, r))
				e.Zones = append(e.Zones, plantroom.Zone{ID: id, Building: b.ID, Kind: "flat", Floor: fl, Riser: r,
					Name: plantroom.Text{En: fmt.Sprintf("Flat %d%s", fl, upper(r)), Zh: fmt.Sprintf("%d%s室", fl, upper(r))}})
			}
		}
	}
	for _, z := range f.Zones {
		e.Zones = append(e.Zones, plantroom.Zone{ID: z.ID, Building: z.Building, Kind: z.Kind, Floor: z.Floor, Riser: z.Riser,
			Name: named(z.Name, string(z.ID))})
	}
	for _, g := range f.Gateways {
		e.Gateways = append(e.Gateways, plantroom.Gateway{ID: g.ID, Zone: g.Zone, Name: named(g.Name, string(g.ID))})
	}
}

func (c *checker) people(e *plantroom.Estate, f file, loc *time.Location) {
	for _, p := range f.People {
		out := plantroom.Person{ID: p.ID, Name: p.Name, Role: p.Role, Lang: cmp.Or(p.Lang, e.Lang), Zone: p.Zone, Needs: p.Needs, Channels: addresses(p.Channels)}
		if p.Quiet != nil {
			out.Quiet = plantroom.Quiet{Hours: hoursOf(p.Quiet.Hours), Below: p.Quiet.Below}
			if out.Quiet.Below == plantroom.NoSeverity {
				out.Quiet.Below = plantroom.High
			}
		}
		e.People = append(e.People, out)
	}
	for i, k := range f.Contractors {
		out := plantroom.Contractor{ID: k.ID, Name: named(k.Name, string(k.ID)), Technicians: k.Technicians, Channels: addresses(k.Channels), Lang: cmp.Or(k.Lang, e.Lang)}
		c.duty(fmt.Sprintf("/contractors/%d", i), &out, k, loc)
		e.Contractors = append(e.Contractors, out)
	}
	c.ladders(e, f)
}

func (c *checker) contracts(e *plantroom.Estate, f file, loc *time.Location) {
	for i, k := range f.Contracts {
		at := fmt.Sprintf("/contracts/%d", i)
		out := plantroom.Contract{ID: k.ID, Contractor: k.Contractor, Title: named(k.Title, string(k.ID)),
			Domains: k.Domains, Buildings: k.Buildings, OnSite: k.OnSite, Travel: k.Travel, Clean: k.CleanCycles,
			Reopen: k.Reopen, Anew: k.ReopenClock == "anew", Ladder: k.Ladder,
			From: c.day(at+"/from", k.From, loc), To: c.day(at+"/to", k.To, loc)}
		if !out.To.IsZero() && out.To <= out.From {
			c.fault(at+"/to", "the contract ends before it begins", "use a day after "+k.From)
		}
		if k.ReopenClock != "" && k.Reopen <= 0 {
			c.fault(at+"/reopen_clock", "says what a repeat does to the window, and no repeat continues an order of the contract", "say within which time one does, as in reopen: 4h")
		}
		for _, w := range k.Windows {
			if w.Severity == plantroom.NoSeverity {
				w.Severity = plantroom.Low
			}
			if w.From == "" {
				w.From = plantroom.FromRaised
			}
			if stops := w.Clock.Stops(); w.Until == "" && len(stops) > 0 {
				w.Until = stops[0]
			}
			out.Windows = append(out.Windows, plantroom.Window{Clock: w.Clock, Severity: w.Severity, Length: w.Length, Calendar: w.Calendar, From: w.From, Until: w.Until, Source: w.Source})
		}
		for _, p := range k.Pauses {
			out.Pauses = append(out.Pauses, plantroom.PauseTerm{Code: p.Code, Title: named(p.Title, p.Code), Clocks: p.Clocks,
				Proof: p.Proof, Second: p.Second, Longest: p.Longest, Source: p.Source})
		}
		if c.doc.Sound(at) {
			c.money(at, &out, k)
			c.twice(at, &out, c.settled)
			c.settled = append(c.settled, out)
		}
		e.Contracts = append(e.Contracts, out)
	}
}
