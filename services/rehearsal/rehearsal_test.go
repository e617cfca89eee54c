package rehearsal_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/rehearsal"
	"plantroom/services/store"
)

var (
	shanghai = time.FixedZone("CST", 8*3600)
	ten      = plantroom.At(time.Date(2026, 3, 2, 4, 10, 0, 0, shanghai)) // ten past four, when tests are made
)

func estate() plantroom.Estate {
	return plantroom.Estate{ID: "story", Zone: "Asia/Shanghai",
		People: []plantroom.Person{
			{ID: "lin", Role: "manager", Channels: []plantroom.Address{{Channel: "sms", To: "+1"}, {Channel: "voice", To: "+1", Severity: plantroom.Life}, {Channel: "email", To: "lin@example.org"}, {Channel: "mqtt", To: "lin"}}},
			{ID: "zhao", Role: "engineer", Channels: []plantroom.Address{{Channel: "email", To: "zhao@example.org"}}},
			{ID: "wu", Role: "manager", Channels: []plantroom.Address{{Channel: "sms", To: "+2"}}},
		},
		Tests: []plantroom.ChannelTest{{Channel: "sms", Person: "lin", At: plantroom.Duration(4*time.Hour + 10*time.Minute)}}}
}

// night is an estate's store in a night.
type night struct {
	t     *testing.T
	plan  *rehearsal.Plan
	store *store.SQLite
}

func begin(t *testing.T, change ...func(*plantroom.Estate)) *night {
	t.Helper()
	e := estate()
	for _, f := range change {
		f(&e)
	}
	p, err := rehearsal.New(e)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &night{t, p, s}
}

// at does what has come due, and returns the new calls as "kind who channel".
func (n *night) at(now plantroom.Instant) (new []string) {
	n.t.Helper()
	err := n.store.Update(n.t.Context(), func(tx plantroom.Tx) error {
		calls, err := n.plan.Due(tx, now)
		for _, c := range calls {
			new = append(new, c.Kind+" "+c.Who+" "+c.Channel)
		}
		return errors.Join(err, tx.InsertCalls(calls...))
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return new
}

// becomes says what the outbox has made of the last test.
func (n *night) becomes(state plantroom.CallState, attempts int, why string) {
	n.t.Helper()
	err := n.store.Update(n.t.Context(), func(tx plantroom.Tx) error {
		calls, err := tx.CallsOf(rehearsal.About("sms"))
		if err != nil {
			return err
		}
		i := slices.IndexFunc(calls, func(c plantroom.Call) bool { return c.Kind == rehearsal.KindTest })
		for j := range calls {
			if calls[j].Kind == rehearsal.KindTest && calls[j].Created >= calls[i].Created {
				i = j
			}
		}
		c := calls[i]
		c.State, c.Attempts, c.LastErr = state, attempts, why
		return tx.UpdateCall(c)
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

func (n *night) result(now plantroom.Instant) (r rehearsal.Result) {
	n.t.Helper()
	err := n.store.View(n.t.Context(), func(tx plantroom.Tx) error {
		list, err := n.plan.Results(tx, now)
		if err == nil {
			r = list[0]
		}
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return r
}

func TestAChannelIsTestedOnceADayAtItsTime(t *testing.T) {
	n := begin(t)
	if c := n.at(ten - 1); len(c) > 0 {
		t.Errorf("before its time: %q", c)
	}
	if c := n.at(ten); !slices.Equal(c, []string{"channel.test person:lin sms"}) {
		t.Errorf("at its time: %q", c)
	}
	for _, later := range []time.Duration{time.Second, time.Hour, 23 * time.Hour} {
		if c := n.at(ten.Add(later)); len(c) > 0 {
			t.Errorf("%s later: %q", later, c)
		}
	}
	if c := n.at(ten.Add(24 * time.Hour)); len(c) != 1 {
		t.Errorf("the next day: %q", c)
	}
}

func TestEachReadsOfATestInTheirOwnLanguage(t *testing.T) {
	n := begin(t, func(e *plantroom.Estate) { e.People[0].Lang = "zh" })
	n.at(ten)
	n.becomes(plantroom.CallDead, 6, "no credit")
	n.at(ten.Add(time.Hour))
	var said []string
	err := n.store.View(t.Context(), func(tx plantroom.Tx) error {
		calls, err := tx.CallsOf(rehearsal.About("sms"))
		for _, c := range calls {
			said = append(said, c.Who+": "+c.Subject)
			if !strings.Contains(string(c.Body), `"lang":"zh"`) || !strings.Contains(string(c.Body), c.Subject) {
				t.Errorf("the body of %s: %s", c.Who, c.Body)
			}
		}
		return err
	})
	slices.Sort(said)
	if want := []string{"person:lin: 通道 sms 未通过 2026-03-02 04:10 的测试：经此通道的通知可能无人收到。no credit", "person:lin: 通道 sms 测试（2026-03-02）：无事发生，无需处理"}; err != nil || !slices.Equal(said, want) {
		t.Errorf("%v: %q", err, said)
	}
}

func TestATestThatWasMissedIsMadeLateButNotAtAnyHour(t *testing.T) {
	if c := begin(t).at(ten.Add(rehearsal.Late)); len(c) != 1 {
		t.Errorf("an hour late: %q", c)
	}
	n := begin(t)
	if c := n.at(ten.Add(rehearsal.Late + time.Second)); len(c) > 0 {
		t.Errorf("more than an hour late: %q", c)
	}
	if r := n.result(ten.Add(5 * time.Hour)); !r.At.IsZero() || r.Passed {
		t.Errorf("a channel that was never tested: %+v", r)
	}
}

func TestATestThatIsGivenUpCallsTheManagersOnOtherChannelsOnce(t *testing.T) {
	n := begin(t)
	n.at(ten)
	n.becomes(plantroom.CallDead, 1, "the provider answered 401")
	soon := ten.Add(time.Minute)
	if c := n.at(soon); !slices.Equal(c, []string{"channel.failed person:lin email"}) { // Wu has SMS only, voice is for lives, Zhao is no manager
		t.Errorf("%q", c)
	}
	for _, later := range []time.Duration{2 * time.Minute, 20 * time.Hour} {
		if c := n.at(ten.Add(later)); len(c) > 0 {
			t.Errorf("again, %s later: %q", later, c)
		}
	}
	if r := n.result(soon); r.Passed || r.At != ten || r.Err != "the provider answered 401" {
		t.Errorf("%+v", r)
	}
	_ = n.store.View(t.Context(), func(tx plantroom.Tx) error {
		calls, _ := tx.CallsOf(rehearsal.About("sms"))
		for _, c := range calls {
			if c.Kind == rehearsal.KindFailed && (len(c.Fallback) != 1 || c.Fallback[0].Channel != "mqtt" || !strings.Contains(c.Subject, "sms has failed its test of 2026-03-02 04:10") || !strings.Contains(c.Subject, "401")) {
				t.Errorf("%+v", c)
			}
		}
		return nil
	})
}

func TestATestThatIsTriedInVainFailsAfterTenMinutesAndPassesIfItIsTakenThen(t *testing.T) {
	n := begin(t)
	n.at(ten)
	if c := n.at(ten.Add(rehearsal.Patience)); len(c) > 0 {
		t.Errorf("nobody has tried it yet, and %q", c)
	}
	n.becomes(plantroom.CallPending, 4, "no answer")
	if c := n.at(ten.Add(rehearsal.Patience - 1)); len(c) > 0 {
		t.Errorf("too soon: %q", c)
	}
	if c := n.at(ten.Add(rehearsal.Patience)); len(c) != 1 {
		t.Errorf("%q", c)
	}
	if r := n.result(ten.Add(rehearsal.Patience)); r.Passed || r.At.IsZero() {
		t.Errorf("%+v", r)
	}
	n.becomes(plantroom.CallSent, 5, "")
	if r := n.result(ten.Add(time.Hour)); !r.Passed {
		t.Errorf("taken after all, and %+v", r)
	}
}

func TestWhileATestIsUnderWayTheOneOfTheDayBeforeCounts(t *testing.T) {
	n := begin(t)
	n.at(ten)
	n.becomes(plantroom.CallDead, 1, "401")
	next := ten.Add(24 * time.Hour)
	n.at(next)
	if r := n.result(next); r.Passed || r.At != ten {
		t.Errorf("%+v", r)
	}
	n.becomes(plantroom.CallSent, 1, "")
	if r := n.result(next.Add(time.Second)); !r.Passed || r.At != next {
		t.Errorf("%+v", r)
	}
}

func TestAFailedTestWaitsForTheEndOfQuietHours(t *testing.T) {
	six := plantroom.At(time.Date(2026, 3, 2, 6, 0, 0, 0, shanghai))
	for below, want := range map[plantroom.Severity]plantroom.Instant{plantroom.High: six, plantroom.Medium: ten.Add(time.Minute)} {
		n := begin(t, func(e *plantroom.Estate) {
			e.People[0].Quiet = plantroom.Quiet{Hours: []plantroom.Hours{{Start: plantroom.Duration(22 * time.Hour), End: plantroom.Duration(6 * time.Hour)}}, Below: below}
		})
		n.at(ten)
		n.becomes(plantroom.CallDead, 1, "401")
		n.at(ten.Add(time.Minute))
		_ = n.store.View(t.Context(), func(tx plantroom.Tx) error {
			calls, _ := tx.CallsOf(rehearsal.About("sms"))
			if c := calls[len(calls)-1]; c.Kind != rehearsal.KindFailed || c.NextTry != want {
				t.Errorf("quiet below %s: %s goes out at %v, want %v", below, c.Kind, c.NextTry, want)
			}
			return nil
		})
	}
}

func TestATestOfSomebodyWithoutTheChannelIsNoPlan(t *testing.T) {
	e := estate()
	e.Tests[0].Person = "zhao"
	if _, err := rehearsal.New(e); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("%v", err)
	}
}
