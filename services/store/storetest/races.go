package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"plantroom"
)

var raceCases = []testCase{
	{"of many writers of one version one wins", raceOneVersion},
	{"writers that try again lose no update", raceNoLostUpdate},
	{"of many openings of one episode one wins", raceOneIncident},
	{"many servers raise one order for an incident", raceOneOrder},
	{"concurrent writers extend one chain, and readers never see it broken", raceLedger},
}

// racers is how many goroutines compete.
const racers = 16

// race runs f in many goroutines that start together and waits for them.
func race(f func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(racers)
	for i := range racers {
		done.Go(func() {
			ready.Done()
			<-begin
			f(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}

// onlyOneWins runs f in many goroutines: one has to succeed, all others have
// to be refused with CodeConflict.
func onlyOneWins(t *testing.T, s plantroom.Store, f func(i int, tx plantroom.Tx) error) {
	t.Helper()
	var won atomic.Int32
	race(func(i int) {
		err := s.Update(t.Context(), func(tx plantroom.Tx) error { return f(i, tx) })
		switch plantroom.CodeOf(err) {
		case "":
			won.Add(1)
		case plantroom.CodeConflict:
		default:
			t.Errorf("racer %d: %v", i, err)
		}
	})
	wantEqual(t, won.Load(), 1)
}

func raceOneVersion(t *testing.T, s plantroom.Store) {
	o := order(1, incident("b1-l1", "lift.fault", clock(0)))
	insertOrder(t, s, o)
	onlyOneWins(t, s, func(i int, tx plantroom.Tx) error {
		mine := o
		mine.Version, mine.By = 2, fmt.Sprint("racer ", i)
		return tx.UpdateOrder(mine)
	})
	got := read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.Order(o.ID) })
	wantEqual(t, got.Version, 2)
}

func raceNoLostUpdate(t *testing.T, s plantroom.Store) {
	const each = 10
	insertOrder(t, s, order(1, incident("b1-l1", "lift.fault", clock(0))))
	race(func(int) {
		for range each {
			for {
				err := contradictOnce(t, s)
				if err == nil {
					break
				}
				if plantroom.CodeOf(err) != plantroom.CodeConflict {
					t.Error(err)
					return
				}
			}
		}
	})
	got := read(t, s, func(tx plantroom.Tx) (plantroom.WorkOrder, error) { return tx.Order("wo-000001") })
	wantEqual(t, got.Contradicted, racers*each)
	wantEqual(t, got.Version, 1+racers*each)
}

// contradictOnce reads an order in one transaction and writes it in another,
// as a page and its form do.
func contradictOnce(t *testing.T, s plantroom.Store) error {
	var o plantroom.WorkOrder
	err := s.View(t.Context(), func(tx plantroom.Tx) (err error) {
		o, err = tx.Order("wo-000001")
		return err
	})
	if err != nil {
		return err
	}
	o.Version++
	o.Contradicted++
	return s.Update(t.Context(), func(tx plantroom.Tx) error { return tx.UpdateOrder(o) })
}

func raceOneIncident(t *testing.T, s plantroom.Store) {
	onlyOneWins(t, s, func(i int, tx plantroom.Tx) error {
		return tx.InsertIncident(incident("b1-l1", "lift.fault", clock(int64(i%2))))
	})
	wantEqual(t, len(read(t, s, func(tx plantroom.Tx) ([]plantroom.Incident, error) { return tx.OpenIncidents() })), 1)
}

func raceOneOrder(t *testing.T, s plantroom.Store) {
	in := incident("b1-l1", "lift.fault", clock(0))
	onlyOneWins(t, s, func(_ int, tx plantroom.Tx) error {
		id, err := tx.NextOrderID()
		if err != nil {
			return err
		}
		o := order(1, in)
		o.ID = id
		return tx.InsertOrder(o)
	})
	wantEqual(t, len(read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) { return tx.Orders(plantroom.OrderFilter{}) })), 1)
}

func raceLedger(t *testing.T, s plantroom.Store) {
	const each = 10
	race(func(i int) {
		for n := range each {
			err := s.Update(t.Context(), func(tx plantroom.Tx) error {
				subject := fmt.Sprintf("racer-%d", i)
				if err := tx.AppendLedger(row(subject, n), row(subject, n)); err != nil {
					return err
				}
				if n%3 == 0 { // some roll back after they have appended
					return plantroom.Errorf(plantroom.CodeInvalid, "taken back")
				}
				return nil
			})
			if want := n%3 != 0; (err == nil) != want {
				t.Errorf("racer %d: %v", i, err)
			}
			err = s.View(t.Context(), func(tx plantroom.Tx) error {
				rows, err := tx.Ledger(0, 10_000)
				wantChain(t, rows)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	rows := wholeLedger(t, s)
	wantEqual(t, len(rows), racers*2*6)
	wantChain(t, rows)
}
