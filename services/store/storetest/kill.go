package storetest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"plantroom"
)

// placeVariable tells a child process where its database is.
const placeVariable = "PLANTROOM_STORETEST_PLACE"

// kills is how often SurvivesKill kills.
const kills = 12

// SurvivesKill checks that kill -9 in the middle of writing loses nothing
// that an Update has confirmed, and leaves no transaction half done. It runs
// the test that calls it again in a child process, which writes to the
// database at place until it is killed; open opens that database.
func SurvivesKill(t *testing.T, place string, open func(t *testing.T, place string) plantroom.Store) {
	if at := os.Getenv(placeVariable); at != "" {
		writeForEver(t, open(t, at))
		return
	}
	confirmed := 0
	for round := range kills {
		last := killWriter(t, place, confirmed+1+3*round)
		s := open(t, place)
		confirmed = wantWhole(t, s, last)
		closeStore(t, s)
	}
}

// writeForEver commits one episode after the other, continuing behind what is
// there, and prints the number of each one that is confirmed.
func writeForEver(t *testing.T, s plantroom.Store) {
	n := len(read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) {
		return tx.Orders(plantroom.OrderFilter{Limit: 1 << 20})
	}))
	for {
		n++
		update(t, s, func(tx plantroom.Tx) error { return writeEpisode(tx, n) })
		if _, err := fmt.Printf("confirmed %d\n", n); err != nil {
			return // the parent has gone
		}
	}
}

// writeEpisode is what happens when an incident opens.
func writeEpisode(tx plantroom.Tx, n int) error {
	in := incident(plantroom.AssetID(fmt.Sprintf("asset-%06d", n)), "lift.fault", clock(int64(n)))
	if err := tx.InsertIncident(in); err != nil {
		return err
	}
	o := order(n, in)
	if err := tx.InsertOrder(o); err != nil {
		return err
	}
	o.Version, o.State = 2, plantroom.Dispatched
	if err := tx.UpdateOrder(o); err != nil {
		return err
	}
	subject := string(o.ID)
	if err := tx.AppendLedger(row(subject, n), row(subject, n), row(subject, n)); err != nil {
		return err
	}
	return tx.InsertCalls(call(plantroom.MessageID(subject+"-1"), n, clock(int64(n))))
}

// killWriter starts a writing child, kills it as soon as it has confirmed
// number until, and returns the last number that it confirmed.
func killWriter(t *testing.T, place string, until int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), placeVariable+"="+place)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := 0
	var other string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "confirmed %d", &last); err != nil {
			other += lines.Text() + "\n"
		}
		if last >= until {
			_ = cmd.Process.Kill() // what it confirms until it dies is still read
		}
	}
	err = cmd.Wait()
	if last < until {
		t.Fatalf("the writer stopped at %d of %d by itself: %v\n%s", last, until, err, other)
	}
	return last
}

// wantWhole checks that all episodes up to the last confirmed one are there,
// that at most one more is, and that each is whole. It returns how many.
func wantWhole(t *testing.T, s plantroom.Store, confirmed int) int {
	t.Helper()
	orders := read(t, s, func(tx plantroom.Tx) ([]plantroom.WorkOrder, error) {
		return tx.Orders(plantroom.OrderFilter{Limit: 1 << 20})
	})
	n := len(orders)
	if n != confirmed && n != confirmed+1 {
		t.Fatalf("%d orders are there, %d were confirmed", n, confirmed)
	}
	for i, o := range orders {
		if o.ID != orderID(n-i) || o.Version != 2 || o.State != plantroom.Dispatched {
			t.Fatalf("order %s at version %d is %s: a transaction was torn", o.ID, o.Version, o.State)
		}
	}
	ledger := read(t, s, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.Ledger(0, 1<<20) })
	wantChain(t, ledger)
	open := read(t, s, func(tx plantroom.Tx) ([]plantroom.Incident, error) { return tx.OpenIncidents() })
	calls := read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.Calls(plantroom.CallPending, 1<<20) })
	wantEqual(t, []int{len(ledger), len(open), len(calls)}, []int{3 * n, n, n})
	return n
}
