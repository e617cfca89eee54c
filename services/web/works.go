package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/works"
)

// shownWorks is how many works the page shows, those that begin last first.
const shownWorks = 50

type (
	worksView struct {
		Items   []worksItem
		Said    string
		Refused bool
	}
	worksItem struct {
		ID                           plantroom.WorksID
		Title, Text, State, When, By string
		Assets, Firm, Hold           string
		Level                        string // overrun is red, running amber
		Notices                      []string
		Needs                        []needLine
		Running, Cancellable         bool
	}
	needLine struct {
		Person           plantroom.PersonID
		Name, Where, Why string
		Reached          string // by whom and when; "": nobody has talked to them
	}
)

func (p *Pages) works(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showWorks(w, r, say, http.StatusOK, "")
}

func (p *Pages) showWorks(w http.ResponseWriter, r *http.Request, say words, status int, said string) error {
	var all []plantroom.Works
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		all, err = tx.AllWorks(shownWorks)
		return err
	})
	if err != nil {
		return err
	}
	v := worksView{Said: said, Refused: said != ""}
	for i := range all {
		v.Items = append(v.Items, say.worksItem(p.opt.Estate(), &all[i]))
	}
	return p.render(w, r, status, "works.html", say, page{Title: say.t("works.title"), Body: v})
}

func (s words) worksItem(e *plantroom.Estate, w *plantroom.Works) worksItem {
	item := worksItem{ID: w.ID, Title: w.Title.In(s.lang), Text: w.Text.In(s.lang), State: s.slug("works.state", string(w.State)),
		When: s.t("works.span", s.moment(w.From), s.moment(w.To)), By: s.who(e, w.By), Firm: contractorName(e, w.Contractor, s.lang),
		Running:     w.State == plantroom.WorksRunning || w.State == plantroom.WorksOverrun,
		Cancellable: !w.Over()}
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
	item.Assets = strings.Join(names, ", ")
	for _, n := range w.Notices {
		line := s.t("works.notice_due", s.span(time.Duration(n.Before)))
		if !n.Given.IsZero() {
			line = s.t("works.notice_given", s.span(time.Duration(n.Before)), s.moment(n.Given), n.Called)
		}
		item.Notices = append(item.Notices, line)
	}
	for _, n := range w.Needs {
		line := needLine{Person: n.Person, Name: s.who(e, "person:"+string(n.Person)), Why: strings.Join(n.Needs, ", "),
			Where: s.t("works.home", string(n.Zone), n.Floor)}
		if !n.Reached.IsZero() {
			line.Reached = s.t("works.reached_by", s.who(e, n.By), s.moment(n.Reached))
		}
		item.Needs = append(item.Needs, line)
	}
	return item
}

// longestExtension bounds what the form can add at once, in minutes.
const longestExtension = 7 * 24 * 60

// worksAction takes a step about works on the operator's behalf.
func (p *Pages) worksAction(w http.ResponseWriter, r *http.Request, say words) error {
	if err := parseForm(r); err != nil {
		return err
	}
	f := r.PostForm
	req := works.Request{Works: plantroom.WorksID(r.PathValue("id")), Do: works.Step(r.PathValue("action")), Actor: guard.Who(r.Context()).Actor,
		Reason: clean(f.Get("reason"), maxNote), Person: plantroom.PersonID(clean(f.Get("person"), plantroom.MaxID))}
	if !slices.Contains(works.Steps(), req.Do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no such action")
	}
	if req.Do == works.Extend {
		minutes, err := strconv.Atoi(f.Get("minutes"))
		if err != nil || minutes < 1 || minutes > longestExtension {
			return p.showWorks(w, r, say, http.StatusBadRequest, say.t("works.minutes_wrong"))
		}
		req.To = say.now.Add(time.Duration(minutes) * time.Minute)
	}
	_, err := p.opt.Desk.DoWorks(r.Context(), req)
	switch plantroom.CodeOf(err) {
	case "":
		http.Redirect(w, r, "/works#"+string(req.Works), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition:
		return p.showWorks(w, r, say, http.StatusConflict, plantroom.MessageOf(err))
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		return p.showWorks(w, r, say, http.StatusBadRequest, plantroom.MessageOf(err))
	}
	return err
}
