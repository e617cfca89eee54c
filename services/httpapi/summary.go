package httpapi

import (
	"net/http"
	"strconv"

	"plantroom"
)

func formatSeq(n int64) string { return strconv.FormatInt(n, 10) }

// summaryView counts everything, or what was raised in a period. Records and
// quarantine are counted since the beginning in either case.
type summaryView struct {
	Records   recordCounts                    `json:"records"`
	Incidents incidentCounts                  `json:"incidents"`
	Orders    orderCounts                     `json:"orders"`
	Windows   map[plantroom.ClockKind]*window `json:"windows"`
}

type (
	// recordCounts follows the gateways' spools: Judged counts records that
	// went through the rules, Stored those of them that InfluxDB or the
	// quarantine holds, Rejected what is in quarantine, Lost what gateways
	// have declared lost; lost records are counted as judged and stored too,
	// because the cursor has passed them.
	recordCounts struct {
		Judged   uint64 `json:"judged"`
		Stored   uint64 `json:"stored"`
		Rejected int64  `json:"rejected"`
		Lost     uint64 `json:"lost"`
	}
	incidentCounts struct {
		Total int `json:"total"`
		Open  int `json:"open"`
	}
	orderCounts struct {
		Total        int                          `json:"total"`
		Open         int                          `json:"open"`
		ByState      map[plantroom.OrderState]int `json:"by_state"`
		Contradicted int                          `json:"contradicted"` // "fixed" claims that a sensor did not bear out
	}
	window struct {
		Met      int `json:"met"`
		Breached int `json:"breached"`
		Open     int `json:"open"` // still counting and not late
		Void     int `json:"void"`
	}
)

func (a *API) summary(w http.ResponseWriter, r *http.Request, q *query) error {
	from, to := q.instant("from"), q.instant("to")
	if q.err != nil {
		return q.err
	}
	var s summaryView
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if s.Records, err = countRecords(tx, a.opt.Estate()); err != nil {
			return err
		}
		if s.Incidents, err = countIncidents(tx, from, to); err != nil {
			return err
		}
		s.Orders, s.Windows, err = countOrders(tx, from, to)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, s)
}

func countRecords(tx plantroom.Tx, e *plantroom.Estate) (recordCounts, error) {
	var c recordCounts
	progress, err := tx.AllProgress()
	if err != nil {
		return c, err
	}
	for _, p := range progress {
		c.Judged += p.Seen
		c.Stored += p.Stored
	}
	for _, id := range gatewayIDs(e, progress) {
		gaps, err := tx.Gaps(id)
		if err != nil {
			return c, err
		}
		for _, g := range gaps {
			c.Lost += g.Last - g.First + 1
		}
	}
	c.Rejected, err = tx.QuarantineCount()
	return c, err
}

func countIncidents(tx plantroom.Tx, from, to plantroom.Instant) (incidentCounts, error) {
	var c incidentCounts
	var after *plantroom.Incident
	for {
		page, err := selectIncidents(tx, plantroom.IncidentFilter{From: from, To: to}, false, after, maxLimit)
		if err != nil {
			return c, err
		}
		for _, inc := range page {
			c.Total++
			if inc.State != plantroom.IncidentClosed {
				c.Open++
			}
		}
		if len(page) < maxLimit {
			return c, nil
		}
		after = &page[len(page)-1]
	}
}

func countOrders(tx plantroom.Tx, from, to plantroom.Instant) (orderCounts, map[plantroom.ClockKind]*window, error) {
	c := orderCounts{ByState: map[plantroom.OrderState]int{}}
	windows := map[plantroom.ClockKind]*window{}
	f := plantroom.OrderFilter{From: from, To: to, Limit: maxLimit}
	for {
		page, err := tx.Orders(f)
		if err != nil {
			return c, nil, err
		}
		for _, o := range page {
			c.Total++
			c.ByState[o.State]++
			c.Contradicted += o.Contradicted
			if !o.State.Final() {
				c.Open++
			}
			countClocks(windows, o.Clocks)
		}
		if len(page) < maxLimit {
			return c, windows, nil
		}
		f.Before = page[len(page)-1].ID
	}
}

func countClocks(windows map[plantroom.ClockKind]*window, clocks []plantroom.Clock) {
	for _, c := range clocks {
		if windows[c.Kind] == nil {
			windows[c.Kind] = &window{}
		}
		switch c.State {
		case plantroom.ClockMet:
			windows[c.Kind].Met++
		case plantroom.ClockBreached:
			windows[c.Kind].Breached++
		case plantroom.ClockVoid:
			windows[c.Kind].Void++
		default:
			windows[c.Kind].Open++
		}
	}
}
