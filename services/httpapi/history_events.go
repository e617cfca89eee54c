package httpapi

import (
	"net/http"

	"plantroom"
	"plantroom/services/history"
)

// pastEventsView is the envelope of events. Next is there always: behind it the
// story goes on.
type pastEventsView struct {
	Items   []history.EventItem `json:"items"`
	Unknown []string            `json:"unknown"`
	AsOf    plantroom.Instant   `json:"as_of"`
	Next    int64               `json:"next"`
	More    bool                `json:"more,omitempty"`
}

func (a *API) pastEvents(w http.ResponseWriter, r *http.Request, q *query) error {
	f := q.filter()
	want := history.EventQuery{Behind: q.values.Get("after") != "", After: q.sequence("after"), Subject: q.id("subject"), Limit: q.limit()}
	if want.Behind || want.Subject != "" {
		want.From, want.To = q.instant("from"), q.instant("to")
	} else {
		want.From, want.To = q.span()
	}
	none := ""
	if len(f.Contractors)+len(f.Severities) == 0 { // both change, and what else is asked for never does
		want.Known = func(subject string) (known bool) {
			_, err := a.opt.History.Read(func(t *history.Table) error { known = t.Knows(subject); return nil })
			return err == nil && known
		}
	}
	p, err := ask(a, q, &f, func(t *history.Table, b *history.Book) ([]history.EventItem, error) {
		if want.Subject != "" {
			none = t.UnknownSubject(b, want.Subject)
		}
		want.Followed = t.Followed()
		return nil, nil
	})
	if err != nil {
		return err
	}
	if none != "" { // what else the ledger files under such a name is not told of, however much it is
		return send(w, http.StatusOK, pastEventsView{Items: []history.EventItem{}, Unknown: append(p.Unknown, none), AsOf: p.AsOf, Next: want.After})
	}
	book, err := a.books.of(a.opt.Estate(), a.opt.Domains)
	if err != nil {
		return err
	}
	var page history.EventPage
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		page, err = history.ReadEvents(tx, &want, func(rows []plantroom.LedgerRow) (items []history.EventItem, err error) {
			_, err = a.opt.History.Read(func(t *history.Table) error {
				items = t.Events(book, &f, rows)
				return nil
			})
			return items, err
		})
		return err
	})
	if err != nil {
		return err
	}
	if page.Items == nil {
		page.Items = []history.EventItem{}
	}
	return send(w, http.StatusOK, pastEventsView{Items: page.Items, Unknown: p.Unknown, AsOf: p.AsOf, Next: page.Next, More: page.More})
}
