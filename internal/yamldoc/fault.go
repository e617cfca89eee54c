package yamldoc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	File      string `json:"file"`
	Line, Col int    // both from 1
	Path      string `json:"path"` // JSON pointer of the value
	Problem   string `json:"problem"`
	Remedy    string `json:"remedy"` // what would be right
}

// Error gives "file:line:col: path: problem; remedy".
func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Col)
	if f.Path != "" {
		b.WriteString(strings.ReplaceAll(strings.TrimPrefix(f.Path, "/"), "/", ".") + ": ")
	}
	b.WriteString(f.Problem)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Faults is all that is wrong with a file. As an error it prints a line each.
type Faults []Fault

// Error gives the faults, a line each.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the faults as an error, sorted by place, and nil for none.
func (fs Faults) Err() error {
	if len(fs) == 0 {
		return nil
	}
	fs.sort()
	return fs
}

func (fs Faults) sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), strings.Compare(a.Path, b.Path))
	})
}
