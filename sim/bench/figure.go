package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Sense says on which side of its target a figure is good.
type Sense string

// The senses. A Recorded figure has no target.
const (
	AtLeast  Sense = "at least"
	AtMost   Sense = "at most"
	Recorded Sense = "recorded"
)

// Figure is one number that is measured.
type Figure struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Sense  Sense   `json:"sense"`
	Target float64 `json:"target,omitempty"`
	How    string  `json:"how"`
}

// Result is a figure with the samples of all runs.
type Result struct {
	Figure
	Samples []float64 `json:"samples"`
	Median  float64   `json:"median"`
	Min     float64   `json:"min"`
	Max     float64   `json:"max"`
	Met     *bool     `json:"met,omitempty"` // nil: recorded only
}

// newResult sums samples up; there is at least one.
func newResult(f Figure, samples []float64) Result {
	r := Result{Figure: f, Samples: samples, Median: median(samples), Min: slices.Min(samples), Max: slices.Max(samples)}
	if f.Sense != Recorded {
		met := r.Median >= f.Target
		if f.Sense == AtMost {
			met = r.Median <= f.Target
		}
		r.Met = &met
	}
	return r
}

// median is the middle one, or the mean of the two in the middle.
func median(samples []float64) float64 {
	s := slices.Sorted(slices.Values(samples))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// quantile returns the value that a part of the samples does not exceed
// (nearest rank).
func quantile[T cmp.Ordered](sorted []T, part float64) T {
	rank := int(part * float64(len(sorted)))
	if float64(rank) < part*float64(len(sorted)) {
		rank++
	}
	return sorted[max(rank, 1)-1]
}

// Measurement produces one sample for each of its figures per run.
type Measurement struct {
	Name    string
	Figures []Figure
	Long    bool // it takes many minutes, and is made where it is asked for
	// Begin sets up what a number of runs share. The run it returns is called
	// with 1, 2 …; what has to be undone is added to the Env.
	Begin func(ctx context.Context, e *Env, runs int) (Run, error)
}

// Run makes one run and returns a sample per figure, in the same order.
type Run func(ctx context.Context, n int) ([]float64, error)

// Measure makes all runs of a measurement and undoes what it set up.
func (m Measurement) Measure(ctx context.Context, e *Env, runs int) (_ []Result, err error) {
	mark := len(e.undo)
	defer func() { e.unwind(mark) }()
	e.Say("%s: set up", m.Name)
	run, err := m.Begin(ctx, e, runs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	samples := make([][]float64, len(m.Figures))
	for n := 1; n <= runs; n++ {
		got, err := run(ctx, n)
		if err != nil {
			return nil, fmt.Errorf("%s, run %d: %w", m.Name, n, err)
		}
		line := fmt.Sprintf("%s: run %d of %d", m.Name, n, runs)
		for i, v := range got {
			samples[i] = append(samples[i], v)
			line += fmt.Sprintf("  %s %s", number(v), m.Figures[i].Unit)
		}
		e.Say("%s", line)
	}
	results := make([]Result, len(m.Figures))
	for i, f := range m.Figures {
		results[i] = newResult(f, samples[i])
	}
	return results, nil
}

// All lists the measurements in the order of the table.
func All() []Measurement {
	return []Measurement{
		messages(), direct(), batches(), inProcess(), faults(), reflexes(), footprint(), binary(), spooling(), accepting(), week(),
		scenarios(), orders(), delivering(), clocks(), decoding(), codecs(), hostileCodecs(), codecMemory(), observing(), whatIf(), grafana(), references(),
	}
}
