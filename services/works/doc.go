// Package works looks after planned works: they are declared in the estate's
// file or over the API, residents concerned are told beforehand by the estate's
// rules, those who have registered needs are listed to be called one by one, and
// works that are not done by their end call the managers.
//
// Every decision is a function of the stored works, the estate and the present
// instant; the Office is the thin shell that loads, decides and writes in the
// caller's transaction, with ledger rows and calls. What becomes of the orders on
// the assets is services/dispatch's business, which marks them and holds back no
// more than calls.
//
// The package deliberately hides nothing: it suppresses no incident and stops no
// clock. It sends nothing itself, and puts no resident's name or need into the
// ledger.
package works

import (
	"slices"
	"time"

	"plantroom"
)

// Limits of one declaration.
const (
	MaxAssets  = 64
	MaxFloors  = 200
	MaxText    = plantroom.MaxWorksText // also of a reason
	MaxLength  = plantroom.MaxWorksLength
	remindEach = 4 * time.Hour // the managers, while works overrun: the product's own choice
)

// Orders is what has to be done about orders when works end; dispatch.Desk is one.
type Orders interface {
	// WorksOver has the calls made about orders that were held back.
	WorksOver(plantroom.Tx, plantroom.Instant, plantroom.WorksID) error
}

// Office knows the estate, and is safe for concurrent use; of two transactions
// that change the same works the store lets one win.
type Office struct {
	estate plantroom.Estate
	zone   *time.Location
	orders Orders
}

// New makes an Office. It fails with CodeInvalid for a time zone that is not known.
func New(e plantroom.Estate, orders Orders) (*Office, error) {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "open the office of planned works: estate zone %s is not known", e.Zone)
	}
	return &Office{estate: e, zone: zone, orders: orders}, nil
}

// check says what is wrong with a declaration: the first fault.
func (o *Office) check(w *plantroom.Works, now plantroom.Instant) error {
	if faults := Faults(&o.estate, w, now); len(faults) > 0 {
		return faults[0].Err
	}
	return nil
}

func (o *Office) firm(id plantroom.ContractorID) *plantroom.Contractor {
	if i := slices.IndexFunc(o.estate.Contractors, func(c plantroom.Contractor) bool { return c.ID == id }); i >= 0 {
		return &o.estate.Contractors[i]
	}
	return nil
}

// residents lists those who are concerned, each with the zone where they live.
func (o *Office) residents(w *plantroom.Works) (people []plantroom.Person, homes []plantroom.Zone) {
	buildings := map[plantroom.BuildingID]bool{}
	for _, a := range o.estate.Assets {
		if slices.Contains(w.Assets, a.ID) {
			buildings[a.Building] = true
		}
	}
	zones := map[plantroom.ZoneID]plantroom.Zone{}
	for _, z := range o.estate.Zones {
		zones[z.ID] = z
	}
	for _, p := range o.estate.People {
		home, known := zones[p.Zone]
		if p.Role == "resident" && known && buildings[home.Building] && (len(w.Floors) == 0 || slices.Contains(w.Floors, home.Floor)) {
			people, homes = append(people, p), append(homes, home)
		}
	}
	return people, homes
}

// register brings the list of those with registered needs up to date, and keeps
// who has been reached.
func (o *Office) register(w *plantroom.Works) {
	people, homes := o.residents(w)
	var needs []plantroom.Need
	for i, p := range people {
		if len(p.Needs) == 0 {
			continue
		}
		n := plantroom.Need{Person: p.ID, Zone: homes[i].ID, Floor: homes[i].Floor, Needs: p.Needs}
		if j := slices.IndexFunc(w.Needs, func(old plantroom.Need) bool { return old.Person == p.ID }); j >= 0 {
			n.Reached, n.By = w.Needs[j].Reached, w.Needs[j].By
		}
		needs = append(needs, n)
	}
	w.Needs = needs
}

// unreached counts those with needs to whom nobody has talked.
func unreached(w *plantroom.Works) (n int) {
	for i := range w.Needs {
		if w.Needs[i].Reached.IsZero() {
			n++
		}
	}
	return n
}
