package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/joblink"
)

// jobView is the page that a contractor's technician sees through a job link.
type jobView struct {
	Path     string // of the page: forms post below it
	Order    plantroom.OrderID
	Card     card
	Detail   string
	Step     string // accept, arrive, fix, proving, done
	Clocks   []clockView
	Others   string    // who else was called
	Steps    []jobStep // of the playbook
	Ticked   int       // of these, done
	Tick     bool      // they can be ticked off, and photos handed in
	Accept   string    // files that the forms take
	By       string    // who has accepted
	Seen     string    // what the forms were made for
	Minutes  []minute  // choices of time to arrive
	Pause    pauseView
	Decline  bool
	Undo     bool
	Disagree bool // reported fixed, and the sensor does not agree
	Unheard  bool // reported fixed, and no sensor is heard that could agree or not
	Said     string
	Name     string // typed before, to be kept over a refusal
	Note     string // of "It is fixed"
	Why      string // of "We cannot take it"
	FixNote  string
	Done     string // when the repair was proved
}

type jobStep struct {
	Title string
	Done  bool
}

type minute struct {
	Value int
	Text  string
}

func jobPath(path string) bool { return strings.HasPrefix(path, "/job/") }

// job shows the job and never changes it; that it was looked at stands in the
// ledger.
func (p *Pages) job(w http.ResponseWriter, r *http.Request, say words) error {
	return p.showJob(w, r, say, http.StatusOK, dispatch.Command{}, "")
}

// openJob checks the link and reads what it leads to.
func (p *Pages) openJob(r *http.Request, now plantroom.Instant) (joblink.Claims, jobState, error) {
	var s jobState
	claims, err := p.opt.Links.Verify(r.PathValue("token"), now)
	if err != nil {
		return claims, s, err
	}
	err = p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if s.order, err = tx.Order(claims.Order); err != nil {
			return err
		}
		if !dispatch.LinkOf(&s.order, claims.Expires) {
			return plantroom.Errorf(plantroom.CodeNotFound, "this job link is of an order that is no longer known")
		}
		if s.incident, err = tx.Incident(s.order.Incident); err != nil {
			return err
		}
		if s.proofs, err = tx.Proofs(claims.Order); err != nil {
			return err
		}
		s.calls, err = tx.CallsOf(claims.Order)
		return err
	})
	return claims, s, err
}

type jobState struct {
	order    plantroom.WorkOrder
	incident plantroom.Incident
	calls    []plantroom.Call
	proofs   []plantroom.Proof
}

// showJob shows the job as it is now, with what became of a press.
func (p *Pages) showJob(w http.ResponseWriter, r *http.Request, say words, status int, typed dispatch.Command, said string) error {
	claims, s, entered, err := p.enterJob(w, r, say, typed)
	if !entered || err != nil {
		return err
	}
	o := &s.order
	e := p.opt.Estate()
	v := jobView{Path: "/job/" + r.PathValue("token"), Order: o.ID, Card: p.card(say, e, o, &s.incident), Detail: o.Detail,
		Step: step(o.State), Clocks: say.openClocks(o), Others: say.othersCalled(e, s.calls, o.By), Steps: p.playbook(say, o), By: say.by(e, o), Seen: seen(o), Minutes: say.minutes(),
		Pause: say.pauses(e, o), Disagree: disagreed(o), Unheard: o.State == plantroom.Restored && o.Watched.IsZero(),
		Said: said, Name: typed.By, FixNote: o.FixNote, Done: say.moment(o.Verified)}
	switch typed.Do {
	case plantroom.DoFix:
		v.Note = typed.Note
	case plantroom.DoDecline:
		v.Why = typed.Reason
	case plantroom.DoPause:
		v.Pause.typed(typed)
	}
	v.Tick, v.Accept = dispatch.MayHand(o, actorOf(claims), claims.Generation) == nil, accept
	for _, s := range v.Steps {
		if s.Done {
			v.Ticked++
		}
	}
	_, v.Decline = plantroom.Transitions[o.State][plantroom.DoDecline]
	_, v.Undo = plantroom.Transitions[o.State][plantroom.DoUnacknowledge]
	pg := page{Title: v.Card.Asset, Path: v.Path, Body: v}
	if v.Step == "proving" {
		pg.Refresh = 20
	}
	return p.render(w, r, status, "job.html", say, pg)
}

// enterJob lets in whoever has a link that is good, and writes down that they
// looked, unless they pressed something: that is written down with what came of
// it. Where it returns false, the page that says why is shown already.
func (p *Pages) enterJob(w http.ResponseWriter, r *http.Request, say words, typed dispatch.Command) (joblink.Claims, jobState, bool, error) {
	claims, s, err := p.openJob(r, say.now)
	if err != nil {
		if typed.Do == "" || typed.Do == doTask || typed.Do == doProof {
			p.noteFailed(r, say, claims, typed, err)
		}
		return claims, s, false, p.refuseJob(w, r, say, err)
	}
	key := standsAside(claims, &s.order)
	switch {
	case key != "" && (typed.Do == "" || typed.Do == doTask || typed.Do == doProof):
		p.noteRefused(r, say, claims, &s, typed, key)
	case typed.Do == "":
		p.noteUse(r, say, joblink.Use{Claims: claims, Kind: joblink.Opened, State: s.order.State})
	}
	if key != "" {
		n := notice{Heading: say.t("job." + key + ".title"), Text: say.t("job." + key + ".text")}
		return claims, s, false, p.render(w, r, http.StatusGone, "notice.html", say, page{Title: n.Heading, Body: n})
	}
	return claims, s, true, nil
}

// disagreed reports whether the newest claim of a repair was contradicted.
func disagreed(o *plantroom.WorkOrder) bool {
	return o.Contradicted > 0 && (o.State == plantroom.Attended || o.State == plantroom.Acknowledged)
}

// refuseJob says in plain words that a link leads nowhere.
func (p *Pages) refuseJob(w http.ResponseWriter, r *http.Request, say words, err error) error {
	key, status := "unknown", http.StatusNotFound
	switch plantroom.CodeOf(err) {
	case plantroom.CodeInvalid, plantroom.CodeNotFound:
	case plantroom.CodeExpired:
		key, status = "expired", http.StatusGone
	default:
		return err
	}
	n := notice{Heading: say.t("job." + key + ".title"), Text: say.t("job." + key + ".text")}
	return p.render(w, r, status, "notice.html", say, page{Title: n.Heading, Body: n})
}

// standsAside says why a valid link leads to nothing that its holder may see:
// it declined, or the job went to somebody else. What is over can be seen
// through any link that was good for it.
func standsAside(claims joblink.Claims, o *plantroom.WorkOrder) string {
	switch {
	case claims.Contractor != o.Contractor && slices.Contains(o.DeclinedBy, claims.Contractor):
		return "declined"
	case claims.Contractor != o.Contractor, claims.Generation != o.Link:
		return "superseded"
	case o.State == plantroom.Declined:
		return "declined"
	case o.State == plantroom.Cancelled:
		return "cancelled"
	case o.State == plantroom.Merged:
		return "merged"
	}
	return ""
}

// step is where the technician is in the job.
func step(s plantroom.OrderState) string {
	switch s {
	case plantroom.Acknowledged:
		return "arrive"
	case plantroom.Attended:
		return "fix"
	case plantroom.Restored:
		return "proving"
	case plantroom.Verified, plantroom.Closed:
		return "done"
	}
	return "accept"
}

// seen names what a form was made for. A press is refused when the job has
// moved since, but not when only a clock has ticked: that changes the version
// and is none of the technician's business.
func seen(o *plantroom.WorkOrder) string { return string(o.State) + "/" + o.By }

// playbook lists what of an order's tasks is the technician's business: all but
// the manager's. An order of before there were tasks has the steps of its rule.
func (p *Pages) playbook(say words, o *plantroom.WorkOrder) []jobStep {
	var out []jobStep
	for _, t := range o.Tasks {
		if t.Role != "manager" {
			out = append(out, jobStep{t.Title.In(say.lang), !t.Done.IsZero()})
		}
	}
	if len(o.Tasks) > 0 {
		return out
	}
	for _, d := range p.opt.Domains {
		for _, r := range d.Rules {
			if r.ID == o.Rule {
				for _, st := range r.Steps {
					out = append(out, jobStep{Title: st.Title.In(say.lang)})
				}
			}
		}
	}
	return out
}

// openClocks shows the clocks that still count; all of them once it is over.
func (s words) openClocks(o *plantroom.WorkOrder) []clockView {
	var out []clockView
	for i := range o.Clocks {
		if o.Clocks[i].Open() || step(o.State) == "done" {
			out = append(out, s.clock(o.Clocks[i]))
		}
	}
	return out
}

// othersCalled names the people who were called about this job, except the
// one who has taken it.
func (s words) othersCalled(e *plantroom.Estate, calls []plantroom.Call, by string) string {
	var names []string
	for _, c := range calls {
		if n := s.who(e, c.Who); strings.HasPrefix(c.Who, "person:") && n != by && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

func (s words) minutes() []minute {
	var out []minute
	for _, m := range []int{5, 10, 15, 20, 30, 45, 60, 90, 120} {
		out = append(out, minute{m, s.t("job.in", s.span(time.Duration(m)*time.Minute), s.moment(s.now.Add(time.Duration(m)*time.Minute)))})
	}
	return out
}
