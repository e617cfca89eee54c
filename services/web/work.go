package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/httpapi/guard"
	"plantroom/services/ledger"
	"plantroom/services/works"
)

// shownCalls is how many calls about works the page shows: a block of flats is
// told in hundreds.
const shownCalls = 60

// workView is the page of some planned works.
type workView struct {
	worksItem
	Running, Cancellable bool
	Orders               []tie // that were raised during them and are open
	Calls                []callLine
	MoreCalls            int
	Timeline             []entryLine
	Zone                 string
	Said                 string // why the last thing pressed was refused, where it is about no field
	Form                 worksStepForm
}

// worksStepForm is a step that was pressed, as it was typed.
type worksStepForm struct {
	Do             works.Step
	By, Reason, To string
	Wrong          map[string]string // by field
}

func (p *Pages) work(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showWork(w, r, say, http.StatusOK, worksStepForm{}, "")
}

// showWork shows the works as they are now, with what was refused.
func (p *Pages) showWork(w http.ResponseWriter, r *http.Request, say words, status int, form worksStepForm, said string) error {
	id := plantroom.WorksID(r.PathValue("id"))
	if plantroom.ValidID(string(id)) != nil {
		return plantroom.Errorf(plantroom.CodeNotFound, "there are no such works")
	}
	var one plantroom.Works
	var calls []plantroom.Call
	var rows []plantroom.LedgerRow
	var open []plantroom.WorkOrder
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if one, err = tx.Works(id); err != nil {
			return err
		}
		if calls, err = tx.CallsOf(plantroom.OrderID(id)); err != nil {
			return err
		}
		if rows, err = tx.LedgerOf(string(id)); err != nil {
			return err
		}
		open, err = tx.Orders(plantroom.OrderFilter{Open: true})
		return err
	})
	if err != nil {
		return err
	}
	e := p.opt.Estate()
	v := workView{worksItem: say.worksItem(e, &one), Zone: e.Zone, Said: said, Form: form, Timeline: say.timeline(e, ledger.Timeline(rows)),
		Running: one.State == plantroom.WorksRunning || one.State == plantroom.WorksOverrun, Cancellable: !one.Over()}
	if v.Form.To == "" {
		v.Form.To = one.To.Time().In(say.zone).Format(inputTime)
	}
	for i := range open {
		if o := &open[i]; o.During != nil && o.During.Works == id {
			v.Orders = append(v.Orders, tie{ID: o.ID, How: say.placeOf(e, o.Asset).Asset + " · " + p.fault(say, o.Rule, o.Cause)})
		}
	}
	v.Calls, v.MoreCalls = say.worksCalls(e, calls)
	return p.render(w, r, status, "work.html", say, page{Title: say.t("works.page", v.Title), Path: v.Path, Body: v})
}

// worksCalls lists the calls about works, those that nobody took first.
func (s words) worksCalls(e *plantroom.Estate, calls []plantroom.Call) (lines []callLine, more int) {
	calls = slices.DeleteFunc(calls, func(c plantroom.Call) bool { return c.Kind == leftOver }) // about an order of that name
	slices.SortStableFunc(calls, func(a, b plantroom.Call) int {
		return cmp.Or(before2(a.State == plantroom.CallDead, b.State == plantroom.CallDead), cmp.Compare(b.Created, a.Created))
	})
	shown := calls[:min(len(calls), shownCalls)]
	return s.calls(e, shown), len(calls) - len(shown)
}

// before2 puts what is so before what is not.
func before2(a, b bool) int {
	if a == b {
		return 0
	}
	return before(a)
}

// inputTime is how a browser's field for a time writes it, on the clocks of the estate.
const inputTime = "2006-01-02T15:04"

// moment reads such a field.
func (s words) read(text string) (plantroom.Instant, bool) {
	t, err := time.ParseInLocation(inputTime, text, s.zone)
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return 0, false
	}
	return plantroom.At(t), true
}

// worksAction takes a step about works on the operator's behalf.
func (p *Pages) worksAction(w http.ResponseWriter, r *http.Request, say words) error {
	if err := parseForm(r); err != nil {
		return err
	}
	f := r.PostForm
	req := works.Request{Works: plantroom.WorksID(r.PathValue("id")), Do: works.Step(r.PathValue("action")), Actor: guard.Who(r.Context()).Actor,
		By: clean(f.Get("by"), maxName), Reason: clean(f.Get("reason"), maxNote), Person: plantroom.PersonID(clean(f.Get("person"), plantroom.MaxID))}
	if !slices.Contains(works.Steps(), req.Do) {
		return plantroom.Errorf(plantroom.CodeNotFound, "there is no such action")
	}
	form := worksStepForm{Do: req.Do, By: req.By, Reason: req.Reason, To: clean(f.Get("to"), maxName), Wrong: map[string]string{}}
	if (req.Do == works.Extend || req.Do == works.Cancel) && req.Reason == "" {
		form.Wrong["reason"] = say.t("works.wrong.reason")
	}
	if req.Do == works.Extend {
		var ok bool
		if req.To, ok = say.read(form.To); !ok {
			form.Wrong["to"] = say.t("works.wrong.time")
		} else if req.To <= say.now {
			form.Wrong["to"] = say.t("works.wrong.to.past")
		}
	}
	if len(form.Wrong) > 0 {
		return p.showWork(w, r, say, http.StatusBadRequest, form, "")
	}
	_, err := p.opt.Desk.DoWorks(r.Context(), req)
	switch plantroom.CodeOf(err) {
	case "":
		http.Redirect(w, r, worksPath(req.Works), http.StatusSeeOther)
		return nil
	case plantroom.CodeConflict, plantroom.CodeTransition:
		return p.showWork(w, r, say, http.StatusConflict, form, p.refusal(say, err))
	case plantroom.CodeInvalid, plantroom.CodeTooLarge:
		if req.Do == works.Extend { // all else was looked at above
			form.Wrong["to"] = say.t("works.wrong.to.longer")
			return p.showWork(w, r, say, http.StatusBadRequest, form, "")
		}
		return p.showWork(w, r, say, http.StatusBadRequest, form, p.refusal(say, err))
	}
	return err
}

// retryWorksCall sends a call about works again that was given up.
func (p *Pages) retryWorksCall(w http.ResponseWriter, r *http.Request, say words) error {
	_, err := p.opt.Desk.Retry(r.Context(), guard.Who(r.Context()).Actor, plantroom.MessageID(r.PathValue("call")))
	if plantroom.CodeOf(err) == plantroom.CodeTransition {
		return p.showWork(w, r, say, http.StatusConflict, worksStepForm{}, say.t("order.changed"))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, worksPath(plantroom.WorksID(r.PathValue("id")))+"#calls", http.StatusSeeOther)
	return nil
}
