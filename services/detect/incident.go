package detect

import "plantroom"

// watch is one rule on one asset, with the incident that is not closed.
type watch struct {
	incident *plantroom.Incident // nil: all is well
	rule     plantroom.RuleID
	domain   plantroom.DomainName // of the rule
	byRule   int                  // clean cycles that the rule asks for
	asset    plantroom.Asset
}

type watchKey struct {
	rule  plantroom.RuleID
	asset plantroom.AssetID
}

func (w *watch) key() watchKey { return watchKey{w.rule, w.asset.ID} }

// know makes a watch findable by its rule and asset.
func (e *Engine) know(w *watch) { e.byWatch[w.key()] = w }

// apply compares a verdict, which is a level, with the incident, and draws
// the consequences.
func (e *Engine) apply(now plantroom.Instant, w *watch, v *plantroom.Verdict) {
	switch {
	case w.incident == nil && v.Active:
		e.open(now, w, v)
	case w.incident == nil:
	case v.Active:
		e.hold(w, v)
	default:
		e.clear(now, w, v)
	}
}

func (e *Engine) open(now plantroom.Instant, w *watch, v *plantroom.Verdict) {
	w.incident = &plantroom.Incident{
		ID:       plantroom.NewIncidentID(w.rule, w.asset.ID, v.Since),
		Rule:     w.rule,
		Asset:    w.asset.ID,
		Domain:   w.domain,
		Building: w.asset.Building,
		Episode:  v.Since,
		State:    plantroom.IncidentOpen,
		Severity: v.Severity,
		Cause:    v.Cause,
		Detail:   v.Detail,
		Opened:   now,
		Needed:   e.needed(now, w),
	}
	e.emit(plantroom.IncidentOpened, w)
	e.release(w, v)
}

func (e *Engine) needed(now plantroom.Instant, w *watch) int {
	n := w.byRule
	if e.clean != nil {
		n = e.clean(now, w.asset, w.rule, n)
	}
	return min(max(n, 1), MaxClean)
}

// hold handles a condition that holds while there is an incident of it.
func (e *Engine) hold(w *watch, v *plantroom.Verdict) {
	inc := w.incident
	if inc.State == plantroom.IncidentClearing || !inc.Released.IsZero() && !v.Released {
		inc.State, inc.Cleared, inc.Clean, inc.Released = plantroom.IncidentOpen, 0, 0, 0
		inc.Detail = v.Detail
		inc.Relapses++
		e.emit(plantroom.IncidentRelapsed, w)
	}
	if v.Severity > inc.Severity || v.Cause != inc.Cause { // told apart from the relapse, because more follows from it
		inc.Severity = max(inc.Severity, v.Severity)
		inc.Cause, inc.Detail = v.Cause, v.Detail
		e.emit(plantroom.IncidentWorsened, w)
	}
	e.release(w, v)
}

func (e *Engine) release(w *watch, v *plantroom.Verdict) {
	if v.Released && w.incident.Released.IsZero() {
		w.incident.Released = v.At
		e.emit(plantroom.IncidentReleased, w)
	}
}

// clear handles a condition that is gone: first the incident is clearing, and
// with the last needed clean cycle it is proved and closed.
func (e *Engine) clear(now plantroom.Instant, w *watch, v *plantroom.Verdict) {
	inc := w.incident
	if v.At.IsZero() {
		return // the detector has no evidence at all: it was never restored
	}
	e.release(w, v)
	if inc.State == plantroom.IncidentOpen {
		inc.State, inc.Cleared, inc.Clean = plantroom.IncidentClearing, v.At, 0
		e.emit(plantroom.IncidentCleared, w)
	}
	if v.Clean <= inc.Clean {
		return
	}
	inc.Clean = min(v.Clean, inc.Needed)
	if v.Clean < inc.Needed {
		e.emit(plantroom.IncidentProgress, w)
		return
	}
	inc.State, inc.Proved, inc.Closed = plantroom.IncidentClosed, v.At, now
	e.emit(plantroom.IncidentProved, w)
	w.incident = nil
}

func (e *Engine) emit(change plantroom.IncidentChange, w *watch) {
	e.events = append(e.events, plantroom.IncidentEvent{Change: change, Incident: *w.incident})
}
