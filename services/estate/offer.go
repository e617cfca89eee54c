package estate

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"plantroom"
)

// offerParts are the keys of an estate file that an offer may have.
var offerParts = []string{"people", "contractors", "contracts", "calendars", "ladders"}

// OfferSchema is the JSON Schema of an offer: contracts as an estate file has
// them, with what they need and the estate lacks.
var OfferSchema = sync.OnceValue(func() []byte {
	var schema map[string]any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		panic("the schema of estate files is no JSON: " + err.Error()) // a fault of the program itself
	}
	all, _ := schema["properties"].(map[string]any)
	kept := map[string]any{}
	for _, key := range offerParts {
		kept[key] = all[key]
	}
	schema["title"], schema["description"] = "Plantroom offer", "contracts that an estate does not have, for plantroom whatif"
	schema["properties"], schema["required"] = kept, []string{"contracts"}
	b, err := json.Marshal(schema)
	if err != nil {
		panic(err)
	}
	return b
})

// LoadOffer reads and checks the offer at path; see ParseOffer.
func LoadOffer(path string, known Known, base plantroom.Estate) (plantroom.Estate, []plantroom.ContractID, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return plantroom.Estate{}, nil, fmt.Errorf("read the offer: %w", err)
	}
	return ParseOffer(path, src, known, base)
}

// ParseOffer checks an offer and returns the estate with what it adds, and the ids
// of its contracts. It may name whatever the estate has, and name nothing anew that
// the estate has already. The error is a yamldoc.Faults with all that is wrong.
func ParseOffer(name string, src []byte, known Known, base plantroom.Estate) (plantroom.Estate, []plantroom.ContractID, error) {
	doc, f, err := decode(name, src, OfferSchema())
	if err != nil {
		return plantroom.Estate{}, nil, err
	}
	zone, err := time.LoadLocation(base.Zone)
	if err != nil {
		return plantroom.Estate{}, nil, err
	}
	e := base
	e.People, e.Contractors, e.Contracts = slices.Clone(base.People), slices.Clone(base.Contractors), slices.Clone(base.Contracts)
	e.Calendars, e.Ladders = slices.Clone(base.Calendars), slices.Clone(base.Ladders)
	c := checker{doc: doc, known: known, given: given(&base), faults: doc.Faults()}
	c.people(&e, f, zone)
	c.calendars(&e, f)
	c.contracts(&e, f, zone)
	people := define(&c, "people", "person", f.People, func(p person) string { return string(p.ID) })
	contractors := define(&c, "contractors", "contractor", f.Contractors, func(k contractor) string { return string(k.ID) })
	define(&c, "contracts", "contract", f.Contracts, func(k contract) string { return string(k.ID) })
	ladders := define(&c, "ladders", "ladder", f.Ladders, func(l ladder) string { return string(l.ID) })
	c.contractorRefs(f, people)
	c.addressRefs(f)
	c.contractRefs(f, c.given["buildings"], contractors, ladders)
	c.calendarRefs(f)
	c.ladderRefs(&e, f, ladders, people, contractors)
	c.crews(f)
	ids := make([]plantroom.ContractID, len(f.Contracts))
	for i, k := range f.Contracts {
		if ids[i] = k.ID; !k.OnSite && k.Travel <= 0 {
			c.fault(fmt.Sprintf("/contracts/%d", i), "nothing says how long it takes to come: somebody would be there at once", "add travel, as in travel: 40m, or on_site: true")
		}
	}
	return e, ids, c.err()
}

// given lists the names that an estate has.
func given(e *plantroom.Estate) map[string]names {
	return map[string]names{
		"buildings":   namesOf(e.Buildings, func(b plantroom.Building) string { return string(b.ID) }),
		"people":      namesOf(e.People, func(p plantroom.Person) string { return string(p.ID) }),
		"contractors": namesOf(e.Contractors, func(k plantroom.Contractor) string { return string(k.ID) }),
		"contracts":   namesOf(e.Contracts, func(k plantroom.Contract) string { return string(k.ID) }),
		"ladders":     namesOf(e.Ladders, func(l plantroom.Ladder) string { return string(l.ID) }),
		"calendars":   namesOf(e.Calendars, func(k plantroom.Calendar) string { return string(k.ID) }),
	}
}

func namesOf[T any](items []T, id func(T) string) names {
	n := names{has: make(map[string]bool, len(items))}
	for _, it := range items {
		n.has[id(it)] = true
	}
	return n
}
