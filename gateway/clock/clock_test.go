package clock

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// evening is the true time at the start of the machine in most tests.
const evening = plantroom.Instant(1_772_474_400_000_000_000) // 2026-03-02T18:00:00Z

const minute = time.Minute

// machine is a computer without a clock that runs without power.
type machine struct {
	id     BootID
	age    time.Duration     // since its start
	zero   plantroom.Instant // what its system's clock would have shown then
	synced bool
	kept   bool
}

func (m *machine) kernel() Moment {
	return Moment{ID: m.id, Wall: m.zero.Add(m.age), Boot: m.age, Synced: m.synced, Kept: m.kept}
}

// desk is a spool's numbers, and the records in it.
type desk struct {
	epoch, base uint64
	records     [][]byte
}

func (d *desk) Epoch() uint64 { return d.epoch }
func (d *desk) Base() uint64  { return d.base }
func (d *desk) Next() uint64  { return 1 + uint64(len(d.records)) }

// gateway is a machine with a spool and the clock of the program that runs.
type gateway struct {
	t   *testing.T
	dir string
	m   machine
	s   desk
	c   *Clock
	o   Options
}

func newGateway(t *testing.T) *gateway {
	return &gateway{t: t, dir: t.TempDir(), s: desk{epoch: 7, base: 1}}
}

// boot starts the machine anew with its clock at wall, and the program.
func (g *gateway) boot(id byte, wall plantroom.Instant) {
	g.m = machine{id: BootID{id}, zero: wall}
	g.start()
}

// start starts the program, which may have been killed before.
func (g *gateway) start() {
	if g.c != nil {
		g.c.file.close() // as the kernel does
	}
	o := g.o
	o.Dir, o.Kernel = g.dir, g.m.kernel
	g.c = Open(o, &g.s)
}

// pass lets time pass.
func (g *gateway) pass(d time.Duration) {
	g.m.age += d
	g.c.Look()
}

// sync sets the system's clock by NTP; zero is the true time of the machine's
// start.
func (g *gateway) sync(zero plantroom.Instant) {
	g.m.zero, g.m.synced = zero, true
	g.c.Look()
}

// measure puts a reading on disk that has the gateway's time.
func (g *gateway) measure() uint64 { return g.put(g.c.Now(), plantroom.Good) }

func (g *gateway) put(at plantroom.Instant, q plantroom.Quality) uint64 {
	g.t.Helper()
	b, err := wire.AppendRecord(nil, plantroom.Record{Reading: plantroom.Reading{
		Device: "b1-l1", Signal: "floor", Value: plantroom.Float(float64(len(g.s.records))), At: at, Quality: q}})
	if err != nil {
		g.t.Fatal(err)
	}
	g.s.records = append(g.s.records, b)
	return uint64(len(g.s.records))
}

// send gives what would be sent from a record on.
func (g *gateway) send(from uint64) []plantroom.Reading {
	g.t.Helper()
	out, err := g.trySend(from)
	if err != nil {
		g.t.Fatal(err)
	}
	return out
}

func (g *gateway) trySend(from uint64) ([]plantroom.Reading, error) {
	g.t.Helper()
	records := slices.Clone(g.s.records[from-1:])
	n, err := g.c.Correct(from, records)
	if err != nil {
		return nil, err
	}
	var out []plantroom.Reading
	for _, b := range records[:n] {
		r, err := wire.DecodeRecord(b)
		if err != nil {
			g.t.Fatal(err)
		}
		out = append(out, r.Reading)
	}
	return out, nil
}

// want compares what is sent with times since evening.
func (g *gateway) want(what string, got []plantroom.Reading, q plantroom.Quality, since ...time.Duration) {
	g.t.Helper()
	if len(got) != len(since) {
		g.t.Errorf("%s: %d readings are sent, want %d", what, len(got), len(since))
		return
	}
	for i, r := range got {
		if r.At != evening.Add(since[i]) || r.Quality != q {
			g.t.Errorf("%s: reading %d is sent with %s, %s; want %s, %s", what, i, r.At, r.Quality, evening.Add(since[i]), q)
		}
	}
}

func TestReadingsFromBeforeTheClockWasSetAreSentWithTheTimesThatTheyHad(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0) // 1970
	g.pass(minute)
	g.measure()
	g.pass(minute)
	g.measure()
	if got := g.send(1); len(got) != 0 {
		t.Fatalf("sent before the clock was set: %v", got)
	}
	g.pass(3 * time.Second)
	g.sync(evening)
	g.measure()
	g.want("after the sync", g.send(1), plantroom.Good, minute, 2*minute, 2*minute+3*time.Second)
	if st := g.c.Stats(); st.State != Set || st.Corrected != 2 || st.Estimated != 0 {
		t.Errorf("stats are %+v", st)
	}
}

func TestWhatWasHeardBeforeTheClockWasSetHasATimeOfDayAfterwards(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	g.pass(minute)
	heard := g.c.Now()
	g.pass(5 * minute)
	g.sync(evening)
	if got := g.c.WallOf(heard); got != evening.Add(minute) {
		t.Errorf("heard at %s, want %s", got, evening.Add(minute))
	}
	if now := g.c.Now(); g.c.WallOf(now) != now {
		t.Error("a time of day is moved")
	}
}

func TestARecordThatIsSentAgainAfterACrashHasTheSameTime(t *testing.T) {
	for name, zero := range map[string]plantroom.Instant{"corrected": evening, "guessed": 0} {
		g := newGateway(t)
		g.boot(1, 0)
		g.pass(minute)
		g.measure()
		g.send(1)
		g.pass(minute)
		if zero != 0 {
			g.sync(zero)
		}
		before := g.send(1)
		if len(before) != 1 {
			t.Fatalf("%s: nothing was sent", name)
		}
		g.start() // killed, in the same boot
		g.sync(evening.Add(time.Hour))
		if after := g.send(1); !slices.Equal(before, after) {
			t.Errorf("%s: after a kill it is %v, was %v", name, after, before)
		}
		g.boot(2, evening.Add(3*time.Hour)) // power cut
		g.sync(evening.Add(3 * time.Hour))
		if after := g.send(1); !slices.Equal(before, after) {
			t.Errorf("%s: after a power cut it is %v, was %v", name, after, before)
		}
	}
}

func TestRecordsWaitForTheClockOnlySoLongAndOnlyOnce(t *testing.T) {
	g := newGateway(t)
	g.boot(1, evening.Add(-time.Hour)) // the last shutdown, as fake-hwclock puts it
	g.pass(20 * minute)                // without a network: nobody could send
	g.measure()
	if got := g.send(1); len(got) != 0 {
		t.Fatalf("sent at once: %v", got)
	}
	g.pass(DefaultWait - time.Second)
	if got := g.send(1); len(got) != 0 {
		t.Fatalf("sent too soon: %v", got)
	}
	g.pass(time.Second)
	g.want("when the wait is over", g.send(1), plantroom.EstimatedTime, -40*minute)
	g.pass(minute)
	n := g.measure()
	g.want("from then on", g.send(n), plantroom.EstimatedTime, -39*minute+DefaultWait)
	g.s.base = n + 1
	g.pass(2 * minute)
	g.start() // of the run before, nothing is left in the spool
	g.pass(minute)
	n = g.measure()
	g.send(n)
	g.pass(DefaultWait)
	g.want("after a restart in the same boot", g.send(n), plantroom.EstimatedTime, -36*minute+DefaultWait)
}

func TestNothingWaitsThatIsMeasuredLongAfterTheUplinkWasConnected(t *testing.T) {
	g := newGateway(t)
	g.boot(1, evening)
	g.c.Connected()
	g.pass(DefaultWait)
	n := g.measure()
	g.want("at once", g.send(n), plantroom.EstimatedTime, DefaultWait)
}

func TestWhatWaitsBehindAGuessIsStillCorrected(t *testing.T) {
	g := newGateway(t)
	g.o.Wait = -1
	g.boot(1, evening.Add(-time.Hour))
	g.measure()
	g.send(1)
	for range 2 * reserve { // the network is away again
		g.pass(time.Second)
		g.measure()
	}
	g.sync(evening)
	got := g.send(1)
	guesses := 0
	for i, r := range got {
		if r.Quality == plantroom.EstimatedTime {
			guesses++
		} else if r.At != evening.Add(time.Duration(i)*time.Second) {
			t.Errorf("reading %d is sent with %s", i, r.At)
		}
		if i > 0 && r.At <= got[i-1].At {
			t.Errorf("reading %d goes back in time", i)
		}
	}
	if guesses != 1+reserve {
		t.Errorf("%d readings have a guessed time, want those that were noted so: %d", guesses, 1+reserve)
	}
}

func TestABootInWhichTheClockWasNeverSetIsEstimatedInItsOrder(t *testing.T) {
	g := newGateway(t)
	g.boot(1, evening)
	g.m.synced = true
	g.pass(10 * minute)
	g.measure()
	g.boot(2, 0) // the next two boots know nothing
	g.pass(minute)
	g.measure()
	g.pass(minute)
	g.measure()
	g.boot(3, 0)
	g.pass(minute)
	g.measure()
	g.boot(4, evening.Add(time.Hour))
	g.sync(evening.Add(time.Hour))
	got := g.send(1)
	if len(got) != 4 || got[0].Quality != plantroom.Good || got[3].Quality != plantroom.EstimatedTime {
		t.Fatalf("sent %v", got)
	}
	for i := range got[1:] {
		if got[i+1].At <= got[i].At || got[i+1].Quality != plantroom.EstimatedTime {
			t.Errorf("reading %d is sent with %s, %s, after %s", i+1, got[i+1].At, got[i+1].Quality, got[i].At)
		}
	}
	if last := got[3].At; last > evening.Add(time.Hour) {
		t.Errorf("the guess %s lies after the next boot", last)
	}
}

// The services count on it: see docs/detection.md.
func TestTheTimeOfSendingIsGuessedByTheClockByWhichReadingsAre(t *testing.T) {
	g := newGateway(t)
	g.o.Wait = -1
	g.boot(1, 0)
	for range 5 {
		g.pass(2 * minute)
		n := g.measure()
		g.pass(7 * time.Second)
		if got := g.c.Wall().Sub(g.send(n)[0].At); got != 7*time.Second {
			t.Errorf("sent %s after it was measured, want 7s", got)
		}
	}
	g.start() // in the same boot
	n := g.measure()
	if got := g.c.Wall().Sub(g.send(n)[0].At); got != 0 {
		t.Errorf("after a restart: sent %s after it was measured", got)
	}
}

func TestADevicesOwnTimeStaysAsItIs(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	g.put(evening.Add(5*time.Second), plantroom.Good)
	g.put(g.c.Now(), plantroom.Suspect)
	g.put(0, plantroom.Good) // 1970, of a device that has lost its clock: for the services to refuse
	g.pass(7 * time.Second)
	g.sync(evening)
	got := g.send(1)
	if got[0].At != evening.Add(5*time.Second) || got[0].Quality != plantroom.Good || got[1].At != evening || got[1].Quality != plantroom.Suspect || got[2].At != 0 {
		t.Errorf("sent %v", got)
	}
}

func TestAMeasurementFromBeforeTheStartOfTheMachineIsCorrectedToo(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	g.put(g.c.Now().Add(-2*time.Hour), plantroom.Good) // a sensor node has kept it
	g.sync(evening)
	g.want("of a node", g.send(1), plantroom.Good, -2*time.Hour)
}

func TestARejectsTimeIsCorrectedAndWhatCannotBeReadIsLeftAsItIs(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	b, err := wire.AppendRecord(nil, plantroom.Record{Reject: &plantroom.Reject{Source: "z/x", Reason: "not JSON", Raw: []byte("{"), Received: g.c.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	g.s.records = append(g.s.records, b, []byte("not a record"))
	g.sync(evening)
	records := slices.Clone(g.s.records)
	if n, err := g.c.Correct(1, records); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if r, err := wire.DecodeRecord(records[0]); err != nil || r.Reject.Received != evening {
		t.Errorf("the reject is %+v, %v", r.Reject, err)
	}
	if string(records[1]) != "not a record" {
		t.Error("what cannot be read was changed")
	}
	if r, err := wire.DecodeRecord(g.s.records[0]); err != nil || !r.Reject.Received.IsUnset() {
		t.Errorf("the record in the spool was changed to %+v, %v", r.Reject, err)
	}
}

func TestAStepOfTheClockNeitherHoldsUpNorPilesUpReadings(t *testing.T) {
	for name, by := range map[string]time.Duration{"an hour back": -time.Hour, "three hours ahead": 3 * time.Hour} {
		g := newGateway(t)
		g.boot(1, evening)
		g.sync(evening)
		g.pass(minute)
		g.measure()
		g.sync(evening.Add(by))
		for range 3 {
			g.pass(minute)
			g.measure()
		}
		g.want(name, g.send(1), plantroom.Good, minute, by+2*minute, by+3*minute, by+4*minute)
		if st := g.c.Stats(); st.Steps != 1 {
			t.Errorf("%s: %d steps are counted", name, st.Steps)
		}
	}
}

func TestAStepThatNobodyVouchesForIsNotFollowed(t *testing.T) {
	g := newGateway(t)
	g.boot(1, evening)
	g.sync(evening)
	g.pass(minute)
	g.m.synced, g.m.zero = false, evening.Add(-time.Hour) // date --set
	g.pass(minute)
	g.measure()
	if st := g.c.Stats(); st.State != Held {
		t.Errorf("the clock is %s", st.State)
	}
	g.start() // also after a restart of the program in this boot
	g.pass(minute)
	g.measure()
	g.want("while nobody keeps the clock", g.send(1), plantroom.Good, 2*minute, 3*minute)
	g.sync(evening.Add(-time.Second)) // NTP is back
	g.pass(minute)
	n := g.measure()
	g.want("when NTP is back", g.send(n), plantroom.Good, 4*minute-time.Second)
}

func TestWhoseClockIsBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		trust        Trust
		synced, kept bool
		wall         plantroom.Instant
		want         State
	}{
		"NTP keeps it":          {Auto, true, false, evening, Set},
		"it runs without power": {Auto, false, true, evening, Set},
		"it runs without power, and NTP alone is to count": {NTP, false, true, evening, None},
		"it has lost its power":                            {Auto, false, true, evening.Add(-time.Hour), None},
		"a file remembers the last shutdown":               {Auto, false, false, evening, None},
		"it is to be believed whatever it shows":           {Always, false, false, evening.Add(-time.Hour), Set},
	} {
		g := newGateway(t)
		g.boot(1, evening) // of which the time is known
		g.sync(evening)
		if err := g.c.Close(); err != nil {
			t.Fatal(err)
		}
		g.o.Trust = c.trust
		g.m = machine{id: BootID{2}, zero: c.wall, synced: c.synced, kept: c.kept}
		g.start()
		if st := g.c.Stats(); st.State != c.want {
			t.Errorf("%s: the clock is %s, want %s", name, st.State, c.want)
		}
	}
}

func TestTheMonotonicClockTellsTheTimesOfAClockThatIsNotSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var synced atomic.Bool
		kernel := func() Moment {
			m := Moment{ID: BootID{1}, Boot: time.Since(begun), Synced: synced.Load()}
			if m.Wall = plantroom.Instant(m.Boot); m.Synced {
				m.Wall = plantroom.At(begun).Add(m.Boot)
			}
			return m
		}
		c := Open(Options{Dir: t.TempDir(), Kernel: kernel}, &desk{epoch: 7, base: 1})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); c.Run(ctx) }()
		time.Sleep(90 * time.Second)
		before := time.Now()
		time.Sleep(10 * time.Second)
		if at, want := c.At(before), plantroom.Unset.Add(90*time.Second); at != want {
			t.Errorf("90 s after the start it was %s, want %s", at, want)
		}
		if at, want := c.Place(plantroom.At(before)), plantroom.Unset.Add(90*time.Second); at != want {
			t.Errorf("by the system's clock it was %s, want %s", at, want)
		}
		synced.Store(true)
		time.Sleep(2 * time.Second)
		if now := time.Now(); c.At(now) != plantroom.At(now) || c.Wall() != plantroom.At(now) || c.Place(plantroom.At(now)) != plantroom.At(now) {
			t.Errorf("once set it shows %s, want %s", c.At(now), plantroom.At(now))
		}
		if at := c.At(before.Add(0)); at != plantroom.At(before) {
			t.Errorf("what came in before was at %s, want %s", at, plantroom.At(before))
		}
		if now := time.Now(); c.Place(plantroom.Instant(now.Sub(begun))) != plantroom.At(now) { // 1970, as the system's clock showed a moment ago
			t.Errorf("what a sensor saw a moment before was at %s, want %s", c.Place(plantroom.Instant(now.Sub(begun))), plantroom.At(now))
		}
		cancel()
		<-ended
	})
}

func TestThisMachineTellsItsTime(t *testing.T) {
	m := System()
	if d := plantroom.At(time.Now()).Sub(m.Wall); d < 0 || d > minute || m.ID == (BootID{}) || m.Boot <= 0 {
		t.Errorf("it tells %+v", m)
	}
	later := System()
	if later.ID != m.ID || later.Boot < m.Boot || later.zero().Sub(m.zero()).Abs() > time.Second {
		t.Errorf("it tells %+v, then %+v", m, later)
	}
}

func TestWithoutItsFileNothingUndecidedIsSentAndTheRestIs(t *testing.T) {
	g := newGateway(t)
	g.dir = filepath.Join(g.dir, "gone")
	g.o.Wait = -1
	g.boot(1, evening)
	g.put(evening.Add(minute), plantroom.Good)
	g.want("a device's own time", g.send(1), plantroom.Good, minute)
	g.measure()
	if got, err := g.trySend(2); err == nil {
		t.Errorf("%v was sent, and that its time is a guess is not on disk", got)
	}
	if g.c.Stats().Fault == "" {
		t.Error("nobody is told")
	}
	if err := os.Mkdir(g.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	g.want("once it can be noted", g.send(2), plantroom.EstimatedTime, 0)
	if f := g.c.Stats().Fault; f != "" {
		t.Errorf("the fault stays: %s", f)
	}
}

func TestADamagedFileCostsExactTimesAndNothingElse(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	g.measure()
	path := filepath.Join(g.dir, fileName)
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 2*slot)), 0o600); err != nil {
		t.Fatal(err)
	}
	g.boot(2, evening)
	g.sync(evening)
	g.measure()
	got := g.send(1)
	if len(got) != 2 || got[0].Quality != plantroom.EstimatedTime || got[1].At != evening || got[1].Quality != plantroom.Good {
		t.Errorf("sent %v", got)
	}
}

func TestOneDamagedCopyOfTheFileIsNoLoss(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	g.measure()
	g.sync(evening)
	want := g.send(1)
	for _, at := range []int64{0, slot} {
		if err := g.c.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(filepath.Join(g.dir, fileName), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(make([]byte, slot), at); err != nil {
			t.Fatal(err)
		}
		f.Close()
		g.start()
		if got := g.send(1); !slices.Equal(got, want) {
			t.Errorf("with the copy at %d damaged %v is sent, want %v", at, got, want)
		}
	}
}

func TestRunsBeyondTheBoundOfTheFileKeepTheirRecords(t *testing.T) {
	g := newGateway(t)
	for i := range byte(3 * maxRuns) {
		g.boot(i+1, 0)
		g.pass(time.Second)
		g.measure()
	}
	g.sync(evening)
	got := g.send(1)
	if len(got) != 3*maxRuns {
		t.Fatalf("%d readings are sent", len(got))
	}
	for i, r := range got[:len(got)-1] {
		if r.Quality != plantroom.EstimatedTime || r.At < earliest {
			t.Errorf("reading %d is sent with %s, %s", i, r.At, r.Quality)
		}
	}
}

func TestRecordsOfARunThatHaveLeftTheSpoolAreForgotten(t *testing.T) {
	g := newGateway(t)
	g.boot(1, 0)
	g.measure()
	g.boot(2, evening)
	g.sync(evening)
	g.s.base = 2
	g.pass(2 * minute)
	if len(g.c.ledger.runs) != 1 || g.c.ledger.runs[0].boot != (BootID{2}) {
		t.Errorf("the ledger has %+v", g.c.ledger.runs)
	}
	g.s = desk{epoch: 8, base: 1} // a new spool: its numbers begin again
	g.start()
	if len(g.c.ledger.runs) != 0 {
		t.Errorf("the ledger has %+v of another spool", g.c.ledger.runs)
	}
}

func FuzzLedgerFile(f *testing.F) {
	l := ledger{epoch: 7, last: evening, boot: BootID{1}, zero: evening, runs: []run{{boot: BootID{1}, from: 5, to: 9, guess: 1}, {from: 10}}}
	f.Add(encode(&l, 3))
	f.Add(make([]byte, slot))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, generation, ok := decode(b)
		if !ok {
			return
		}
		used := headLen + len(got.runs)*runLen
		if again := encode(&got, generation); !slices.Equal(again[:used], b[:used]) {
			t.Errorf("%+v is written otherwise than it was read", got)
		}
	})
}
