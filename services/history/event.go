package history

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"plantroom"
)

// Level is how much an event asks for a look.
type Level string

// The levels.
const (
	Info  Level = "info"
	Warn  Level = "warning"
	Error Level = "error"
)

// EventItem is a row of the ledger in an answer.
type EventItem struct {
	Seq     int64             `json:"seq"`
	At      plantroom.Instant `json:"at"`
	Kind    string            `json:"kind"`
	Subject string            `json:"subject"`
	Actor   string            `json:"actor"`
	Level   Level             `json:"level"`
	Text    string            `json:"text"`
	Href    string            `json:"href,omitempty"`
}

// levels of the kinds of rows that are not for information alone.
var levels = map[string]Level{
	"clock.breached": Error, "call.dead": Error, "order.uncovered": Error, "order.refused": Error,
	"clock.at_risk": Warn, "clock.disbelieved": Warn, "order.contradict": Warn, "order.doubt": Warn, "order.decline": Warn, "order.worsened": Warn,
	"order.reopen": Warn, "order.unwatched": Warn, "ladder.call": Warn, "task.late": Warn, "call.unaddressed": Warn,
	"incident.opened": Warn, "incident.worsened": Warn, "incident.relapsed": Warn,
}

// said is what an event's text takes from a row's body. Nothing that somebody has
// typed is among it.
type said struct {
	To         plantroom.OrderState
	Severity   string
	Cause      string
	Clean      string
	Contractor plantroom.ContractorID
	Clock      plantroom.ClockKind
	Percent    int
	Level      int
	Code       string
	Outcome    string
}

// Events tells of the rows that a filter selects and that are about an order, an
// incident or a gateway. Of a gateway only asset (its id), building and domain can
// be asked for.
func (t *Table) Events(b *Book, f *Filter, rows []plantroom.LedgerRow) []EventItem {
	out, s := []EventItem{}, t.selection(f)
	for i := range rows {
		at, ok := t.subject(b, rows[i].Subject)
		if ok && t.about(b, f, &s, &at) {
			out = append(out, t.event(b, &rows[i], &at))
		}
	}
	return out
}

func (t *Table) event(b *Book, r *plantroom.LedgerRow, at *subject) EventItem {
	e := EventItem{Seq: r.Seq, At: r.At, Kind: r.Kind, Subject: r.Subject, Actor: actor(r.Actor), Level: Info}
	if l := levels[r.Kind]; l != "" {
		e.Level = l
	}
	var body said
	_ = json.Unmarshal(r.Body, &body) // a body that is something else has no words for us
	if (body.Severity == plantroom.High.String() || body.Severity == plantroom.Life.String()) && e.Level == Warn {
		e.Level = Error
	}
	e.Text = eventText(b, r.Kind, &body)
	if at.asset != "" {
		e.Text = b.asset(at.asset) + ": " + e.Text
	}
	if at.order != 0 {
		e.Href = orderHref(orderID(at.order))
	}
	return e
}

// actor names who did it, but no person: whoever may look need not know who has
// pressed which button.
func actor(who string) string {
	if kind, _, ok := strings.Cut(who, ":"); ok && kind == "person" {
		return kind
	}
	return who
}

// eventText says what happened: "clock breached, attend, 100 %".
func eventText(b *Book, kind string, s *said) string {
	parts := []string{strings.NewReplacer(".", " ", "_", " ").Replace(kind)}
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if s.Cause != "" {
		add(b.cause(s.Cause))
	}
	add(s.Severity)
	add(string(s.Clock))
	if s.Percent > 0 {
		add(strconv.Itoa(s.Percent) + " %")
	}
	add(s.Clean)
	if s.Contractor != "" {
		add(b.contractor(s.Contractor))
	}
	if s.Level > 0 {
		add("rung " + strconv.Itoa(s.Level))
	}
	add(s.Code)
	add(s.Outcome)
	if slices.Contains(States, s.To) { // rows of other kinds have addresses and times there
		add("→ " + string(s.To))
	}
	return strings.Join(parts, ", ")
}

// subject is what a row is about.
type subject struct {
	asset    plantroom.AssetID // or the gateway
	order    uint32            // 0: none
	incident uint32            // row + 1; 0: none is known
	gateway  bool
}

func (t *Table) subject(b *Book, id string) (s subject, ok bool) {
	if n, is := orderNumber(plantroom.OrderID(id)); is {
		s.order = n
		if c, i := t.chunk(n); c != nil && c.state[i] != 0 {
			s.asset = t.assets.list[c.asset[i]]
		}
		return s, true
	}
	if strings.HasPrefix(id, incidentPrefix) {
		key, _ := keyOf(plantroom.IncidentID(id))
		if row, known := t.rowOf[key]; known {
			c, i := t.incidents[row/chunkRows], row%chunkRows
			s.asset, s.order, s.incident = t.assets.list[c.asset[i]], c.order[i], row+1
		}
		return s, true
	}
	s.asset = plantroom.AssetID(id)
	_, s.gateway = b.gateways[plantroom.GatewayID(id)]
	return s, s.gateway
}

func (t *Table) about(b *Book, f *Filter, sel *selection, s *subject) bool {
	switch {
	case s.gateway:
		return among(f.Assets, s.asset) && among(f.Buildings, b.gateways[plantroom.GatewayID(s.asset)]) && among(f.Domains, plantroom.DevicesDomain) &&
			len(f.Contractors)+len(f.Rules)+len(f.Severities) == 0
	case s.incident != 0:
		row := s.incident - 1
		return sel.incident(t, t.incidents[row/chunkRows], row%chunkRows)
	}
	if c, i := t.chunk(s.order); c != nil && c.state[i] != 0 {
		return sel.order(c, i)
	}
	return sel.all() // it has not come yet
}

func among[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }
