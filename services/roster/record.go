package roster

import (
	"crypto/sha256"
	"encoding/json"
	"time"

	"plantroom"
)

// Published is the kind of the ledger's row that says which roster has come
// into force.
const Published = "roster.published"

// Subject is what the rows of a contractor's roster are filed under. No id of
// an order or incident holds a colon.
func Subject(c plantroom.ContractorID) string { return "roster:" + string(c) }

// record is the body of such a row. What is over is in the digest only, so
// that rows do not grow from year to year.
type record struct {
	Digest      plantroom.Hash       `json:"digest"` // of all that the estate's file says of it
	Technicians []plantroom.PersonID `json:"technicians"`
	Shifts      []recordedShift      `json:"shifts,omitempty"`
	Rotations   []recordedRotation   `json:"rotations,omitempty"`
	Swaps       []recordedSwap       `json:"swaps,omitempty"`
	Overrides   []recordedOverride   `json:"overrides,omitempty"`
}

type recordedShift struct {
	Days   []time.Weekday       `json:"days,omitempty"` // 0 is Sunday
	Start  plantroom.Duration   `json:"start"`
	End    plantroom.Duration   `json:"end"`
	People []plantroom.PersonID `json:"people"`
}

type recordedRotation struct {
	Name     string               `json:"name"`
	People   []plantroom.PersonID `json:"people"`
	From     string               `json:"from"`
	To       string               `json:"to,omitempty"`
	HandOver plantroom.Duration   `json:"hand_over"`
	Turn     plantroom.Duration   `json:"turn"`
	Days     []time.Weekday       `json:"days,omitempty"`
	Start    plantroom.Duration   `json:"start"`
	End      plantroom.Duration   `json:"end"`
}

type recordedSwap struct {
	Give   [2]recordedGiven   `json:"give"`
	Agreed string             `json:"agreed"`
	By     plantroom.PersonID `json:"by,omitempty"`
}

type recordedGiven struct {
	Person plantroom.PersonID `json:"person"`
	From   plantroom.Instant  `json:"from"`
	To     plantroom.Instant  `json:"to"`
}

type recordedOverride struct {
	From      plantroom.Instant    `json:"from"`
	To        plantroom.Instant    `json:"to"`
	People    []plantroom.PersonID `json:"people,omitempty"`
	InsteadOf []plantroom.PersonID `json:"instead_of,omitempty"`
	Reason    string               `json:"reason,omitempty"`
}

// Record returns the row that says which roster of a contractor is in force
// from now on; false where the newest of its rows says the same already.
func Record(c *plantroom.Contractor, before []plantroom.LedgerRow, now plantroom.Instant) (plantroom.LedgerRow, bool, error) {
	all, err := json.Marshal(recordOf(c, 0))
	if err != nil {
		return plantroom.LedgerRow{}, false, err
	}
	r := recordOf(c, now)
	r.Digest = sha256.Sum256(all)
	if n := len(before); n > 0 {
		var last record
		if json.Unmarshal(before[n-1].Body, &last) == nil && last.Digest == r.Digest {
			return plantroom.LedgerRow{}, false, nil
		}
	}
	body, err := json.Marshal(r)
	return plantroom.LedgerRow{At: now, Kind: Published, Subject: Subject(c.ID), Actor: "system", Body: body}, true, err
}

// recordOf leaves out what is over at an instant.
func recordOf(c *plantroom.Contractor, now plantroom.Instant) record {
	r := record{Technicians: c.Technicians}
	for _, s := range c.Roster {
		r.Shifts = append(r.Shifts, recordedShift(s))
	}
	for _, o := range c.Rotations {
		n := recordedRotation{Name: o.Name, People: o.People, From: o.From.String(), HandOver: o.HandOver, Turn: o.Turn, Days: o.Hours.Days, Start: o.Hours.Start, End: o.Hours.End}
		if o.To != 0 {
			n.To = o.To.String()
		}
		r.Rotations = append(r.Rotations, n)
	}
	for _, s := range c.Swaps {
		if max(s.Give[0].To, s.Give[1].To) > now {
			r.Swaps = append(r.Swaps, recordedSwap{Give: [2]recordedGiven{recordedGiven(s.Give[0]), recordedGiven(s.Give[1])}, Agreed: s.Agreed.String(), By: s.By})
		}
	}
	for _, o := range c.Overrides {
		if o.To > now {
			r.Overrides = append(r.Overrides, recordedOverride(o))
		}
	}
	return r
}
