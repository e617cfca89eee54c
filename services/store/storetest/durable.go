package storetest

import (
	"io"
	"testing"

	"plantroom"
)

// Durable checks that a store which is closed and opened again holds what it
// held. place makes a fresh database and returns what opens it, any number of
// times one after the other; the stores implement io.Closer.
func Durable(t *testing.T, place func(t *testing.T) (open func(t *testing.T) plantroom.Store)) {
	open := place(t)
	s := open(t)
	update(t, s, writeEverything)
	before := everything(t, s)
	for range 3 {
		closeStore(t, s)
		s = open(t)
		wantEqual(t, everything(t, s), before)
	}
	update(t, s, func(tx plantroom.Tx) error {
		id, err := tx.NextOrderID()
		wantEqual(t, id, "wo-000002")
		return err
	})
	appendRows(t, s, row("a", 2))
	wantChain(t, wholeLedger(t, s))
	closeStore(t, s)
}

func closeStore(t *testing.T, s plantroom.Store) {
	t.Helper()
	if err := s.(io.Closer).Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

// contents is all that a store holds.
type contents struct {
	Progress   []plantroom.Progress
	Gaps       []plantroom.Gap
	Detections []plantroom.Detection
	Incidents  []plantroom.Incident
	Orders     []plantroom.WorkOrder
	Ledger     []plantroom.LedgerRow
	Calls      []plantroom.Call
	Quarantine []plantroom.Quarantined
	Sent       []plantroom.Configuration
}

func everything(t *testing.T, s plantroom.Store) contents {
	t.Helper()
	return contents{
		Progress:   read(t, s, func(tx plantroom.Tx) ([]plantroom.Progress, error) { return tx.AllProgress() }),
		Gaps:       read(t, s, func(tx plantroom.Tx) ([]plantroom.Gap, error) { return tx.Gaps("gw-b1") }),
		Detections: read(t, s, func(tx plantroom.Tx) ([]plantroom.Detection, error) { return tx.Detections() }),
		Incidents: read(t, s, func(tx plantroom.Tx) ([]plantroom.Incident, error) {
			return tx.Incidents(plantroom.IncidentFilter{})
		}),
		Orders: read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) {
			return tx.Orders(plantroom.OrderFilter{})
		}),
		Ledger:     wholeLedger(t, s),
		Calls:      read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.Calls("", 0) }),
		Quarantine: quarantined(t, s, 0),
		Sent:       read(t, s, func(tx plantroom.Tx) ([]plantroom.Configuration, error) { return tx.Configurations() }),
	}
}
