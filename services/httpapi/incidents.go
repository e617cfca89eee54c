package httpapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"plantroom"
)

// incidentCursor is the place of an incident in the list, newest episode
// first: "<episode>_<id>". Several incidents may share an episode (a power
// cut stops eight lifts at once), so the id is part of it.
func incidentCursor(inc plantroom.Incident) string {
	return inc.Episode.String() + "_" + string(inc.ID)
}

func parseIncidentCursor(s string) (plantroom.Incident, error) {
	var inc plantroom.Incident
	at, id, ok := strings.Cut(s, "_")
	if !ok || inc.Episode.UnmarshalText([]byte(at)) != nil || plantroom.ValidID(id) != nil {
		return inc, plantroom.Errorf(plantroom.CodeInvalid, "query parameter \"after\" is %q: take it from \"next\" of the page before", clip(s))
	}
	inc.ID = plantroom.IncidentID(id)
	return inc, nil
}

// newestFirst orders incidents by episode, and by id within one.
func newestFirst(a, b plantroom.Incident) int {
	return cmp.Or(cmp.Compare(b.Episode, a.Episode), cmp.Compare(a.ID, b.ID))
}

func (a *API) incidents(w http.ResponseWriter, r *http.Request, q *query) error {
	f := plantroom.IncidentFilter{Asset: plantroom.AssetID(q.id("asset")), Domain: plantroom.DomainName(q.id("domain")),
		From: q.instant("from"), To: q.instant("to")}
	open, limit := q.flag("open"), q.limit()
	if q.err != nil {
		return q.err
	}
	var after *plantroom.Incident
	if s := q.values.Get("after"); s != "" {
		inc, err := parseIncidentCursor(s)
		if err != nil {
			return err
		}
		after = &inc
	}
	var items []plantroom.Incident
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		items, err = selectIncidents(tx, f, open, after, limit+1)
		return err
	})
	if err != nil {
		return err
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		next = incidentCursor(items[limit-1])
	}
	return send(w, http.StatusOK, listOf(items, next))
}

// selectIncidents returns up to n incidents that come behind after in the
// order of newestFirst.
func selectIncidents(tx plantroom.Tx, f plantroom.IncidentFilter, open bool, after *plantroom.Incident, n int) ([]plantroom.Incident, error) {
	rest := func(all []plantroom.Incident) []plantroom.Incident {
		all = slices.DeleteFunc(all, func(inc plantroom.Incident) bool {
			return !matches(inc, f) || after != nil && newestFirst(inc, *after) <= 0
		})
		slices.SortFunc(all, newestFirst)
		return all
	}
	if open {
		all, err := tx.OpenIncidents()
		all = rest(all)
		return all[:min(n, len(all))], err
	}
	if after != nil && (f.To.IsZero() || f.To > after.Episode) {
		f.To = after.Episode + 1
	}
	// The store does not say how it orders incidents of one episode: read on
	// until the last episode of the page is certainly complete.
	for f.Limit = n + 1; ; f.Limit *= 2 {
		all, err := tx.Incidents(f)
		if err != nil {
			return nil, err
		}
		complete := len(all) < f.Limit
		var oldest plantroom.Instant
		if len(all) > 0 {
			oldest = all[len(all)-1].Episode
		}
		if all = rest(all); complete || len(all) > n && all[n-1].Episode > oldest {
			return all[:min(n, len(all))], nil
		}
	}
}

// matches applies a filter to an incident that did not come through it.
func matches(inc plantroom.Incident, f plantroom.IncidentFilter) bool {
	return (f.Asset == "" || inc.Asset == f.Asset) && (f.Domain == "" || inc.Domain == f.Domain) &&
		inc.Episode >= f.From && (f.To.IsZero() || inc.Episode < f.To)
}

func (a *API) incident(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var inc plantroom.Incident
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		inc, err = tx.Incident(plantroom.IncidentID(id))
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, inc)
}
