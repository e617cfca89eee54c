package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/services/outbox"
)

// These tests run in a bubble, where time.Now is virtual and passes only while
// everybody waits.

func TestRunSendsAtOnceWhenKickedAndWithinASecondWhenNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		synctest.Wait()
		o.now = plantroom.At(time.Now())

		o.put(plantroom.Call{ID: "msg-1", To: "a"})
		o.box.Kick()
		synctest.Wait()
		if c := o.call("msg-1"); c.State != plantroom.CallSent {
			t.Errorf("kicked: %s", c.State)
		}
		o.put(plantroom.Call{ID: "msg-2", To: "a"})
		time.Sleep(time.Second)
		synctest.Wait()
		if c := o.call("msg-2"); c.State != plantroom.CallSent {
			t.Errorf("a second later: %s", c.State)
		}
		cancel()
		<-ended
	})
}

func TestRunTriesAgainWhenTheBackoffIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, func(opts *outbox.Options) { opts.Backoff = nil }) // the real one
		o.hook.answers["a"] = []error{errAway, errAway, errAway}
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-1", To: "a"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		time.Sleep(17 * time.Second) // 2 + 4 + 8 s at the longest, and a second to notice each
		synctest.Wait()
		if c := o.call("msg-1"); c.State != plantroom.CallSent || c.Attempts != 4 {
			t.Errorf("%s after %d attempts", c.State, c.Attempts)
		}
		cancel()
		<-ended
	})
}

func TestASlowReceiverIsGivenItsTimeoutWhileOthersAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.hook.send = func(ctx context.Context, c plantroom.Call) error {
			if c.To == "slow" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-1", To: "slow"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		time.Sleep(3 * time.Second)
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-2", To: "quick"})
		o.box.Kick()
		synctest.Wait()
		if c := o.call("msg-2"); c.State != plantroom.CallSent {
			t.Error("a call to another address waits for the slow one")
		}
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if c := o.call("msg-1"); c.Attempts != 1 || c.LastErr != "context deadline exceeded" {
			t.Errorf("%+v", c)
		}
		cancel()
		<-ended
	})
}

func TestAReceiverThatHangsWithAThousandCallsDueDelaysOnlyItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.hook.send = func(ctx context.Context, c plantroom.Call) error {
			if c.To == "hangs" {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		o.now = plantroom.At(time.Now())
		calls := make([]plantroom.Call, 1000) // more than one pass looks at
		for i := range calls {
			calls[i] = plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-%d", i)), To: "hangs"}
		}
		o.put(calls...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		time.Sleep(25 * time.Second)
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-life", To: "quick"})
		o.box.Kick()
		synctest.Wait()
		if c := o.call("msg-life"); c.State != plantroom.CallSent {
			t.Errorf("%s: it waits behind the calls to the receiver that hangs", c.State)
		}
		cancel()
		<-ended
	})
}

func TestRunOutlivesAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-1", To: "a"})
		o.store.set(errors.New("disk full"))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		o.store.set(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if c := o.call("msg-1"); c.State != plantroom.CallSent || len(o.hook.taken) != 1 {
			t.Errorf("%s, taken %d times", c.State, len(o.hook.taken))
		}
		cancel()
		<-ended
	})
}

func TestRunNotesWhatWasTakenWhileItWasAskedToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-1", To: "a"})
		ctx, cancel := context.WithCancel(t.Context())
		o.hook.send = func(context.Context, plantroom.Call) error {
			cancel() // the server stops just as the receiver takes the call
			return nil
		}
		o.box.Run(ctx)
		if c := o.call("msg-1"); c.State != plantroom.CallSent {
			t.Errorf("%s: it would be sent again after the restart", c.State)
		}
	})
}

// bell is a channel whose receivers take longer than an attempt has.
type bell struct{ *post }

func (bell) Patience() time.Duration { return 90 * time.Second }

func TestTelephonesThatRingKeepNoLetterWaitingAndMayRingForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		phone := bell{&post{name: "voice", send: func(ctx context.Context, c plantroom.Call) error {
			select {
			case <-time.After(80 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}}
		o := newOffice(t, func(o *outbox.Options) {
			o.Channels, o.Parallel = append(o.Channels, phone), 2
			o.Now = func() plantroom.Instant { return plantroom.At(time.Now()) }
		})
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-1", Channel: "voice", To: "1"}, plantroom.Call{ID: "msg-2", Channel: "voice", To: "2"}, plantroom.Call{ID: "msg-3", Channel: "voice", To: "3"},
			plantroom.Call{ID: "msg-4", To: "a"})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() { defer close(done); o.box.Run(ctx) }()
		time.Sleep(2 * time.Second)
		if c := o.call("msg-4"); c.State != plantroom.CallSent {
			t.Errorf("while telephones ring, the letter is %s", c.State)
		}
		time.Sleep(170 * time.Second)
		for _, id := range []plantroom.MessageID{"msg-1", "msg-2", "msg-3"} {
			if c := o.call(id); c.State != plantroom.CallSent || c.Attempts != 1 {
				t.Errorf("%s is %s after %d attempts, %s", id, c.State, c.Attempts, c.LastErr)
			}
		}
		cancel()
		<-done
	})
}

// A provider that hangs does so for all of its addresses.
func TestAChannelThatHangsForAllOfItsAddressesKeepsNoOtherWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.hook.send = func(ctx context.Context, c plantroom.Call) error {
			<-ctx.Done()
			return ctx.Err()
		}
		o.now = plantroom.At(time.Now())
		calls := make([]plantroom.Call, 400) // a notice of works to a house full of residents
		for i := range calls {
			calls[i] = plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-%d", i)), To: fmt.Sprintf("resident-%d", i)}
		}
		o.put(calls...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		time.Sleep(3 * time.Second)
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-life", Channel: "mqtt", To: "quicklift"})
		o.box.Kick()
		synctest.Wait()
		if c := o.call("msg-life"); c.State != plantroom.CallSent {
			t.Errorf("%s: it waits behind the calls on another channel, which hangs", c.State)
		}
		cancel()
		<-ended
	})
}

func TestNoticesToAWholeHouseKeepNoCallAboutAnOrderWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		o.hook.send = func(context.Context, plantroom.Call) error {
			time.Sleep(2 * time.Second) // a provider that takes its time
			return nil
		}
		o.now = plantroom.At(time.Now())
		calls := make([]plantroom.Call, 400)
		for i := range calls {
			calls[i] = plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-%d", i)), Kind: "works.notice", To: fmt.Sprintf("resident-%d", i)}
		}
		o.put(calls...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); o.box.Run(ctx) }()
		time.Sleep(time.Second)
		o.now = plantroom.At(time.Now())
		o.put(plantroom.Call{ID: "msg-life", To: "quicklift"})
		o.box.Kick()
		time.Sleep(3 * time.Second)
		if c := o.call("msg-life"); c.State != plantroom.CallSent {
			t.Errorf("%s: it waits behind notices of works", c.State)
		}
		if !slices.ContainsFunc(calls, func(c plantroom.Call) bool { return o.call(c.ID).State == plantroom.CallSent }) {
			t.Error("no notice has been sent") // which of them is first, nothing promises
		}
		cancel()
		<-ended
	})
}

// Notices to a whole house are given one after the other, and cases and tests wait
// among them; whoever waits there is called at once when a lift needs them.
func TestWhoeverWaitsWithANoticeIsCalledAboutAnOrderAtOnce(t *testing.T) {
	for _, kind := range []string{"works.planned", "case.late", "channel.failed"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(t)
			o.hook.send = func(context.Context, plantroom.Call) error {
				time.Sleep(2 * time.Second)
				return nil
			}
			o.now = plantroom.At(time.Now())
			calls := make([]plantroom.Call, 150)
			for i := range calls {
				calls[i] = plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-%d", i)), Kind: "works.notice", To: fmt.Sprintf("resident-%d", i)}
			}
			// Its quiet hours have ended: a lane of notices that is being served.
			o.mqtt.send = o.hook.send
			for i := range 40 {
				calls = append(calls, plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-morning-%d", i)), Kind: kind, Channel: "mqtt", To: "the-manager"})
			}
			// By the names of addresses it is the last of those that are due.
			o.put(append(calls, plantroom.Call{ID: "msg-told", Kind: kind, To: "the-firm"})...)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); o.box.Run(ctx) }()
			time.Sleep(time.Second)
			o.now = plantroom.At(time.Now())
			o.put(plantroom.Call{ID: "msg-life", To: "the-firm"}, plantroom.Call{ID: "msg-left", Kind: "works.left", To: "the-manager"},
				plantroom.Call{ID: "msg-morning-life", Channel: "mqtt", To: "the-manager"})
			o.box.Kick()
			time.Sleep(5 * time.Second)
			for _, id := range []plantroom.MessageID{"msg-life", "msg-left", "msg-morning-life"} {
				if c := o.call(id); c.State != plantroom.CallSent {
					t.Errorf("%s is %s: it waits behind notices of works, because of %s", id, c.State, kind)
				}
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			for _, c := range o.calls() {
				if c.State != plantroom.CallSent || c.Attempts != 1 {
					t.Fatalf("%s to %s is %s after %d attempts", c.ID, c.To, c.State, c.Attempts)
				}
			}
			cancel()
			<-ended
		})
	}
}
