package sensor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATotalGoesOnFromItsFile(t *testing.T) {
	litres := total{Signal: "volume_l", PerPulse: 10, Start: 4000}
	was := total{Signal: "volume_l", PerPulse: 10, Start: 4000, Base: 4000, Pulses: 12, Clean: true}
	for _, c := range []struct {
		name   string
		now    total
		was    *total
		change func(*total)
		want   float64
		how    begin
	}{
		{"for the first time", litres, nil, nil, 4000, anew},
		{"after a stop", litres, &was, nil, 4120, goesOn},
		{"after a power cut", litres, &was, func(w *total) { w.Clean = false }, 4120, unclean},
		{"another meter", total{Signal: "volume_l", PerPulse: 10, Start: 17}, &was, nil, 17, anew},
		{"another signal", total{Signal: "energy_kwh", PerPulse: 10, Start: 4000}, &was, nil, 4000, anew},
		{"a corrected weight counts from now on", total{Signal: "volume_l", PerPulse: 1, Start: 4000}, &was, nil, 4120, goesOn},
	} {
		w := c.was
		if w != nil && c.change != nil {
			other := *w
			c.change(&other)
			w = &other
		}
		now := c.now
		if how := now.follow(w); how != c.how || now.value() != c.want {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, now.value(), how, c.want, c.how)
		}
		now.Pulses += 5
		if got := now.value(); got != c.want+5*c.now.PerPulse {
			t.Errorf("%s: five pulses later %v", c.name, got)
		}
	}
}

func TestATotalsFileIsWrittenWholeAndADamagedOneIsFound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "counters", "b1-water.json")
	want := total{Signal: "volume_l", PerPulse: 0.1, Start: 1e9, Base: 1e9, Pulses: 1 << 60, Clean: true}
	if got, err := readTotal(file); got != nil || err != nil {
		t.Errorf("no file: %v, %v", got, err)
	}
	for range 2 {
		if err := writeTotal(file, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readTotal(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sum = 0; *got != want {
		t.Errorf("read %+v, wrote %+v", *got, want)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "half": string(b[:len(b)/2]), "another number": strings.Replace(string(b), "1000000000", "1000000001", 1), "no sum": `{"signal":"volume_l"}`,
		"something else": "[1,2]", "huge": strings.Repeat("x", 1<<20),
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readTotal(file); got != nil || !errors.Is(err, errDamaged) {
			t.Errorf("%s: %+v, %v, want it found damaged", name, got, err)
		}
	}
	if left, err := filepath.Glob(file + ".*"); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func FuzzATotalsFile(f *testing.F) {
	f.Add([]byte(`{"signal":"volume_l","per_pulse":10,"start":4000,"base":4000,"pulses":12,"clean":true,"sum":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := parseTotal(b); (got == nil) == (err == nil) {
			t.Errorf("%q: %v, %v", b, got, err)
		}
	})
}
