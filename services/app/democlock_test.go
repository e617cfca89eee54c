package app

import (
	"math"
	"strings"
	"testing"
	"time"

	"plantroom"
)

var demo = DemoClock{
	Began:   plantroom.At(time.Date(2026, 3, 2, 12, 0, 0, 1, time.UTC)),
	Virtual: plantroom.At(time.Date(2026, 6, 1, 0, 0, 0, 999_999_999, time.UTC)),
	Speed:   12.5,
}

func TestADemoClockIsTheSameInAnotherProcess(t *testing.T) {
	for _, speed := range []float64{minDemoSpeed, 1, 12.5, 1.0 / 3, 60, MaxDemoSpeed} {
		c := demo
		c.Speed = speed
		if got, err := ParseDemoClock(c.String()); got != c || err != nil {
			t.Errorf("%s comes back as %s, %v", c, got, err)
		}
	}
}

func TestADemoClockStandsUntilItBeginsAndThenRunsFast(t *testing.T) {
	for _, c := range []struct{ real, virtual time.Duration }{{-time.Hour, 0}, {0, 0}, {2 * time.Second, 25 * time.Second}, {8 * time.Hour, 100 * time.Hour}} {
		if got, want := demo.At(demo.Began.Add(c.real)), demo.Virtual.Add(c.virtual); got != want {
			t.Errorf("%s after it began it is %s, want %s", c.real, got, want)
		}
		if c.real < 0 {
			continue
		}
		if got, want := demo.Real(demo.Virtual.Add(c.virtual)), demo.Began.Add(c.real); got != want {
			t.Errorf("%s of its time is really %s, want %s", c.virtual, got, want)
		}
	}
}

func TestADemoClockThatMakesNoSenseIsRefused(t *testing.T) {
	const a, b = "2026-03-02T12:00:00Z", "2026-06-01T00:00:00Z"
	for _, text := range []string{"", "x", a + "," + b, a + "," + b + ",60,", "," + b + ",60", a + ",,60", "yesterday," + b + ",60", a + ",1800-13-01T00:00:00Z,60",
		a + "," + b + ",", a + "," + b + ",fast", a + "," + b + ",0", a + "," + b + ",-1", a + "," + b + ",NaN", a + "," + b + ",+Inf",
		a + "," + b + ",240.1", a + "," + b + ",1e-300"} {
		if c, err := ParseDemoClock(text); plantroom.CodeOf(err) != plantroom.CodeInvalid || c != (DemoClock{}) || !strings.HasPrefix(err.Error(), "demo clock") {
			t.Errorf("%q gives %v, %v", text, c, err)
		}
	}
}

func FuzzParseDemoClock(f *testing.F) {
	f.Add(demo.String())
	f.Add("2026-03-02T12:00:00+08:00,2026-06-01T00:00:00.5Z,1e2")
	f.Add("1678-01-01T00:00:00Z,2261-12-31T23:59:59Z,0.01")
	f.Add(",,NaN")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseDemoClock(text)
		if err != nil {
			return
		}
		if math.IsNaN(c.Speed) || c.Speed <= 0 || c.Speed > MaxDemoSpeed || c.Began.IsZero() || c.Virtual.IsZero() {
			t.Fatalf("%q gives %+v", text, c)
		}
		if again, err := ParseDemoClock(c.String()); again != c || err != nil {
			t.Fatalf("%q gives %s, and that gives %s, %v", text, c, again, err)
		}
	})
}
