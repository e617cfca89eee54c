package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/profiles"
	"plantroom/services/sla"
)

// House is an estate as reports need it.
type House struct {
	Estate    plantroom.Estate
	Zone      *time.Location
	profile   plantroom.Profile
	calendars Calendars
	assets    map[plantroom.AssetID]plantroom.Asset
	rules     map[plantroom.RuleID][]plantroom.ClockKind
	targets   map[plantroom.DomainName][]plantroom.Window
}

// NewHouse makes a House. An unknown zone, profile or a calendar without hours is
// CodeInvalid.
func NewHouse(e plantroom.Estate, domains []plantroom.Domain) (*House, error) {
	h := &House{Estate: e, assets: make(map[plantroom.AssetID]plantroom.Asset, len(e.Assets)),
		rules: map[plantroom.RuleID][]plantroom.ClockKind{}, targets: map[plantroom.DomainName][]plantroom.Window{}}
	var err error
	if h.Zone, err = time.LoadLocation(e.Zone); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "estate zone %s: use an IANA name, as in Asia/Shanghai", e.Zone)
	}
	if h.profile, err = profiles.Of(&e); err != nil {
		return nil, err
	}
	if h.calendars, err = sla.NewCalendars(e.Calendars, h.Zone); err != nil {
		return nil, err
	}
	for _, a := range e.Assets {
		h.assets[a.ID] = a
	}
	for _, d := range domains {
		h.targets[d.Name] = d.Targets
		for _, r := range d.Rules {
			h.rules[r.ID] = r.Clocks
		}
	}
	return h, nil
}

// contract finds a contract of the estate, or CodeNotFound with those there are.
func (h *House) contract(id plantroom.ContractID) (*plantroom.Contract, error) {
	i := slices.IndexFunc(h.Estate.Contracts, func(c plantroom.Contract) bool { return c.ID == id })
	if i < 0 {
		ids := make([]string, len(h.Estate.Contracts))
		for j, c := range h.Estate.Contracts {
			ids[j] = string(c.ID)
		}
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "the estate has no contract %.80q: use one of %s", id, strings.Join(ids, ", "))
	}
	return &h.Estate.Contracts[i], nil
}

// Offers finds contracts of the estate with their contractors.
func (h *House) Offers(ids []plantroom.ContractID) ([]Offer, error) {
	offers := make([]Offer, 0, len(ids))
	for _, id := range ids {
		c, err := h.contract(id)
		if err != nil {
			return nil, err
		}
		o := Offer{Contract: *c}
		for _, firm := range h.Estate.Contractors {
			if firm.ID == c.Contractor {
				o.Contractor = firm
			}
		}
		offers = append(offers, o)
	}
	return offers, nil
}

// Do takes a step about a statement and returns it as it is then. Request.Row
// names the codes.
func (h *House) Do(tx plantroom.Tx, id plantroom.ContractID, m Month, now plantroom.Instant, r Request) (Statement, error) {
	s, err := h.Statement(tx, id, m, now)
	if err != nil {
		return s, err
	}
	row, err := r.Row(&s, m, now)
	if err != nil {
		return s, err
	}
	if err := tx.AppendLedger(row); err != nil {
		return s, err
	}
	return h.Statement(tx, id, m, now)
}

// Statement makes the statement of a contract for a month from what is stored.
func (h *House) Statement(tx plantroom.Tx, id plantroom.ContractID, m Month, now plantroom.Instant) (Statement, error) {
	c, err := h.contract(id)
	if err != nil {
		return Statement{}, err
	}
	from, to := m.Bounds(h.Zone)
	b := Basis{Contract: c, Month: m, Zone: h.Zone, Currency: h.Estate.Currency, Calendars: h.calendars, Now: now}
	if b.Records, err = Read(tx, from, to); err == nil {
		b.Events, err = tx.LedgerOf(Subject(id, m))
	}
	if err != nil {
		return Statement{}, fmt.Errorf("read what the statement stands on: %w", err)
	}
	return Make(b)
}
