package source

import (
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// received is a message that the broker has sent, again or not.
type received struct {
	mqtt.Message
	again bool
}

func (r received) Duplicate() bool { return r.again }
func (received) Ack()              {}

func TestMessagesAreLateUntilTheBrokerHasNothingMoreForUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAcker()
		defer a.close()
		a.connected(true)
		for i, c := range []struct {
			after    time.Duration // the message before it
			again    bool
			takes    time.Duration // until it is on disk
			wantLate bool
		}{
			{0, false, 0, true},
			{100 * time.Millisecond, false, 5 * time.Second, true},
			{5 * time.Second, false, 0, true}, // the disk made the broker wait
			{2 * time.Second, false, 0, false},
			{0, true, 0, true},
			{0, false, 0, false},
		} {
			time.Sleep(c.after)
			e := a.enter(received{again: c.again})
			if e.late != c.wantLate {
				t.Errorf("message %d: late is %v, want %v", i+1, e.late, c.wantLate)
			}
			time.AfterFunc(c.takes, func() { e.done(nil) })
			synctest.Wait()
		}
	})
}

func TestTheBacklogEndsAtTheFirstPauseInWhichNothingIsOwed(t *testing.T) {
	begun := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	type arrival struct {
		after   time.Duration // the start
		pending bool          // earlier ones are not acknowledged
		kept    bool          // what is expected
	}
	for name, c := range map[string]struct {
		session  bool
		arrivals []arrival
	}{
		"a session that was kept": {true, []arrival{{0, false, true}, {900 * time.Millisecond, true, true}, {time.Second, true, true}, {3 * time.Second, false, false}}},
		"a slow disk":             {true, []arrival{{0, false, true}, {5 * time.Second, true, true}, {9 * time.Second, true, true}}},
		"nothing was kept":        {true, []arrival{{2 * time.Second, false, false}, {2 * time.Second, true, false}}},
		"a new session":           {false, []arrival{{0, false, false}, {time.Millisecond, true, false}}},
		"a site that never rests": {true, []arrival{{time.Minute, true, true}, {5 * time.Minute, true, true}, {5*time.Minute + 1, true, false}}},
	} {
		var b backlog
		if !b.holds(begun, false) {
			t.Errorf("%s: what comes before the broker's answer is known was not kept", name)
		}
		b.connected(begun, c.session)
		for i, a := range c.arrivals {
			now := begun.Add(a.after)
			if got := b.holds(now, a.pending); got != a.kept {
				t.Errorf("%s: message %d: kept is %v, want %v", name, i+1, got, a.kept)
			}
		}
	}
}
