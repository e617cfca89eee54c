package joblink

import (
	"encoding/json"
	"time"

	"plantroom"
)

// Bounds on what uses of job links may add to a ledger that never shrinks.
const (
	// QuietFor is how long a use that is like one in the ledger is not written again.
	QuietFor = 10 * time.Minute
	// MostUses is how many rows of each kind the uses of one order's links come to.
	MostUses = 40
	// StrangeEvery is how often links that lead to no order are written of at
	// most, all of them together.
	StrangeEvery = time.Hour
)

// The rows of the ledger about job links. What a button has changed stands in a
// row of its own, order.acknowledge say, with the number of the link in via_link.
const (
	Opened   = "link.opened"   // somebody, or a program that looks ahead of them, has looked at the page
	Refused  = "link.refused"  // looking or pressing was refused
	Repeated = "link.repeated" // pressed again what was done already
)

// Strangers is what rows about links that lead to no order are filed under.
const Strangers = "job-links"

// Why a use was refused.
const (
	Forged  = "forged"  // nothing that the key has signed
	Unknown = "unknown" // signed for an order that a restored backup does not have
	Expired = "expired"
)

// Use is one use of a job link. Whoever holds a link may use it, so the firm that
// it was made out to is all that is known of who it was, and the name that was typed.
type Use struct {
	Claims Claims                // zero for a forged one
	Kind   string                // Opened, Refused or Repeated
	State  plantroom.OrderState  // of the order at that moment
	Do     plantroom.OrderAction // that was pressed; "" for looking
	By     string                // typed on the page
	Why    string                // of a refusal: Forged, Unknown, Expired, or what the page says it is
}

// strange reports whether the use cannot be filed under an order.
func (u *Use) strange() bool { return u.Why == Forged || u.Why == Unknown }

// useBody is the body of a row.
type useBody struct {
	Link  int                   `json:"link,omitempty"` // generation
	State plantroom.OrderState  `json:"state,omitempty"`
	Do    plantroom.OrderAction `json:"do,omitempty"`
	By    string                `json:"by,omitempty"`
	Why   string                `json:"reason,omitempty"`
	Count int                   `json:"count,omitempty"` // of strange ones since the row before
	Last  bool                  `json:"last,omitempty"`  // no more of this kind is written for the order
}

// Row makes the ledger's row of a use, given the rows that the order has. It
// returns false where the same stands there already, or enough.
func (u *Use) Row(rows []plantroom.LedgerRow, now plantroom.Instant) (plantroom.LedgerRow, bool) {
	body := useBody{Link: u.Claims.Generation, State: u.State, Do: u.Do, By: u.By, Why: u.Why}
	n := 0
	for _, r := range rows {
		if r.Kind != u.Kind {
			continue
		}
		n++
		var was useBody
		if err := json.Unmarshal(r.Body, &was); err != nil {
			continue
		}
		was.Last = false
		if was == body && r.Actor == u.actor() && now.Sub(r.At) < QuietFor {
			return plantroom.LedgerRow{}, false
		}
	}
	if n >= MostUses {
		return plantroom.LedgerRow{}, false
	}
	body.Last = n == MostUses-1
	return u.row(string(u.Claims.Order), body, now), true
}

func (u *Use) row(subject string, body useBody, now plantroom.Instant) plantroom.LedgerRow {
	b, err := json.Marshal(body)
	if err != nil {
		panic("joblink: " + err.Error()) // strings and numbers only: it cannot
	}
	return plantroom.LedgerRow{At: now, Kind: u.Kind, Subject: subject, Actor: u.actor(), Body: b}
}

func (u *Use) actor() string {
	if u.strange() || u.Claims.Contractor == "" {
		return "unknown"
	}
	return "contractor:" + string(u.Claims.Contractor)
}
