package stack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"plantroom"
)

// Counts are numbers of readings by device and signal.
type Counts map[plantroom.DeviceID]map[string]int

// Add counts readings.
func (c Counts) Add(d plantroom.DeviceID, signal string, n int) {
	if c[d] == nil {
		c[d] = map[string]int{}
	}
	c[d][signal] += n
}

// Total returns the sum.
func (c Counts) Total() int {
	n := 0
	for _, signals := range c {
		for _, k := range signals {
			n += k
		}
	}
	return n
}

// Missing lists what c holds more of than have, and how much in all.
func (c Counts) Missing(have Counts) (list []string, total int) {
	for d, signals := range c {
		for s, n := range signals {
			if k := have[d][s]; k < n {
				list = append(list, fmt.Sprintf("%s %s: %d of %d", d, s, k, n))
				total += n - k
			}
		}
	}
	return list, total
}

// Stored counts what InfluxDB holds.
func (s *Stack) Stored(ctx context.Context) (Counts, error) {
	r, err := s.InfluxDB()
	if err != nil {
		return nil, err
	}
	all, err := r.Query(ctx, `SELECT count(*) FROM "lift", "leak", "bin", "bay", "device" GROUP BY "device"`)
	if err != nil {
		return nil, err
	}
	out := Counts{}
	for _, x := range all {
		for _, row := range x.Rows {
			for i, col := range x.Columns {
				n, isNumber := row[i].(float64)
				if signal, ok := strings.CutPrefix(col, "count_"); ok && isNumber {
					out.Add(plantroom.DeviceID(x.Tags["device"]), signal, int(n))
				}
			}
		}
	}
	return out, nil
}

// Await waits until InfluxDB holds all of want, and returns what it holds in
// the end.
func (s *Stack) Await(ctx context.Context, want Counts, patience time.Duration) (Counts, error) {
	over := time.After(patience)
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	var have Counts
	for {
		got, err := s.Stored(ctx)
		if err == nil {
			have = got
			if _, n := want.Missing(have); n == 0 {
				return have, nil
			}
		}
		select {
		case <-ctx.Done():
			return have, ctx.Err()
		case <-over:
			if have == nil {
				return nil, fmt.Errorf("count what InfluxDB holds: %w", err)
			}
			return have, nil
		case <-t.C:
		}
	}
}

// CheckOrders says what is wrong between incidents and orders: each incident
// has to have exactly one order, but for the parts that were split off it.
func CheckOrders(incidents []plantroom.Incident, orders []plantroom.WorkOrder) []string {
	of := map[plantroom.IncidentID][]plantroom.OrderID{}
	for _, o := range orders {
		if o.PartOf != "" {
			continue
		}
		for _, in := range append([]plantroom.IncidentID{o.Incident}, o.Earlier...) {
			of[in] = append(of[in], o.ID)
		}
	}
	var wrong []string
	episodes := map[string]plantroom.IncidentID{}
	for _, in := range incidents {
		if n := len(of[in.ID]); n != 1 {
			wrong = append(wrong, fmt.Sprintf("incident %s (%s on %s) has %d orders %v", in.ID, in.Rule, in.Asset, n, of[in.ID]))
		}
		key := fmt.Sprint(in.Rule, in.Asset, in.Episode)
		if first, twice := episodes[key]; twice {
			wrong = append(wrong, fmt.Sprintf("incidents %s and %s are one episode", first, in.ID))
		}
		episodes[key] = in.ID
	}
	return wrong
}
