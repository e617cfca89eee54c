package web

import (
	"net/http"
	"slices"
	"strings"

	"plantroom"
)

// boardView is the operations board.
type boardView struct {
	Figures  []figure
	Orders   []card
	More     int // open orders beyond those shown
	Others   []incidentLine
	Gateways []gatewayLine
	Dead     []deadLine
	Announce string // what a screen reader says when it changes
}

// figure is one number at the top.
type figure struct {
	Label, Value, Level, Link string
}

// card is one open order on the board.
type card struct {
	ID       plantroom.OrderID
	Level    string // of the window that runs out first
	Stakes   string // the severity's slug, for the style
	Severity string
	Life     bool
	Asset    string
	Where    string
	Scope    string            // of a part: what of the job it is
	Works    plantroom.WorksID // it was raised during these planned works
	Fault    string
	Since    string
	Ago      string
	State    string // a slug, for the style
	Who      string
	Nobody   bool // nobody has taken it
	Note     string
	Clocks   []clockView
}

// incidentLine is an open incident without an open order.
type incidentLine struct {
	Asset, Link, Fault, Since, Ago, State string
}

// gatewayLine is one gateway and its silence.
type gatewayLine struct {
	Name, Level, Text string
}

// maxCards bounds the board; nobody reads more. maxLooked bounds the calls among
// which those are that it counts: a channel that is out of order for months has
// left tests without number.
const (
	maxCards  = 200
	maxLooked = 1000
)

func (p *Pages) board(w http.ResponseWriter, r *http.Request, say words) error {
	v, err := p.boardView(r, say)
	if err != nil {
		return err
	}
	return p.render(w, r, http.StatusOK, "board.html", say, page{Title: say.t("board.title"), Body: v})
}

// boardFragment is the part of the board that the script replaces.
func (p *Pages) boardFragment(w http.ResponseWriter, r *http.Request, say words) error {
	v, err := p.boardView(r, say)
	if err != nil {
		return err
	}
	return p.render(w, r, http.StatusOK, "board", say, page{Body: v})
}

// snapshot is what the board reads from the store.
type snapshot struct {
	orders     []plantroom.WorkOrder
	incidents  []plantroom.Incident
	progress   []plantroom.Progress
	quarantine int64
	dead       []plantroom.Call
}

func (p *Pages) snapshot(r *http.Request) (snapshot, error) {
	var s snapshot
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if s.orders, err = tx.Orders(plantroom.OrderFilter{Open: true}); err != nil {
			return err
		}
		if s.incidents, err = tx.OpenIncidents(); err != nil {
			return err
		}
		if s.progress, err = tx.AllProgress(); err != nil {
			return err
		}
		if s.quarantine, err = tx.QuarantineCount(); err != nil {
			return err
		}
		s.dead, err = tx.Calls(plantroom.CallDead, maxLooked)
		s.dead = slices.DeleteFunc(s.dead, func(c plantroom.Call) bool { return strings.HasPrefix(c.Kind, "channel.") }) // of no order; the health page tells
		return err
	})
	slices.SortFunc(s.orders, func(a, b plantroom.WorkOrder) int { return urgency(&a, &b) })
	return s, err
}

func (p *Pages) boardView(r *http.Request, say words) (boardView, error) {
	s, err := p.snapshot(r)
	if err != nil {
		return boardView{}, err
	}
	e := p.opt.Estate()
	v := boardView{Others: p.incidentLines(say, e, s), Gateways: say.gatewayLines(e, s)}
	progress := map[plantroom.IncidentID]*plantroom.Incident{}
	for i := range s.incidents {
		progress[s.incidents[i].ID] = &s.incidents[i]
	}
	late := 0
	for i := range s.orders {
		o := &s.orders[i]
		if c := pressing(o); c != nil && level(c, say.now) == levelRed {
			late++
		}
		if i < maxCards {
			v.Orders = append(v.Orders, p.card(say, e, o, progress[o.Incident]))
		}
	}
	v.More = len(s.orders) - len(v.Orders)
	for _, c := range s.dead[:min(maxDead, len(s.dead))] {
		v.Dead = append(v.Dead, deadLine{callPath(c), say.who(e, c.Who), p.about(say, e, c, s.orders)})
	}
	v.Figures = say.figures(s, late, v.Gateways)
	v.Announce = say.t("board.announce", len(s.orders), late)
	return v, nil
}

func (s words) figures(snap snapshot, late int, gateways []gatewayLine) []figure {
	silent := 0
	for _, g := range gateways {
		if g.Level != levelGreen {
			silent++
		}
	}
	bad := func(n int, l string) string {
		if n == 0 {
			return levelGreen
		}
		return l
	}
	return []figure{
		{s.count("figure.open", len(snap.orders)), s.t("number", len(snap.orders)), "", ""},
		{s.t("figure.late"), s.t("number", late), bad(late, levelRed), ""},
		{s.count("figure.silent", silent), s.t("number", silent), bad(silent, levelOrange), ""},
		{s.t("figure.quarantine"), s.t("number", int(snap.quarantine)), bad(int(snap.quarantine), levelYellow), "/quarantine"},
		{s.count("figure.dead", len(snap.dead)), s.t("number", len(snap.dead)), bad(len(snap.dead), levelRed), deadLink(snap.dead)},
	}
}

// card tells of one order; inc is the incident behind it, nil where closed.
func (p *Pages) card(say words, e *plantroom.Estate, o *plantroom.WorkOrder, inc *plantroom.Incident) card {
	at := say.placeOf(e, o.Asset)
	c := card{ID: o.ID, Level: levelUnknown, Stakes: o.Severity.String(), Severity: say.t("severity." + o.Severity.String()), Life: o.Severity == plantroom.Life,
		Asset: at.Asset, Where: at.Where, Scope: o.Scope, Fault: p.fault(say, o.Rule, o.Cause), Since: say.moment(o.Occurred), Ago: say.span(say.now.Sub(o.Occurred)),
		State: string(o.State), Clocks: say.clocks(o.Clocks)}
	if first := pressing(o); first != nil {
		c.Level = level(first, say.now)
	}
	c.Who, c.Nobody = say.onIt(e, o)
	c.Note = say.progress(o, inc)
	if o.During != nil {
		c.Works = o.During.Works
	}
	return c
}

// onIt says who is on an order, and whether that is nobody.
func (s words) onIt(e *plantroom.Estate, o *plantroom.WorkOrder) (string, bool) {
	firm := contractorName(e, o.Contractor, s.lang)
	by := s.by(e, o)
	switch o.State {
	case plantroom.Raised, plantroom.Declined, plantroom.Reopened:
		return s.t("who.nobody." + string(o.State)), true
	case plantroom.Dispatched:
		return s.t("who.dispatched", firm, s.moment(o.Dispatched)), true
	case plantroom.Acknowledged:
		if !o.ETA.IsZero() {
			return s.t("who.coming", by, firm, s.moment(o.ETA)), false
		}
		return s.t("who.accepted", by, firm), false
	case plantroom.Attended:
		return s.t("who.attended", by, firm, s.moment(o.Attended)), false
	case plantroom.Restored:
		if o.Watched.IsZero() && (o.PartOf != "" || len(o.Parts) > 0) {
			return s.t("who.waits", by, firm, s.moment(o.Restored)), false
		}
		if o.Watched.IsZero() {
			return s.t("who.unwatched", by, firm, s.moment(o.Restored)), false
		}
		return s.t("who.restored", by, firm, s.moment(o.Restored)), false
	case plantroom.Verified, plantroom.Closed:
		return s.t("who.verified", s.moment(o.Verified)), false
	}
	if o.State == plantroom.Merged {
		return s.t("who.merged", o.MergedInto), false
	}
	return s.t("who.cancelled"), false
}

// by names who has taken an order: in their own words, or as whoever signed
// in where they gave no name.
func (s words) by(e *plantroom.Estate, o *plantroom.WorkOrder) string {
	if strings.HasPrefix(o.By, "contractor:") || strings.HasPrefix(o.By, "person:") {
		return s.who(e, o.By)
	}
	return o.By
}

// progress says how far the proof of the repair has come.
func (s words) progress(o *plantroom.WorkOrder, inc *plantroom.Incident) string {
	var parts []string
	if disagreed(o) {
		parts = append(parts, s.t("note.contradicted"))
	}
	if inc != nil && inc.State == plantroom.IncidentClearing {
		parts = append(parts, s.t("note.clearing", inc.Clean, inc.Needed))
	}
	if o.Reopens > 0 {
		parts = append(parts, s.t("note.reopened", o.Reopens))
	}
	return strings.Join(parts, " · ")
}

// incidentLines lists what is wrong and has no open order.
func (p *Pages) incidentLines(say words, e *plantroom.Estate, s snapshot) []incidentLine {
	has := map[plantroom.IncidentID]bool{}
	for _, o := range s.orders {
		has[o.Incident] = true
		for _, id := range o.Also {
			has[id] = true
		}
	}
	var out []incidentLine
	for _, inc := range s.incidents {
		if has[inc.ID] {
			continue
		}
		at := say.placeOf(e, inc.Asset)
		l := incidentLine{Asset: at.Asset, Fault: p.fault(say, inc.Rule, inc.Cause), Since: say.moment(inc.Episode),
			Ago: say.span(say.now.Sub(inc.Episode)), State: say.t("incident." + string(inc.State))}
		if at.Known {
			l.Link = "/assets/" + string(inc.Asset)
		}
		out = append(out, l)
	}
	return out
}

// gatewayLines says of each gateway of the estate when it was last heard.
// One that was never heard is unknown, not well.
func (s words) gatewayLines(e *plantroom.Estate, snap snapshot) []gatewayLine {
	heard := map[plantroom.GatewayID]plantroom.Instant{}
	for _, p := range snap.progress {
		heard[p.Gateway] = max(heard[p.Gateway], p.Heard)
	}
	silent := map[plantroom.AssetID]plantroom.Instant{}
	for _, inc := range snap.incidents {
		if inc.Rule == silentGateway && inc.State == plantroom.IncidentOpen {
			silent[inc.Asset] = inc.Episode
		}
	}
	var out []gatewayLine
	for _, g := range e.Gateways {
		l := gatewayLine{Name: nameOr(g.Name, string(g.ID), s.lang), Level: levelGreen, Text: s.t("gateway.heard", s.ago(heard[g.ID]))}
		if since := silent[plantroom.AssetID(g.ID)]; !since.IsZero() {
			l.Level, l.Text = levelRed, s.t("gateway.silent", s.moment(since), s.span(s.now.Sub(since)))
		} else if heard[g.ID].IsZero() {
			l.Level, l.Text = levelUnknown, s.t("gateway.never")
		}
		out = append(out, l)
	}
	return out
}

// silentGateway is the rule of the detection engine that watches gateways.
const silentGateway plantroom.RuleID = "gateway.silent"
