package alerts

import (
	"plantroom"
)

// subject is what alerts are about, as it stands before one of them.
type subject struct {
	building plantroom.BuildingID
	memory   *memory
	open     *plantroom.Incident // nil: there is none
	// last is the episode of its newest incident, zero where it has had none. Two
	// episodes are never the same, or the second one would be the first.
	last plantroom.Instant
}

// judgement is what follows from an alert.
type judgement struct {
	outcome  Outcome
	why      string // it is refused
	incident plantroom.IncidentID
	events   []plantroom.IncidentEvent
}

// judge takes an alert. It changes the subject's memory and incident, and returns
// what has to be handed on.
//
// An alert is told from the next one of the same labels by when it began. Words
// come late, twice and out of order: one that began no later than the end that is
// known of it has been overtaken, and so has an end before the beginning that is
// known. Ends, not beginnings, decide, because two replicas of Grafana evaluate a
// rule moments apart and one may send the beginning and the other the end.
func (s *subject) judge(now plantroom.Instant, c claim) judgement {
	if c.firing {
		return s.fires(now, c)
	}
	return s.resolved(now, c)
}

func (s *subject) fires(now plantroom.Instant, c claim) judgement {
	outcome, w := Joined, s.memory.find(c.print)
	fresh := word{Print: c.print, Severity: c.severity, Starts: c.starts}
	switch {
	case w == nil:
		if w = s.memory.add(fresh); w == nil {
			return judgement{outcome: Refused, why: "as many alerts as are kept of an asset fire on it already: its order is out"}
		}
	case !w.fires() && c.starts <= w.Ends:
		return judgement{outcome: Stale}
	case !w.fires():
		*w = fresh
	case s.open != nil && c.starts <= w.Starts && c.severity <= w.Severity:
		return judgement{outcome: Repeated, incident: s.open.ID}
	default:
		outcome = GoesOn
		w.Starts, w.Severity = max(w.Starts, c.starts), max(w.Severity, c.severity)
	}
	j := judgement{outcome: outcome}
	switch {
	case s.open == nil:
		j.outcome = Raised
		s.begin(now, c)
		s.emit(&j, plantroom.IncidentOpened)
	case c.severity > s.open.Severity:
		s.open.Severity, s.open.Detail = c.severity, c.detail
		s.emit(&j, plantroom.IncidentWorsened)
	}
	w.Of, j.incident = s.open.Episode, s.open.ID
	return j
}

// begin opens an incident as of when the alert began, but not in the future and not
// at the moment of an earlier one.
func (s *subject) begin(now plantroom.Instant, c claim) {
	episode := max(min(c.starts, now), s.last+1)
	s.last = episode
	s.open = &plantroom.Incident{
		ID:       plantroom.NewIncidentID(RuleGrafana, c.asset, episode),
		Rule:     RuleGrafana,
		Asset:    c.asset,
		Domain:   plantroom.AlertsDomain,
		Building: s.building,
		Episode:  episode,
		State:    plantroom.IncidentOpen,
		Severity: c.severity,
		Cause:    cause,
		Detail:   c.detail,
		Opened:   now,
		Needed:   1,
	}
}

func (s *subject) resolved(now plantroom.Instant, c claim) judgement {
	w := s.memory.find(c.print)
	ends := max(c.ends, c.starts)
	if c.ends.IsZero() {
		ends = max(now, c.starts)
		if w != nil {
			ends = max(ends, w.Starts)
		}
	}
	over := word{Print: c.print, Severity: c.severity, Starts: c.starts, Ends: ends}
	outcome := Unheard
	switch {
	case w == nil:
		s.memory.add(over) // nil where there is no room: the beginning may then be taken for a new one
	case w.fires() && ends < w.Starts:
		return judgement{outcome: Stale}
	case w.fires():
		w.Ends, outcome = ends, Eased
	case c.starts > w.Ends:
		*w = over
	default:
		return judgement{outcome: Repeated}
	}
	j := judgement{outcome: outcome}
	if s.open == nil {
		return j
	}
	j.incident = s.open.ID
	if !s.memory.firing() {
		j.outcome = Resolved
		s.end(now, &j)
	}
	return j
}

// end closes the incident: the condition is gone, and that the sender says so is
// the clean cycle that proves it. That was when the last of its alerts ended.
func (s *subject) end(now plantroom.Instant, j *judgement) {
	in := s.open
	at := s.memory.over(in.Episode)
	if at.IsZero() {
		at = now // nothing is kept of its alerts
	}
	at = max(min(at, now), in.Episode)
	in.State, in.Cleared = plantroom.IncidentClearing, at
	s.emit(j, plantroom.IncidentCleared)
	in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, in.Needed, at, now
	s.emit(j, plantroom.IncidentProved)
	s.open = nil
}

func (s *subject) emit(j *judgement, change plantroom.IncidentChange) {
	j.incident = s.open.ID
	j.events = append(j.events, plantroom.IncidentEvent{Change: change, Incident: *s.open})
}
