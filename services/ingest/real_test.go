package ingest_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/influx"
	"plantroom/services/influxd"
	"plantroom/services/influxd/influxdtest"
	"plantroom/services/ingest"
	"plantroom/services/store"
)

// realRig is an ingest on a real store and a real InfluxDB.
func realRig(t testing.TB, change ...func(*ingest.Options)) (*rig, *influxd.Server, *influx.Reader) {
	t.Helper()
	db := influxdtest.Start(t, influxd.Options{})
	opt := influx.Options{URL: db.URL(), Database: db.Database()}
	w := influx.NewWriter(opt)
	t.Cleanup(w.Close)
	file, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	r := newRig(t, append([]func(*ingest.Options){func(o *ingest.Options) { o.Store, o.Writer, o.Core = file, w, bare{newCore()} }}, change...)...)
	r.url = db.URL()
	return r, db, influx.NewReader(opt)
}

// bare is a core that judges nothing and keeps nothing: the roads around it
// are what is tested.
type bare struct{ *core }

func (bare) Judge(plantroom.Tx, plantroom.Instant, plantroom.GatewayID, []plantroom.Reading) error {
	return nil
}

func TestRealAReplayShuffledThreeTimesGivesTheSameContent(t *testing.T) {
	r, _, reader := realRig(t)
	var stream []ingest.Delivery
	for first := 1; first <= 3000; first += 500 {
		stream = append(stream, up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(first), Records: fills(t, "bin-1", first, first+499)}))
	}
	content := func() string {
		got, err := reader.Query(t.Context(), `SELECT count(fill), sum(fill), first(fill), last(fill) FROM bin GROUP BY *`)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(got)
	}
	r.judge(stream...)
	r.flush()
	before := content()
	for round := range 3 {
		for i := range stream {
			r.judge(stream[(i*5+round)%len(stream)])
		}
		r.in = ingest.New(r.opt) // a crash
		r.judge(stream...)
		r.flush()
	}
	if after := content(); after != before {
		t.Errorf("content\n%s\nthen\n%s", before, after)
	}
	if n, err := reader.Count(t.Context(), "bin"); n != 3000 || err != nil {
		t.Errorf("%d values, %v", n, err)
	}
}

func TestRealPoisonAmongFiveThousand(t *testing.T) {
	r, _, reader := realRig(t)
	// The database already knows "status" as a number: each state is poison.
	seed := influx.NewWriter(influx.Options{URL: r.url, Database: "plantroom"})
	t.Cleanup(seed.Close)
	s := &plantroom.Series{Measurement: "bin", Estate: "story", Building: "b1", Asset: "asset-bin-1", Device: "bin-1"}
	if _, err := seed.Write(t.Context(), []plantroom.Point{{Series: s, Signal: "status", Value: plantroom.Float(1), At: fill("", 1).At}}); err != nil {
		t.Fatal(err)
	}
	records := fills(t, "bin-1", 1, 5000)
	for _, n := range []int{0, 1234, 4999} {
		rd := fill("bin-1", n+1)
		rd.Signal, rd.Value = "status", plantroom.String("ok")
		records[n] = record(t, plantroom.Record{Reading: rd})
	}
	r.judge(up(t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: records}))
	wantAcks(t, r.flush(), "gw-b1 e7 seen 5000 stored 5000")
	if n, err := reader.Count(t.Context(), "bin"); n != 4997+1 || err != nil {
		t.Errorf("%d values, %v", n, err)
	}
	var rows []plantroom.Quarantined
	err := r.opt.Store.View(t.Context(), func(tx plantroom.Tx) (err error) {
		rows, err = tx.Quarantine(10)
		return err
	})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d set aside, %v", len(rows), err)
	}
	for _, q := range rows {
		if q.Stage != "influx" || q.Seq != 1 && q.Seq != 1235 && q.Seq != 5000 {
			t.Errorf("set aside: %+v", q)
		}
	}
	if n := r.opt.Writer.(*influx.Writer).Requests(); n > 1+2*3*13 {
		t.Errorf("%d requests", n)
	}
}

func TestRealTheDatabaseIsKilledAndNothingIsLost(t *testing.T) {
	r, db, reader := realRig(t, func(o *ingest.Options) { o.MaxQueue = 2000 })
	g := &gatewayModel{id: "gw-b1", device: "bin-1", base: 1, next: 1, cursor: 1, records: map[uint64][]byte{}}
	deadline := time.Now().Add(30 * time.Second)
	for step := 0; g.next < 20_000 || g.base < g.next; step++ {
		if time.Now().After(deadline) {
			t.Fatalf("the gateway still holds %d to %d", g.base, g.next)
		}
		for range 500 {
			if g.next < 20_000 {
				g.accept(t, false)
			}
		}
		if pid := db.PID(); step%15 == 5 && pid != 0 && g.next < 20_000 {
			// ESRCH: the last one is dead already, and the next not yet born.
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Fatal(err)
			}
		}
		r.exchange(g)
	}
	if n, err := reader.Count(t.Context(), "bin"); n != 19_999 || err != nil {
		t.Errorf("%d values, %v", n, err)
	}
	if db.Restarts() == 0 {
		t.Error("the database was never killed")
	}
}

// exchange lets a gateway and the server talk once.
func (r *rig) exchange(g *gatewayModel) {
	r.t.Helper()
	r.now = r.now.Add(time.Second)
	var acks []ingest.GatewayAck
	if d, ok := g.send(r.t, 1000); ok {
		acks = r.judge(d)
	}
	more, _ := r.in.Flush(r.t.Context(), r.now) // fails while the database is down
	acks = append(append(acks, more...), r.tick()...)
	for _, a := range acks {
		g.acked(a.Ack)
	}
}
