package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// CSV writes the lines, visits and sums of a statement as one table, for a
// spreadsheet. Times are those of the estate, lengths are seconds, amounts have two decimals and
// no separators; what is taken off is negative, so that the last column adds up
// to the total.
func (s *Statement) CSV(w io.Writer, zone *time.Location) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"kind", "id", "asset", "clock", "window_s", "basis", "due", "kept", "outcome", "late_s", "paused_s", "why", "ledger_rows", "amount"}}
	for i := range s.Lines {
		l := &s.Lines[i]
		rows = append(rows, []string{"window", l.ID, string(l.Asset), string(l.Clock), seconds(time.Duration(l.Window)), l.Basis,
			clock(l.Due, zone), clock(l.Stopped, zone), string(l.Verdict), seconds(time.Duration(l.Late)), seconds(time.Duration(l.Paused)), l.because(), l.rows(), plain(-l.Penalty)})
	}
	for _, v := range s.Visits {
		rows = append(rows, []string{"visit", string(v.Order), string(v.Asset), "", "", "", clock(v.Arrived, zone), clock(v.Left, zone), "", "", "", "call-out and work", "", plain(v.CallOut + v.Work)})
	}
	for _, sum := range []struct {
		what   string
		amount int64
	}{{"yearly price, the month's part", s.Fixed}, {"above the month's bound", s.CapReduction}} {
		rows = append(rows, []string{"sum", "", "", "", "", "", "", "", "", "", "", sum.what, "", plain(sum.amount)})
	}
	for _, r := range rows {
		for i := range r[:len(r)-1] { // amounts begin with a minus
			r[i] = harmless(r[i])
		}
		if err := c.Write(r); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// harmless keeps a spreadsheet from taking what somebody wrote for a formula.
func harmless(cell string) string {
	if cell != "" && cell != "-" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

func plain(minor int64) string { return strings.ReplaceAll(Money(minor), ",", "") }
