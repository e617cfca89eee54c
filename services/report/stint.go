package report

import (
	"strings"

	"plantroom"
)

// round is one episode of an order: from its raising or reopening until it is
// reopened again.
type round struct {
	number   int // from 1
	incident plantroom.IncidentID
	partOf   plantroom.OrderID // the whole, of a part
	begun    plantroom.Instant
	occurred plantroom.Instant
	severity []step // what it was from when on
	pauses   []plantroom.Pause
	stints   []*stint
	released plantroom.Instant // when a sensor saw that nobody was trapped any more
	proved   plantroom.Instant // when a sensor has proved the repair
	reopened []Evidence        // the row that began it, where the order was reopened
}

type step struct {
	at       plantroom.Instant
	severity plantroom.Severity
}

// at is the severity at an instant.
func (r *round) at(at plantroom.Instant) plantroom.Severity {
	s := plantroom.NoSeverity
	for i, step := range r.severity {
		if i == 0 || step.at <= at {
			s = step.severity
		}
	}
	return s
}

// stint is the time during which one contractor has the order, from a dispatch on.
type stint struct {
	link       int
	contract   plantroom.ContractID
	contractor plantroom.ContractorID
	from, to   plantroom.Instant // zero to: it still has it, or has finished it
	clocks     []plantroom.Clock // as they were at its end
	why        string            // it ended
	accepted   plantroom.Instant
	arrived    plantroom.Instant
	fixed      plantroom.Instant // the claim that stands
	proved     plantroom.Instant
	rows       []plantroom.LedgerRow
}

// The ways in which a stint ends without a proof.
const (
	declined  = "it declined the order"
	cancelled = "the order was cancelled"
	takenAway = "the order was given to another one"
	handedOn  = "the office gave the order to another one"
	merged    = "another order of the same cause went on with it"
)

// story walks through what is written of an order.
type story struct {
	record *Record
	rounds []*round
	opened map[plantroom.IncidentID]step
}

// rounds parts an order into its rounds and stints.
func rounds(r *Record) ([]*round, error) {
	if r.Rows == nil && straight(&r.Order) {
		return []*round{onlyRound(r)}, nil
	}
	s := story{record: r, opened: map[plantroom.IncidentID]step{}}
	for i := range r.Rows {
		row := &r.Rows[i]
		e, err := told(row)
		switch {
		case err != nil:
			return nil, err
		case row.Kind == "incident.opened":
			s.opened[plantroom.IncidentID(row.Subject)] = step{row.At, severityOf(e.Severity)}
		case row.Kind == "order.raise":
			s.begin(row, e)
		case len(s.rounds) > 0:
			s.take(row, e)
		}
	}
	if len(s.rounds) > 0 {
		s.end()
	}
	return s.rounds, nil
}

// round is the present one.
func (s *story) round() *round { return s.rounds[len(s.rounds)-1] }

// stint is the present one, nil where nobody has the order.
func (s *story) stint() *stint {
	r := s.round()
	if n := len(r.stints); n > 0 && r.stints[n-1].to.IsZero() {
		return r.stints[n-1]
	}
	return nil
}

func (s *story) take(row *plantroom.LedgerRow, e entry) {
	switch row.Kind {
	case "order.reopen":
		s.round().pauses = e.Pauses
		s.close(row, e.Clocks, takenAway)
		s.begin(row, e)
		s.round().reopened = []Evidence{{Seq: row.Seq, Hash: row.Hash, Kind: row.Kind, At: row.At}}
	case "order.dispatch":
		s.close(row, nil, takenAway)
		r := s.round()
		r.stints = append(r.stints, &stint{link: e.Link, contract: e.Contract, contractor: e.Contractor, from: row.At, clocks: e.Clocks})
	case "order.decline":
		s.note(row)
		s.close(row, e.Clocks, declined)
		return
	case "order.cancel":
		s.note(row)
		s.close(row, e.Clocks, cancelled)
		return
	case "order.transfer":
		s.note(row)
		s.close(row, e.Clocks, handedOn)
		return
	case "order.merge": // what went on with the other order is none of this one's any more
		s.note(row)
		s.close(row, append([]plantroom.Clock{}, e.Clocks...), merged)
		return
	case "order.worsened", "order.carries":
		s.round().severity = append(s.round().severity, step{row.At, severityOf(e.Severity)})
	case "incident.released":
		s.round().released = e.Source
	}
	if st := s.stint(); st != nil {
		st.take(row, e)
		if row.Kind == "order.prove" {
			s.round().proved = st.proved
		}
	} else if row.Kind == "order.prove" {
		s.round().proved = e.Source
	}
	s.note(row)
}

// note keeps a row with the stint that it belongs to. That a job link was looked
// at, or refused, says nothing of a promise, and may come long after.
func (s *story) note(row *plantroom.LedgerRow) {
	if st := s.stint(); st != nil && !strings.HasPrefix(row.Kind, "link.") {
		st.rows = append(st.rows, *row)
	}
}

func (s *story) begin(row *plantroom.LedgerRow, e entry) {
	r := &round{number: len(s.rounds) + 1, incident: e.Incident, begun: row.At, partOf: s.record.Order.PartOf}
	in := s.record.incident(e.Incident)
	r.occurred = in.Episode
	first := s.opened[e.Incident]
	if n := len(s.rounds); n > 0 && s.rounds[n-1].incident == e.Incident { // cancelled, and taken up again
		r.occurred, first = row.At, step{row.At, in.Severity}
	}
	if e.Severity != "" { // a part's
		first = step{row.At, severityOf(e.Severity)}
	}
	r.severity = []step{first}
	s.rounds = append(s.rounds, r)
}

// close ends the present stint, with its clocks as they were at that moment.
func (s *story) close(row *plantroom.LedgerRow, clocks []plantroom.Clock, why string) {
	st := s.stint()
	if st == nil {
		return
	}
	st.to, st.why = row.At, why
	if clocks != nil {
		st.clocks = clocks
	}
	if st.proved > 0 {
		st.to = 0 // it was done by then; what follows is another round
	}
}

// end takes from the order itself how its last stint stands.
func (s *story) end() {
	r := s.round()
	r.pauses = s.record.Order.Pauses
	if st := s.stint(); st != nil {
		st.clocks = s.record.Order.Clocks
	}
}

func (st *stint) take(row *plantroom.LedgerRow, e entry) {
	if e.Clocks != nil {
		st.clocks = e.Clocks
	}
	switch row.Kind {
	case "order.acknowledge":
		st.accepted = row.At
	case "order.unacknowledge":
		st.accepted = 0
	case "order.arrive":
		st.arrived = row.At
	case "order.fix":
		st.fixed = row.At
	case "order.contradict", "order.doubt":
		st.fixed = 0
	case "order.prove":
		st.proved = e.Source
	}
}

// onlyRound is the round of an order that has had but one, and one contractor.
func onlyRound(r *Record) *round {
	o, in := &r.Order, r.incident(r.Order.Incident)
	begun := step{o.Raised, o.Severity}
	if len(o.Rises) > 0 {
		begun.severity = o.Rises[0].From
	}
	out := &round{number: 1, incident: o.Incident, begun: o.Raised, occurred: in.Episode, severity: []step{begun}, pauses: o.Pauses,
		released: in.Released, proved: min(in.Proved, o.Verified)}
	for _, rise := range o.Rises {
		out.severity = append(out.severity, step{rise.At, rise.To})
	}
	out.stints = []*stint{{link: o.Link, contract: o.Contract, contractor: o.Contractor, from: o.Dispatched, clocks: o.Clocks,
		accepted: o.Acknowledged, arrived: o.Attended, fixed: o.Restored, proved: out.proved}}
	return out
}
