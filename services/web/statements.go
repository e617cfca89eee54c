package web

import (
	"net/http"
	"slices"
	"strings"

	"plantroom"
	"plantroom/services/report"
)

// shownMonths is of how many months the list leads to statements, the present one
// included; older ones are reached from one statement to the one before.
const shownMonths = 13

type (
	statementsView struct{ Firms []firmStatements }
	firmStatements struct {
		Name      string
		Contracts []contractStatements
	}
	contractStatements struct {
		ID     plantroom.ContractID
		Title  string
		Valid  string
		Months []monthLine
	}
	monthLine struct{ Path, Name, State string }
)

// statements lists which statements there are, by contractor.
func (p *Pages) statements(w http.ResponseWriter, r *http.Request, say words) error {
	e := p.opt.Estate()
	var v statementsView
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		for i := range e.Contractors {
			f := firmStatements{Name: contractorName(e, e.Contractors[i].ID, say.lang)}
			for j := range e.Contracts {
				if e.Contracts[j].Contractor != e.Contractors[i].ID {
					continue
				}
				c, err := say.contractStatements(tx, &e.Contracts[j])
				if err != nil {
					return err
				}
				f.Contracts = append(f.Contracts, c)
			}
			if len(f.Contracts) > 0 {
				v.Firms = append(v.Firms, f)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.render(w, r, http.StatusOK, "statements.html", say, page{Title: say.t("statements.title"), Body: v})
}

// contractStatements lists the newest months in which a contract was in force.
func (s words) contractStatements(tx plantroom.Tx, c *plantroom.Contract) (contractStatements, error) {
	out := contractStatements{ID: c.ID, Title: c.Title.In(s.lang), Valid: s.valid(c)}
	m := report.MonthOf(s.now, s.zone)
	for range shownMonths {
		if from, to := m.Bounds(s.zone); c.From < to && (c.To.IsZero() || c.To > from) {
			rows, err := tx.LedgerOf(report.Subject(c.ID, m))
			if err != nil {
				return out, err
			}
			out.Months = append(out.Months, monthLine{Path: statementPath(c.ID, m), Name: s.month(m), State: s.stage(rows, m)})
		}
		m = m.Add(-1)
	}
	return out, nil
}

// stage says how far a statement has come.
func (s words) stage(rows []plantroom.LedgerRow, m report.Month) string {
	_, end := m.Bounds(s.zone)
	switch i := slices.IndexFunc(rows, func(r plantroom.LedgerRow) bool { return strings.HasSuffix(r.Kind, ".issued") }); {
	case i >= 0:
		return s.t("statements.issued", s.date(rows[i].At))
	case s.now < end:
		return s.t("statements.lasts")
	}
	return s.t("statements.not_issued")
}

// valid says from when to when a contract is in force.
func (s words) valid(c *plantroom.Contract) string {
	switch {
	case c.From.IsZero() && c.To.IsZero():
		return ""
	case c.To.IsZero():
		return s.t("statements.valid_from", s.date(c.From))
	case c.From.IsZero():
		return s.t("statements.valid_to", s.date(c.To-1))
	}
	return s.t("statements.valid", s.date(c.From), s.date(c.To-1))
}

func statementPath(c plantroom.ContractID, m report.Month) string {
	return "/statements/" + string(c) + "/" + m.String()
}
