package api

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Filter is what every question about the history can be narrowed to. A zero
// time and an empty list narrow nothing.
type Filter struct {
	From, To   time.Time // To is exclusive
	Building   []string
	Asset      []string
	Domain     []string
	Contractor []string
	Severity   []string
	Rule       []string
}

func (f *Filter) values() url.Values {
	q := url.Values{}
	moment(q, "from", f.From)
	moment(q, "to", f.To)
	words(q, "building", f.Building)
	words(q, "asset", f.Asset)
	words(q, "domain", f.Domain)
	words(q, "contractor", f.Contractor)
	words(q, "severity", f.Severity)
	words(q, "rule", f.Rule)
	return q
}

func moment(q url.Values, name string, at time.Time) {
	if !at.IsZero() {
		q.Set(name, at.UTC().Format(time.RFC3339Nano))
	}
}

func words(q url.Values, name string, list []string) {
	if len(list) > 0 {
		q.Set(name, strings.Join(list, ","))
	}
}

func number(q url.Values, name string, n int) {
	if n > 0 {
		q.Set(name, strconv.Itoa(n))
	}
}

// OrdersQuery asks for the orders that were raised in the range or, with Open,
// for those that are open now. Limit is 1 to 1,000; Before is a page's Next.
type OrdersQuery struct {
	Filter
	Open   bool
	State  []string
	Limit  int
	Before Cursor
}

// Orders returns a page of orders, the newest first.
func (c *Client) Orders(ctx context.Context, o OrdersQuery) (Answer[Order], error) {
	q := o.values()
	if o.Open {
		q.Set("open", "true")
	}
	words(q, "state", o.State)
	number(q, "limit", o.Limit)
	if o.Before != "" {
		q.Set("before", string(o.Before))
	}
	return list[Order](ctx, c, "/api/v1/history/orders", q)
}

// Incidents returns the newest incidents that overlap the range, at most limit of them.
func (c *Client) Incidents(ctx context.Context, f Filter, limit int) (Answer[Incident], error) {
	q := f.values()
	number(q, "limit", limit)
	return list[Incident](ctx, c, "/api/v1/history/incidents", q)
}

// Compliance counts the clocks of the orders that were raised in the range, a
// group for each combination of what by names; one group where it names
// nothing. No clocks: all.
func (c *Client) Compliance(ctx context.Context, f Filter, clocks, by []string) (Answer[Compliance], error) {
	q := f.values()
	words(q, "clock", clocks)
	words(q, "by", by)
	return list[Compliance](ctx, c, "/api/v1/history/compliance", q)
}

// League returns how each contractor did.
func (c *Client) League(ctx context.Context, f Filter) (Answer[Firm], error) {
	return list[Firm](ctx, c, "/api/v1/history/league", f.values())
}

// BurndownQuery asks how windows were used: of the orders named, at most 50,
// or of those that were open in the range. Points is 2 to 500 for each clock.
type BurndownQuery struct {
	Filter
	Order  []string
	Clock  []string
	Points int
}

// Burndown returns a line for each clock.
func (c *Client) Burndown(ctx context.Context, b BurndownQuery) (Answer[Burndown], error) {
	q := b.values()
	words(q, "order", b.Order)
	words(q, "clock", b.Clock)
	number(q, "points", b.Points)
	return list[Burndown](ctx, c, "/api/v1/history/burndown", q)
}

// States returns the states of at most 200 assets over the range; for more the
// server answers 400 and says so.
func (c *Client) States(ctx context.Context, f Filter) (Answer[States], error) {
	return list[States](ctx, c, "/api/v1/history/states", f.values())
}

// Now returns the present state of each asset. The range is not looked at.
func (c *Client) Now(ctx context.Context, f Filter) (Answer[Current], error) {
	f.From, f.To = time.Time{}, time.Time{}
	return list[Current](ctx, c, "/api/v1/history/now", f.values())
}

// KPI returns how each asset did in the range.
func (c *Client) KPI(ctx context.Context, f Filter) (Answer[KPI], error) {
	return list[KPI](ctx, c, "/api/v1/history/kpi", f.values())
}

// Gateways returns how each gateway is now, of some buildings or of all. Nothing else
// of f is looked at.
func (c *Client) Gateways(ctx context.Context, f Filter) (Answer[Gateway], error) {
	f = Filter{Building: f.Building}
	return list[Gateway](ctx, c, "/api/v1/history/gateways", f.values())
}

// EventsQuery asks for rows of the ledger: those after a sequence number, where
// the range may be open, or without one the newest of the range. Limit is 1 to 1,000.
type EventsQuery struct {
	Filter
	After   *int64
	Subject string
	Limit   int
}

// Events returns rows of the ledger, the oldest first. Next is how far the
// ledger was looked through, which may be further than the last row.
func (c *Client) Events(ctx context.Context, e EventsQuery) (Answer[Entry], error) {
	q := e.values()
	if e.After != nil {
		q.Set("after", strconv.FormatInt(*e.After, 10))
	}
	if e.Subject != "" {
		q.Set("subject", e.Subject)
	}
	number(q, "limit", e.Limit)
	return list[Entry](ctx, c, "/api/v1/history/events", q)
}

// Estate returns what is watched. One without an id is none: {} is what some proxies
// answer.
func (c *Client) Estate(ctx context.Context) (Estate, error) {
	e, err := get[Estate](ctx, c, "/api/v1/estate", nil)
	if err == nil && e.ID == "" {
		err = c.notPlantroom("/api/v1/estate", "JSON that is no estate")
	}
	return e, err
}

// MaxAssets is how many assets are read at most.
const MaxAssets = 10_000

// Assets returns the assets of a building and a domain, "" for all; at most
// MaxAssets of them.
func (c *Client) Assets(ctx context.Context, building, domain string) ([]Asset, error) {
	q := url.Values{"limit": {"1000"}}
	if building != "" {
		q.Set("building", building)
	}
	if domain != "" {
		q.Set("domain", domain)
	}
	var all []Asset
	for len(all) < MaxAssets {
		page, err := list[Asset](ctx, c, "/api/v1/assets", q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" || len(page.Items) == 0 {
			break
		}
		q.Set("after", string(page.Next))
	}
	return all[:min(len(all), MaxAssets)], nil
}
