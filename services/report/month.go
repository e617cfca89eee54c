package report

import (
	"time"

	"plantroom"
)

// Month is a month of the calendar, of the estate's clocks.
type Month struct {
	Year  int
	Month time.Month
}

// ParseMonth reads 2026-03.
func ParseMonth(s string) (Month, error) {
	t, err := time.Parse("2006-01", s)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return Month{}, plantroom.Errorf(plantroom.CodeInvalid, "%.20q is not a month: write it as 2026-03", s)
	}
	return Month{t.Year(), t.Month()}, nil
}

// MonthOf is the month that the clocks of a zone show at an instant.
func MonthOf(at plantroom.Instant, zone *time.Location) Month {
	y, m, _ := at.Time().In(zone).Date()
	return Month{y, m}
}

// String gives 2026-03.
func (m Month) String() string {
	return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

// Add is the month n months later, or before where n is negative.
func (m Month) Add(n int) Month {
	y, month, _ := time.Date(m.Year, m.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC).Date()
	return Month{y, month}
}

// Bounds are its first instant and the first one after it: the local midnights
// between months, so that a month in which clocks change is an hour longer or shorter.
func (m Month) Bounds(zone *time.Location) (from, to plantroom.Instant) {
	return plantroom.At(time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, zone)), plantroom.At(time.Date(m.Year, m.Month+1, 1, 0, 0, 0, 0, zone))
}

// days is how many days it has.
func (m Month) days() int64 {
	return int64(time.Date(m.Year, m.Month+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

// fixed is the month's part of a yearly price. The parts of the twelve months of a
// year add up to the whole to the cent; of a month that the contract does not
// cover whole, the days count on which it is in force.
func fixed(c *plantroom.Contract, m Month, zone *time.Location) int64 {
	whole := share(c.Price.Yearly, int64(m.Month), 12, false) - share(c.Price.Yearly, int64(m.Month)-1, 12, false)
	if n := inForce(c, m, zone); n < m.days() {
		return share(whole, n, m.days(), true)
	}
	return whole
}

// inForce is on how many days of a month a contract is valid.
func inForce(c *plantroom.Contract, m Month, zone *time.Location) int64 {
	from, to := m.Bounds(zone)
	from = max(from, c.From)
	if !c.To.IsZero() {
		to = min(to, c.To)
	}
	if from >= to {
		return 0
	}
	// The last day is that of the last instant; a day that is begun counts.
	return int64(plantroom.DateOf(to-1, zone)-plantroom.DateOf(from, zone)) + 1
}
