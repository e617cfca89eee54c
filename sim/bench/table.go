package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Report is everything that was measured, and where.
type Report struct {
	Machine Machine  `json:"machine"`
	Results []Result `json:"figures"`
}

// JSON writes the report for machines.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Text writes the report for people: the machine, an aligned table, and below
// it how each figure was measured.
func (r Report) Text(w io.Writer) error {
	rows := [][]string{{"", "figure", "target", "median", "min", "max", "unit", "met"}}
	for i, x := range r.Results {
		rows = append(rows, []string{strconv.Itoa(i + 1), x.Name, x.target(), number(x.Median), number(x.Min), number(x.Max), x.Unit, x.met()})
	}
	var b strings.Builder
	b.WriteString(r.Machine.String())
	b.WriteByte('\n')
	table(&b, rows)
	b.WriteString("\nhow\n")
	for i, x := range r.Results {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, x.How)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Result) target() string {
	switch r.Sense {
	case AtLeast:
		return "≥ " + number(r.Target)
	case AtMost:
		return "≤ " + number(r.Target)
	}
	return "–"
}

func (r Result) met() string {
	switch {
	case r.Met == nil:
		return "–"
	case *r.Met:
		return "yes"
	}
	return "NO"
}

// table writes rows in columns: text to the left, numbers to the right.
func table(b *strings.Builder, rows [][]string) {
	left := []bool{false, true, false, false, false, false, true, true}
	width := make([]int, len(left))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fill := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if left[i] {
				line.WriteString(cell + fill + "  ")
			} else {
				line.WriteString(fill + cell + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
}

// number writes three digits, or all before the point, in groups of three.
func number(v float64) string {
	digits := 0
	for f := math.Abs(v); f < 100 && f > 0 && digits < 3; f *= 10 {
		digits++
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	whole, part, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part = strings.TrimRight(part, "0"); part == "" {
		return whole
	}
	return whole + "." + part
}
