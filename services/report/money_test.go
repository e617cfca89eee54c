package report

import (
	"encoding/csv"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestWhatAMissCosts(t *testing.T) {
	const m = time.Minute
	for name, c := range map[string]struct {
		p    plantroom.Penalty
		late time.Duration
		want int64
	}{
		"an amount for each miss":           {plantroom.Penalty{Amount: 100}, 5 * time.Hour, 100},
		"no period has begun":               {plantroom.Penalty{Amount: 100, Per: plantroom.Duration(m), PerAmount: 7}, 0, 100},
		"a period has begun":                {plantroom.Penalty{Amount: 100, Per: plantroom.Duration(m), PerAmount: 7}, 1, 107},
		"a period to its end":               {plantroom.Penalty{Amount: 100, Per: plantroom.Duration(m), PerAmount: 7}, m, 107},
		"the next one":                      {plantroom.Penalty{Amount: 100, Per: plantroom.Duration(m), PerAmount: 7}, m + 1, 114},
		"periods alone":                     {plantroom.Penalty{Per: plantroom.Duration(m), PerAmount: 7}, 90 * m, 630},
		"bounded for one miss":              {plantroom.Penalty{Amount: 100, Per: plantroom.Duration(m), PerAmount: 7, Most: 500}, 90 * m, 500},
		"what no contract would ever write": {plantroom.Penalty{Amount: 1, Per: 1, PerAmount: math.MaxInt64 / 2}, math.MaxInt64, maxPenalty},
	} {
		if got := owed(&c.p, c.late); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestTheTwelveMonthsOfAYearAddUpToItsPrice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &plantroom.Contract{Price: plantroom.Price{Yearly: rapid.Int64Range(0, maxPenalty).Draw(t, "yearly")}}
		sum := int64(0)
		for m := time.January; m <= time.December; m++ {
			part := fixed(c, Month{2026, m}, time.UTC)
			if twelfth := c.Price.Yearly / 12; part < twelfth || part > twelfth+1 {
				t.Fatalf("%s: %d of %d", m, part, c.Price.Yearly)
			}
			sum += part
		}
		if sum != c.Price.Yearly {
			t.Fatalf("%d, want %d", sum, c.Price.Yearly)
		}
	})
}

func TestAMonthThatTheContractDoesNotCoverWholeCostsItsDays(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	day := func(m time.Month, d int) plantroom.Instant { return plantroom.At(time.Date(2026, m, d, 0, 0, 0, 0, z)) }
	for _, c := range []struct {
		from, to plantroom.Instant
		want     int64 // of 31 euros in March, in which the clocks change
	}{
		{day(1, 1), 0, 3100},
		{day(3, 31), 0, 100},
		{day(3, 29), 0, 300}, // the day of 23 hours
		{day(1, 1), day(3, 30), 2900},
		{day(3, 10), day(3, 12), 200},
		{day(4, 1), 0, 0},
		{day(1, 1), day(3, 1), 0},
	} {
		k := &plantroom.Contract{From: c.from, To: c.to, Price: plantroom.Price{Yearly: 12 * 3100}}
		if got := fixed(k, Month{2026, time.March}, z); got != c.want {
			t.Errorf("from %s to %s: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestAMonthInWhichClocksChangeIsAnHourLongerOrShorter(t *testing.T) {
	for _, c := range []struct {
		month Month
		want  time.Duration
	}{{Month{2026, time.March}, 31*24*time.Hour - time.Hour}, {Month{2026, time.October}, 31*24*time.Hour + time.Hour}, {Month{2026, time.May}, 31 * 24 * time.Hour}} {
		z := zone(t, "Europe/Berlin")
		from, to := c.month.Bounds(z)
		if to.Sub(from) != c.want || MonthOf(from, z) != c.month || MonthOf(to-1, z) != c.month || MonthOf(to, z) == c.month {
			t.Errorf("%s: %s from %s to %s", c.month, to.Sub(from), from, to)
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		amount, part, whole int64
		nearest             bool
		want                int64
	}{{100, 1, 3, true, 33}, {100, 2, 3, true, 67}, {1, 1, 2, true, 1}, {1, 1, 2, false, 0}, {maxPenalty, 31, 31, true, maxPenalty}} {
		if got := share(c.amount, c.part, c.whole, c.nearest); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if got := work(90_00, 20*time.Minute+30*time.Second); got != 30_75 {
		t.Errorf("twenty minutes and a half at 90 an hour are %d", got)
	}
	for minor, want := range map[int64]string{0: "0.00", -5: "-0.05", 123456789: "1,234,567.89", 100000: "1,000.00"} {
		if got := Money(minor); got != want {
			t.Errorf("%d is %s, want %s", minor, got, want)
		}
	}
}

// drawn makes a contract and a statement with any lines under it.
func drawn(t *rapid.T) (*plantroom.Contract, *Statement) {
	amount := rapid.Int64Range(0, 1_000_000)
	c := &plantroom.Contract{ID: "c", Price: plantroom.Price{Yearly: amount.Draw(t, "yearly")}, Penalties: []plantroom.Penalty{
		{Clock: plantroom.Attend, Severity: plantroom.Low, Amount: amount.Draw(t, "amount"), Per: plantroom.Duration(time.Minute), PerAmount: amount.Draw(t, "per"), Most: amount.Draw(t, "most")},
		{Clock: plantroom.Restore, Severity: plantroom.High, Amount: amount.Draw(t, "restore")},
	}, Exclusions: []plantroom.Exclusion{{Causes: []string{"storm"}}}}
	if rapid.Bool().Draw(t, "capped") {
		c.Cap = plantroom.PenaltyCap{Amount: amount.Draw(t, "cap"), Hundredths: rapid.Int64Range(0, 10_000).Draw(t, "part")}
	}
	s := &Statement{Contract: "c", Month: "2026-03"}
	for range rapid.IntRange(0, 20).Draw(t, "lines") {
		o := Outcome{Clock: rapid.SampledFrom([]plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Restore}).Draw(t, "clock"),
			Severity: plantroom.Severity(rapid.IntRange(1, 4).Draw(t, "severity")), Promised: rapid.Bool().Draw(t, "promised"),
			Verdict: rapid.SampledFrom([]Verdict{Kept, Missed, Open, Void}).Draw(t, "verdict"),
			Late:    plantroom.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, "late")), Cause: rapid.SampledFrom([]string{"storm", "wear"}).Draw(t, "cause")}
		l := Line{Outcome: o}
		l.charge(c)
		s.Lines = append(s.Lines, l)
	}
	for range rapid.IntRange(0, 5).Draw(t, "visits") {
		s.Visits = append(s.Visits, VisitLine{CallOut: amount.Draw(t, "call-out"), Work: amount.Draw(t, "work")})
	}
	s.Fixed = amount.Draw(t, "fixed")
	s.sum(c)
	return c, s
}

func TestTheLinesAddUpToTheTotalAndTheCapIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, s := drawn(t)
		lines, visits := int64(0), int64(0)
		for _, l := range s.Lines {
			lines += l.Penalty
			switch {
			case l.Penalty < 0:
				t.Fatalf("a line pays: %+v", l)
			case l.Penalty > 0 && (l.Verdict != Missed || !l.Promised || l.Cause == "storm"):
				t.Fatalf("this cannot cost anything: %+v", l)
			case l.Verdict == Missed && l.Why == "":
				t.Fatalf("nothing says why: %+v", l)
			}
		}
		for _, v := range s.Visits {
			visits += v.CallOut + v.Work
		}
		if s.Total != s.Fixed+visits-lines+s.CapReduction || s.Penalties != lines-s.CapReduction {
			t.Fatalf("lines %d, visits %d: %+v", lines, visits, s)
		}
		if most, ok := limit(c); ok != s.Capped || ok && s.Penalties > most || s.CapReduction < 0 || !ok && s.CapReduction != 0 {
			t.Fatalf("bound %d (%t): %+v", most, ok, s)
		}
		if s.Kept+s.Missed+s.Open+s.Void != len(s.Lines) {
			t.Fatalf("%+v", s)
		}
		again := *s
		if again.sum(c); !reflect.DeepEqual(again, *s) || again.digest() != s.digest() {
			t.Fatalf("added up again it is %+v, and was %+v", again, s)
		}
	})
}

func TestTheLastColumnOfTheTableAddsUpToTheTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, s := drawn(t)
		var b strings.Builder
		if err := s.CSV(&b, time.UTC); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, r := range rows[1:] {
			minor, err := strconv.ParseInt(strings.Replace(r[len(r)-1], ".", "", 1), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += minor
		}
		if sum != s.Total {
			t.Fatalf("%d, want %d:\n%s", sum, s.Total, &b)
		}
	})
}

func TestNoCellOfTheTableIsAFormula(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "-": "-", "-2": "'-2", "we were there": "we were there", "": ""} {
		if got := harmless(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestWhatAContractorWritesIsTextOnThePage(t *testing.T) {
	s := Statement{Contract: "c", Month: "2026-03", Lines: []Line{{Outcome: Outcome{ID: "wo-000001.1.attend", Order: "wo-000001", Verdict: Missed, Evidence: []Evidence{{Seq: 7, Kind: "clock.breached"}}},
		Objection: &Objection{Reason: "<script>alert(1)</script>"}}}}
	var b strings.Builder
	if err := s.HTML(&b, time.UTC, "https://office.example.org"); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if strings.Contains(page, "<script>") || !strings.Contains(page, `href="https://office.example.org/orders/wo-000001"`) || !strings.Contains(page, "7 clock.breached 000000000000") {
		t.Error(page)
	}
}

func TestTheLowerOfTwoBoundsCounts(t *testing.T) {
	for _, c := range []struct {
		bound plantroom.PenaltyCap
		want  int64
		ok    bool
	}{
		{plantroom.PenaltyCap{}, math.MaxInt64, false},
		{plantroom.PenaltyCap{Amount: 500}, 500, true},
		{plantroom.PenaltyCap{Hundredths: 1000}, 1_000, true}, // a tenth of a twelfth of 120,005: 1,000.04
		{plantroom.PenaltyCap{Amount: 500, Hundredths: 1000}, 500, true},
		{plantroom.PenaltyCap{Amount: 5000, Hundredths: 1000}, 1_000, true},
		{plantroom.PenaltyCap{Hundredths: 10_000}, 10_000, true},
	} {
		got, ok := limit(&plantroom.Contract{Price: plantroom.Price{Yearly: 120_005}, Cap: c.bound})
		if got != c.want || ok != c.ok {
			t.Errorf("%+v: %d, %t", c.bound, got, ok)
		}
	}
}
