package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"plantroom"
)

// shownWorks is how many works the list shows, those that begin last first.
const shownWorks = 200

type (
	worksView struct{ Open, Over []worksItem }
	// worksItem is what list and page say of planned works.
	worksItem struct {
		ID                           plantroom.WorksID
		Path                         string
		Title, Text, State, When, By string
		Assets, Firm, Hold, Floors   string
		Level                        string // overrun is red, running amber
		Unreached                    string // how many residents with registered needs nobody has talked to; "": none
		Notices                      []string
		Needs                        []needLine
	}
	needLine struct {
		Person           plantroom.PersonID
		Name, Where, Why string
		Reached          string // by whom and when; "": nobody has talked to them
	}
)

// works lists the works: those to come and under way first, then those that are over.
func (p *Pages) works(w http.ResponseWriter, r *http.Request, say words) error {
	var all []plantroom.Works
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		all, err = tx.AllWorks(shownWorks)
		return err
	})
	if err != nil {
		return err
	}
	var v worksView
	for i := range all {
		item := say.worksItem(p.opt.Estate(), &all[i])
		if all[i].Over() {
			v.Over = append(v.Over, item)
		} else {
			v.Open = append(v.Open, item)
		}
	}
	slices.Reverse(v.Open) // what comes first is what matters first
	return p.render(w, r, http.StatusOK, "works.html", say, page{Title: say.t("works.title"), Body: v})
}

func worksPath(id plantroom.WorksID) string { return "/works/" + string(id) }

func (s words) worksItem(e *plantroom.Estate, w *plantroom.Works) worksItem {
	item := worksItem{ID: w.ID, Path: worksPath(w.ID), Title: w.Title.In(s.lang), Text: w.Text.In(s.lang), State: s.slug("works.state", string(w.State)),
		When: s.t("works.span", s.stamp(w.From), s.stamp(w.To)), By: s.t("works.declared", s.who(e, w.By), s.stamp(w.Declared)), Firm: contractorName(e, w.Contractor, s.lang),
		Floors: floorsText(w.Floors), Needs: s.needs(e, w)}
	switch w.State {
	case plantroom.WorksOverrun:
		item.Level = levelRed
	case plantroom.WorksRunning:
		item.Level = levelYellow
	}
	switch w.Hold {
	case plantroom.HoldManagers:
		item.Hold = s.t("works.hold_managers")
	case plantroom.HoldAll:
		item.Hold = s.t("works.hold_all")
	}
	var names []string
	for _, id := range w.Assets {
		names = append(names, s.placeOf(e, id).Asset)
	}
	item.Assets = strings.Join(names, s.t("list.comma"))
	left := 0
	for i := range w.Needs {
		if w.Needs[i].Reached.IsZero() {
			left++
		}
	}
	if left > 0 && !w.Over() {
		item.Unreached = s.t("works.unreached", left)
	}
	for _, n := range w.Notices {
		item.Notices = append(item.Notices, s.notice(w, n))
	}
	return item
}

// notice says what became of a notice to the residents, or will.
func (s words) notice(w *plantroom.Works, n plantroom.Notice) string {
	before := s.span(time.Duration(n.Before))
	switch {
	case !n.Given.IsZero():
		return s.t("works.notice_given", before, s.stamp(n.Given), n.Called)
	case w.Over():
		return s.t("works.notice_never", before)
	}
	return s.t("works.notice_due", before, s.stamp(w.From.Add(-time.Duration(n.Before))))
}

func (s words) needs(e *plantroom.Estate, w *plantroom.Works) []needLine {
	var out []needLine
	for _, n := range w.Needs {
		line := needLine{Person: n.Person, Name: s.who(e, "person:"+string(n.Person)), Why: strings.Join(n.Needs, s.t("list.comma")),
			Where: s.t("works.home", zoneName(e, n.Zone, s.lang), n.Floor)}
		if !n.Reached.IsZero() {
			line.Reached = s.t("works.reached_by", s.who(e, n.By), s.stamp(n.Reached))
		}
		out = append(out, line)
	}
	return out
}
