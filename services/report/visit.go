package report

import (
	"plantroom"
)

// Visit is one time that somebody of a contractor has come.
type Visit struct {
	Order    plantroom.OrderID    `json:"order"`
	Asset    plantroom.AssetID    `json:"asset"`
	Contract plantroom.ContractID `json:"contract"`
	Arrived  plantroom.Instant    `json:"arrived"`
	Left     plantroom.Instant    `json:"left,omitzero"` // zero: still at work
	Evidence []Evidence           `json:"evidence,omitempty"`
}

// Visits returns the visits of an order. The work lasts from the arrival to the
// "fixed" that was not contradicted, or to the proof where that was seen before,
// or until the order was declined or cancelled, or went on to somebody else.
func Visits(r *Record) ([]Visit, error) {
	rs, err := rounds(r)
	if err != nil {
		return nil, err
	}
	var out []Visit
	for _, round := range rs {
		for _, st := range round.stints {
			if st.arrived.IsZero() {
				continue
			}
			v := Visit{Order: r.Order.ID, Asset: r.Order.Asset, Contract: st.contract, Arrived: st.arrived, Left: left(st)}
			for i := range st.rows {
				switch row := &st.rows[i]; row.Kind {
				case "order.arrive", "order.fix", "order.prove", "order.decline", "order.cancel", "order.transfer", "order.merge":
					v.Evidence = append(v.Evidence, Evidence{Seq: row.Seq, Hash: row.Hash, Kind: row.Kind, At: row.At})
				}
			}
			out = append(out, v)
		}
	}
	return out, nil
}

// left is when the work of a stint ended, zero where it has not. A proof that lies
// before the arrival ended it at once.
func left(st *stint) plantroom.Instant {
	end := st.to
	for _, at := range []plantroom.Instant{st.fixed, st.proved} {
		if !at.IsZero() {
			at = max(at, st.arrived)
			if end.IsZero() || at < end {
				end = at
			}
		}
	}
	return end
}
