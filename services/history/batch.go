package history

import (
	"strings"

	"plantroom"
)

// changeOf says what a row of the ledger is about.
func changeOf(r *plantroom.LedgerRow) (change, bool) {
	switch {
	case strings.HasPrefix(r.Subject, orderPrefix):
		return change{ChangedOrder, r.Subject}, true
	case strings.HasPrefix(r.Subject, incidentPrefix):
		return change{ChangedIncident, r.Subject}, true
	case strings.HasPrefix(r.Kind, "works."):
		return change{ChangedWorks, r.Subject}, true
	}
	return change{}, false
}

// batch is what one transaction has read.
type batch struct {
	at        Position          // up to where the ledger is followed with it
	began     plantroom.Instant // of the ledger; 0: its first row is not among those that were read
	about     map[change]struct{}
	orders    []plantroom.WorkOrder
	incidents []plantroom.Incident
	works     []plantroom.Works
}

// read reads things by name. What is not there was an id that looked like one.
func (b *batch) read(tx plantroom.Tx, about map[change]struct{}) error {
	b.about = about
	for c := range about {
		var err error
		switch c.kind {
		case ChangedOrder:
			b.orders, err = with(b.orders, plantroom.OrderID(c.subject), tx.Order)
		case ChangedIncident:
			b.incidents, err = with(b.incidents, plantroom.IncidentID(c.subject), tx.Incident)
		case ChangedWorks:
			b.works, err = with(b.works, plantroom.WorksID(c.subject), tx.Works)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func with[K, V any](list []V, id K, read func(K) (V, error)) ([]V, error) {
	v, err := read(id)
	if plantroom.CodeOf(err) == plantroom.CodeNotFound && err != nil {
		return list, nil
	}
	return append(list, v), err
}

// apply puts a batch into the Table. What a newer program has written in words that
// are not known here stays as it was.
func (f *Follower) apply(b *batch) {
	var refused []error
	f.mu.Lock()
	f.table.Began(b.began)
	f.table.followed = b.at.Seq
	for i := range b.incidents {
		if err := f.table.PutIncident(&b.incidents[i]); err != nil {
			refused = append(refused, err)
		}
	}
	for i := range b.orders {
		if err := f.table.Put(&b.orders[i]); err != nil {
			refused = append(refused, err)
		}
	}
	for i := range b.works {
		f.table.PutWorks(b.works[i])
	}
	f.mu.Unlock()
	f.read.Add(int64(len(b.orders) + len(b.incidents)))
	f.at = b.at
	for _, err := range refused {
		if f.refused++; f.refused <= 10 {
			f.log.Warn("follow the store: something is left out of the history", "error", err, "next", "run the newest program on this database")
		}
	}
}
