package report

import (
	_ "embed"
	"html/template"
	"io"
	"time"

	"plantroom"
)

//go:embed statement.html
var statementPage string

// HTML writes the statement as a page that needs nothing else, to be printed or
// sent. pages is where the office's pages are, to link each line to its order; ""
// links nothing.
func (s *Statement) HTML(w io.Writer, zone *time.Location, pages string) error {
	t, err := template.New("statement").Funcs(template.FuncMap{
		"clock": func(at plantroom.Instant) string { return clock(at, zone) },
		"money": Money, "outcome": func(l Line) string { return l.outcome() }, "because": func(l Line) string { return l.because() },
		"short": func(h plantroom.Hash) string { return h.String()[:12] },
	}).Parse(statementPage)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		S     *Statement
		Pages string
		Reply string
		Sums  [][]string
	}{s, pages, s.replyWords(zone), s.sums()})
}
