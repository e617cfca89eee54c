package outbox_test

import (
	"testing"
	"time"

	"plantroom"
)

const month = 30 * 24 * time.Hour

func TestACallThatFailedWhileTheClockWasWrongIsTriedSoonAfterItIsSetRight(t *testing.T) {
	for name, wrong := range map[string]time.Duration{"by an hour": time.Hour, "by thirty days": month} {
		for again, restarts := range map[string]bool{"": false, ", and a restart": true} {
			t.Run(name+again, func(t *testing.T) {
				o := newOffice(t)
				o.put(plantroom.Call{ID: "msg-1", To: "a"})
				o.hook.answers["a"] = []error{errAway}
				right := o.now
				o.now = right.Add(wrong)
				o.deliver(0, 1)
				o.now = right.Add(10 * time.Second)
				if restarts {
					o.restart()
				}
				o.deliver(0, 0)
				if c := o.call("msg-1"); c.NextTry != o.now.Add(time.Minute) || c.Attempts != 1 {
					t.Errorf("after %d attempts the next one is at %s, want a minute from now, as after any failure", c.Attempts, c.NextTry)
				}
				o.now = o.now.Add(time.Minute)
				o.deliver(1, 0)
			})
		}
	}
}

func TestACallOfAWrongClockGoesOutWhenThatIsSetRight(t *testing.T) {
	o := newOffice(t)
	right := o.now
	o.deliver(0, 0)
	o.now = right.Add(month)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.hook.answers["b"] = []error{gone}
	o.put(plantroom.Call{ID: "msg-2", To: "b", Fallback: []plantroom.Address{{Channel: "mqtt", To: "c"}}})
	o.store.set(errAway) // what became of them is noted later
	if sent, failed, err := o.box.Deliver(t.Context(), o.now); sent != 1 || failed != 1 || err == nil {
		t.Fatal(sent, failed, err)
	}
	o.store.set(nil)
	o.put(plantroom.Call{ID: "msg-3", To: "d"})
	o.now = right
	o.deliver(2, 0) // msg-3, and the one instead of msg-2
	if c := o.call("msg-2"); c.State != plantroom.CallDead || c.Done != right {
		t.Errorf("%+v", c)
	}
}

func TestACallThatIsLeftByTheTimeOfAWrongClockJustAfterItWasSetRightGoesOut(t *testing.T) {
	o := newOffice(t)
	right := o.now
	o.now = right.Add(month)
	o.deliver(0, 0)
	o.now = right
	o.deliver(0, 0) // sees that the clock was set back
	o.now = right.Add(month)
	o.put(plantroom.Call{ID: "msg-1", To: "a"}) // by somebody who looked at the clock before
	o.now = right.Add(10 * time.Second)
	o.deliver(1, 0)
}

func TestACallOfAWrongClockThatTheOutboxNeverSawGoesOut(t *testing.T) {
	o := newOffice(t)
	right, steps := o.now, uint64(0)
	o.opts.Steps = func() uint64 { return steps }
	o.restart()
	o.deliver(0, 0)
	o.now = right.Add(month)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.now = right.Add(time.Second)
	steps++ // somebody has seen it
	o.deliver(1, 0)
}

func TestACallThatWaitsForTheMorningWaitsAsLongWhenTheClockIsSetRight(t *testing.T) {
	o := newOffice(t)
	right := o.now
	o.now = right.Add(month)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	c := o.call("msg-1")
	c.NextTry = o.now.Add(8 * time.Hour)
	if err := o.store.Update(t.Context(), func(tx plantroom.Tx) error { return tx.UpdateCall(c) }); err != nil {
		t.Fatal(err)
	}
	o.deliver(0, 0)
	o.now = right
	o.deliver(0, 0)
	o.now = right.Add(time.Hour)
	o.restart()
	o.deliver(0, 0)
	if c := o.call("msg-1"); c.NextTry != right.Add(8*time.Hour) {
		t.Errorf("it goes out at %s, want eight hours after the clock was set right", c.NextTry)
	}
	o.now = right.Add(8 * time.Hour)
	o.deliver(1, 0)
}

func TestACallThatWaitsForTheMorningWaitsForIt(t *testing.T) {
	o := newOffice(t)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	c := o.call("msg-1")
	c.NextTry = o.now.Add(8 * time.Hour)
	if err := o.store.Update(t.Context(), func(tx plantroom.Tx) error { return tx.UpdateCall(c) }); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Duration{2 * time.Hour, time.Hour, 3 * time.Hour} { // the clock is set, and never before the call was made
		o.now = start.Add(at)
		o.deliver(0, 0)
	}
	if after := o.call("msg-1"); after.NextTry != c.NextTry {
		t.Errorf("it goes out at %s, want %s", after.NextTry, c.NextTry)
	}
}
