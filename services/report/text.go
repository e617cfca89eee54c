package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"plantroom"
)

// Money gives minor units as a person writes them: 1,234.50.
func Money(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	whole := strconv.FormatInt(minor/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return fmt.Sprintf("%s%s.%02d", sign, whole, minor%100)
}

// clock gives an instant on the clocks of a zone.
func clock(at plantroom.Instant, zone *time.Location) string {
	if at.IsZero() {
		return "-"
	}
	return at.Time().In(zone).Format("2006-01-02 15:04")
}

// length gives a length of time to the minute, or to the second below one.
func length(d plantroom.Duration) string {
	if t := time.Duration(d); t >= time.Minute {
		return plantroom.Duration(t.Round(time.Minute)).String()
	}
	return plantroom.Duration(time.Duration(d).Round(time.Second)).String()
}

// Columns writes rows with their cells below each other, wherever letters take
// two columns of a terminal too.
func Columns(w io.Writer, rows [][]string) error { return columns(w, rows) }

// columns writes rows with their cells below each other; right says of which
// columns numbers are to be aligned on the right. A column nobody fills is left out.
func columns(w io.Writer, rows [][]string, right ...int) error {
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		var line strings.Builder
		for i, cell := range r {
			pad := strings.Repeat(" ", widths[i]-width(cell))
			for _, n := range right {
				if n == i {
					cell, pad = pad+cell, ""
				}
			}
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(cell + pad)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// width is how many columns of a terminal a text takes; Chinese takes two each.
func width(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if unicode.Is(unicode.Han, r) || r >= 0xFF00 && r < 0xFF60 || r >= 0x3000 && r < 0x3040 {
			n++
		}
	}
	return n
}

// Text writes the statement for people.
func (s *Statement) Text(w io.Writer, zone *time.Location) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Statement of %s for %s, contractor %s, as of %s (%s)\n", s.Contract, s.Month, s.Contractor, clock(s.AsOf, zone), s.Zone)
	for _, p := range s.Provisional {
		fmt.Fprintf(&b, "PROVISIONAL: %s\n", p)
	}
	b.WriteString(s.replyWords(zone))
	fmt.Fprintf(&b, "\nWindows: %d kept, %d missed, %d open, %d that do not count\n", s.Kept, s.Missed, s.Open, s.Void)
	rows := [][]string{{"line", "asset", "window", "due", "outcome", "penalty", "why", "ledger"}}
	for i := range s.Lines {
		l := &s.Lines[i]
		rows = append(rows, []string{l.ID, string(l.Asset), string(l.Clock) + " " + l.Window.String(), clock(l.Due, zone), l.outcome(), Money(l.Penalty), l.because(), l.rows()})
	}
	if err := columns(&b, rows, 5); err != nil {
		return err
	}
	if len(s.Visits) > 0 {
		b.WriteString("\nVisits\n")
		rows = [][]string{{"order", "asset", "arrived", "left", "call-out", "work"}}
		for _, v := range s.Visits {
			rows = append(rows, []string{string(v.Order), string(v.Asset), clock(v.Arrived, zone), clock(v.Left, zone), Money(v.CallOut), Money(v.Work)})
		}
		if err := columns(&b, rows, 4, 5); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "\nIn %s\n", s.Currency)
	if err := columns(&b, s.sums(), 1); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sums are the lines at the foot of a statement.
func (s *Statement) sums() [][]string {
	rows := [][]string{{"yearly price, the month's part", Money(s.Fixed)}, {fmt.Sprintf("call-outs: %d", len(s.Visits)), Money(s.CallOuts)}, {"work by the hour", Money(s.Work)},
		{"penalties of the lines", Money(-s.Owed)}}
	if s.Capped {
		rows = append(rows, []string{"less what exceeds the month's bound of " + Money(s.Cap), Money(s.CapReduction)})
	}
	return append(rows, []string{"total", Money(s.Total)})
}

func (s *Statement) replyWords(zone *time.Location) string {
	r := s.Reply
	if r == nil {
		return "Not issued yet\n"
	}
	text := fmt.Sprintf("Issued by %s on %s; objections until %s", r.IssuedBy, clock(r.Issued, zone), clock(r.Until, zone))
	if r.Over {
		text += ", which has passed: lines without an objection stand"
	}
	if r.Differs {
		text += "\nATTENTION: the record or the contract says otherwise today than when this was issued (" + r.Digest[:min(12, len(r.Digest))] + ")"
	}
	return text + "\n"
}

// outcome says in words what became of a window.
func (l *Line) outcome() string {
	text := string(l.Verdict)
	switch {
	case l.Verdict == Missed && l.Late > 0:
		text += " by " + length(l.Late)
	case l.Verdict == Void:
		text = "does not count"
	}
	if l.Counting {
		text += " so far"
	}
	if l.Paused > 0 {
		text += ", paused " + length(l.Paused)
	}
	if !l.Resumed.IsZero() {
		text += ", " + length(l.Spent) + " of it before the repair that did not last"
	}
	return text
}

// because says in words why a line costs what it costs.
func (l *Line) because() string {
	text := l.Why
	if l.Reason != "" {
		text = l.Reason
	}
	switch o := l.Objection; {
	case o == nil:
	case o.Decided.IsZero():
		text += "; objected: " + o.Reason
	case !o.Accepted:
		text += "; objection refused: " + o.Answer
	}
	return text
}

// rows names the ledger rows of a line.
func (l *Line) rows() string {
	seqs := make([]string, len(l.Evidence))
	for i, e := range l.Evidence {
		seqs[i] = strconv.FormatInt(e.Seq, 10)
	}
	return strings.Join(seqs, " ")
}
