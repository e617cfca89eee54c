package outbox_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/outbox"
	"plantroom/services/store"
)

var start = plantroom.At(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))

// post is a channel that a test scripts: what each address answers.
type post struct {
	name string

	mu      sync.Mutex
	answers map[string][]error // by address, one for each attempt; then taken
	taken   []plantroom.MessageID
	tried   []plantroom.MessageID
	send    func(context.Context, plantroom.Call) error // instead, where set
}

func (p *post) Name() string { return p.name }

func (p *post) Send(ctx context.Context, c plantroom.Call) error {
	p.mu.Lock()
	send := p.send
	p.mu.Unlock()
	if send != nil {
		return send(ctx, c)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tried = append(p.tried, c.ID)
	if a := p.answers[c.To]; len(a) > 0 {
		p.answers[c.To] = a[1:]
		if a[0] != nil {
			return a[0]
		}
	}
	p.taken = append(p.taken, c.ID)
	return nil
}

// flaky is a store whose updates can be made to fail.
type flaky struct {
	plantroom.Store
	mu   sync.Mutex
	fail error
}

func (f *flaky) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *flaky) Update(ctx context.Context, do func(plantroom.Tx) error) error {
	f.mu.Lock()
	err := f.fail
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.Store.Update(ctx, do)
}

type office struct {
	t     *testing.T
	path  string // of the database
	box   *outbox.Outbox
	store *flaky
	hook  *post
	mqtt  *post
	opts  outbox.Options
	now   plantroom.Instant
}

func newOffice(t *testing.T, change ...func(*outbox.Options)) *office {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plantroom.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	o := &office{t: t, path: path, store: &flaky{Store: s}, hook: &post{name: "webhook", answers: map[string][]error{}},
		mqtt: &post{name: "mqtt", answers: map[string][]error{}}, now: start}
	o.opts = outbox.Options{Store: o.store, Channels: []plantroom.Channel{o.hook, o.mqtt}, Attempts: 3, LastAttempts: 4,
		Backoff: func(n int) time.Duration { return time.Duration(n) * time.Minute }}
	for _, f := range change {
		f(&o.opts)
	}
	o.restart()
	return o
}

// restart forgets everything that was in memory.
func (o *office) restart() {
	o.t.Helper()
	box, err := outbox.New(o.opts)
	if err != nil {
		o.t.Fatal(err)
	}
	o.box = box
}

func (o *office) put(calls ...plantroom.Call) {
	o.t.Helper()
	for i := range calls {
		c := &calls[i]
		c.Kind, c.Order, c.State, c.Created, c.NextTry, c.Who = cmp.Or(c.Kind, "order.dispatched"), "wo-000001", plantroom.CallPending, o.now, o.now, "contractor:quicklift"
		c.Body = json.RawMessage(`{}`)
		if c.Channel == "" {
			c.Channel = "webhook"
		}
	}
	if err := o.store.Update(context.Background(), func(tx plantroom.Tx) error { return tx.InsertCalls(calls...) }); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) deliver(sent, failed int) {
	o.t.Helper()
	s, f, err := o.box.Deliver(o.t.Context(), o.now)
	if err != nil || s != sent || f != failed {
		o.t.Errorf("%s: %d sent, %d failed, %v; want %d and %d", o.now.Sub(start), s, f, err, sent, failed)
	}
}

func (o *office) call(id plantroom.MessageID) (c plantroom.Call) {
	o.t.Helper()
	err := o.store.View(context.Background(), func(tx plantroom.Tx) (err error) {
		c, err = tx.Call(id)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

func (o *office) calls() (list []plantroom.Call) {
	o.t.Helper()
	err := o.store.View(context.Background(), func(tx plantroom.Tx) (err error) {
		list, err = tx.CallsOf("wo-000001")
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

func (o *office) rows() (kinds []string) {
	o.t.Helper()
	err := o.store.View(context.Background(), func(tx plantroom.Tx) error {
		rows, err := tx.LedgerOf("wo-000001")
		for _, r := range rows {
			kinds = append(kinds, r.Kind)
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return kinds
}

var (
	errAway = errors.New("connection refused")
	gone    = &plantroom.SendError{Err: errors.New("410 Gone"), Permanent: true}
	asksTo  = func(d time.Duration) error { return &plantroom.SendError{Err: errors.New("429"), After: d} }
)

func TestACallIsSentOnceAndWrittenDown(t *testing.T) {
	o := newOffice(t)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.deliver(1, 0)
	o.deliver(0, 0)
	c := o.call("msg-1")
	if c.State != plantroom.CallSent || c.Attempts != 1 || c.Done != start {
		t.Errorf("%+v", c)
	}
	if rows := o.rows(); !slices.Equal(rows, []string{"call.sent"}) {
		t.Errorf("rows %q", rows)
	}
}

func TestAFailedCallIsTriedAgainAfterItsBackoffAndNotBefore(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{errAway, errAway}
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.deliver(0, 1)
	if c := o.call("msg-1"); c.State != plantroom.CallPending || c.NextTry != start.Add(time.Minute) || c.LastErr != "connection refused" {
		t.Errorf("%+v", c)
	}
	o.now = start.Add(time.Minute - 1)
	o.deliver(0, 0)
	o.restart()
	o.now++
	o.deliver(0, 1)
	o.now = o.now.Add(2 * time.Minute)
	o.deliver(1, 0)
	if c := o.call("msg-1"); c.Attempts != 3 || c.LastErr != "" {
		t.Errorf("%+v: attempts are counted over restarts", c)
	}
}

func TestAReceiverThatAsksForTimeGetsIt(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{asksTo(30 * time.Minute)}
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.deliver(0, 1)
	if c := o.call("msg-1"); c.NextTry != start.Add(30*time.Minute) {
		t.Errorf("next try %s", c.NextTry)
	}
}

func TestAnAddressThatIsGivenUpHandsOverToTheNextOne(t *testing.T) {
	for name, answers := range map[string][]error{
		"gone for good":           {gone},
		"three attempts in vain":  {errAway, errAway, errAway},
		"asks for too much time":  {asksTo(time.Hour)},
		"wrapped, gone for good":  {fmt.Errorf("send: %w", gone)},
		"away, and then for good": {errAway, gone},
	} {
		o := newOffice(t)
		o.hook.answers["a"] = slices.Clone(answers)
		o.put(plantroom.Call{ID: "msg-1", To: "a", Fallback: []plantroom.Address{{Channel: "mqtt", To: "b"}, {Channel: "mqtt", To: "c"}}})
		for range answers {
			o.deliver(0, 1)
			o.now = o.now.Add(5 * time.Minute)
		}
		if c := o.call("msg-1"); c.State != plantroom.CallDead {
			t.Errorf("%s: %+v", name, c)
		}
		o.deliver(1, 0)
		calls := o.calls()
		if len(calls) != 2 || calls[1].To != "b" || calls[1].State != plantroom.CallSent || len(calls[1].Fallback) != 1 || calls[1].ID == "msg-1" {
			t.Errorf("%s: %+v", name, calls)
		}
		if rows := o.rows(); !slices.Equal(rows, []string{"call.dead", "call.sent"}) {
			t.Errorf("%s: rows %q", name, rows)
		}
	}
}

// A password that is not valid is the operator's to mend: no call may die of it as
// long as that is possible, and none waits for it that has another way.
func TestARefusedSetUpGoesToTheNextAddressAtOnceAndIsTriedOnWhereThereIsNone(t *testing.T) {
	o := newOffice(t)
	login := &plantroom.SendError{Err: errors.New("535 authentication failed"), Setup: true}
	o.hook.answers["a"], o.hook.answers["c"] = []error{login}, []error{login, fmt.Errorf("send: %w", login), login}
	o.put(plantroom.Call{ID: "msg-1", To: "a", Fallback: []plantroom.Address{{Channel: "mqtt", To: "b"}}}, plantroom.Call{ID: "msg-2", To: "c"})
	o.deliver(0, 2)
	if c := o.call("msg-1"); c.State != plantroom.CallDead || c.LastErr != login.Error() {
		t.Errorf("with another address: %+v", c)
	}
	o.deliver(1, 0) // by the next address
	for range 2 {
		o.now = o.now.Add(time.Hour)
		o.deliver(0, 1)
		if c := o.call("msg-2"); c.State != plantroom.CallPending || c.LastErr == "" {
			t.Errorf("without another address: %+v", c)
		}
	}
	o.now = o.now.Add(time.Hour)
	o.deliver(1, 0) // the password was mended
}

func TestTheLastAddressIsTriedForLonger(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{errAway, errAway, errAway, errAway, errAway}
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	for range 4 {
		if c := o.call("msg-1"); c.State != plantroom.CallPending {
			t.Fatalf("given up after %d attempts", c.Attempts)
		}
		o.deliver(0, 1)
		o.now = o.now.Add(time.Hour)
	}
	if c := o.call("msg-1"); c.State != plantroom.CallDead || c.Attempts != 4 {
		t.Errorf("%+v", c)
	}
	o.deliver(0, 0)
}

func TestADeadCallCanBeSentAgainByHand(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{gone}
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.deliver(0, 1)
	retry := func() (c plantroom.Call, err error) {
		err = o.store.Update(context.Background(), func(tx plantroom.Tx) (err error) {
			c, err = outbox.Retry(tx, o.now, "person:lin", "msg-1")
			return err
		})
		return c, err
	}
	for range 2 { // the second time changes nothing
		if c, err := retry(); err != nil || c.State != plantroom.CallPending || c.Attempts != 0 {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	o.deliver(1, 0)
	if rows := o.rows(); !slices.Equal(rows, []string{"call.dead", "call.retry", "call.sent"}) {
		t.Errorf("rows %q", rows)
	}
	if _, err := retry(); plantroom.CodeOf(err) != plantroom.CodeTransition {
		t.Errorf("a sent call again: %v", err)
	}
}

func TestACallThatWasWithdrawnIsNotSentAndCannotBe(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{errors.New("busy")}
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.deliver(0, 1)
	err := o.store.Update(context.Background(), func(tx plantroom.Tx) error {
		c, err := tx.Call("msg-1")
		c.State, c.Done = plantroom.CallWithdrawn, o.now
		return errors.Join(err, tx.UpdateCall(c))
	})
	if err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Hour)
	o.deliver(0, 0)
	err = o.store.Update(context.Background(), func(tx plantroom.Tx) error {
		_, err := outbox.Retry(tx, o.now, "person:lin", "msg-1")
		return err
	})
	if plantroom.CodeOf(err) != plantroom.CodeTransition || !strings.Contains(err.Error(), "gone off duty") {
		t.Errorf("%v", err)
	}
}

// Somebody's shift ends while the calls before wait for a provider that takes its time.
func TestACallThatIsWithdrawnWhileItWaitsForItsTurnIsNotSent(t *testing.T) {
	o := newOffice(t)
	o.hook.send = func(_ context.Context, c plantroom.Call) error {
		o.hook.mu.Lock()
		defer o.hook.mu.Unlock()
		o.hook.taken = append(o.hook.taken, c.ID)
		return o.store.Update(context.Background(), func(tx plantroom.Tx) error {
			next, err := tx.Call("msg-2")
			if err != nil {
				return err
			}
			next.State, next.NextTry = plantroom.CallWithdrawn, 0
			return tx.UpdateCall(next)
		})
	}
	o.put(plantroom.Call{ID: "msg-1", To: "a"}, plantroom.Call{ID: "msg-2", To: "a"}, plantroom.Call{ID: "msg-3", To: "a"})
	o.deliver(2, 0)
	if !slices.Equal(o.hook.taken, []plantroom.MessageID{"msg-1", "msg-3"}) || o.call("msg-2").State != plantroom.CallWithdrawn {
		t.Errorf("sent %q, and msg-2 is %s", o.hook.taken, o.call("msg-2").State)
	}
}

func TestAChannelThatIsNotThereIsAnAddressGivenUp(t *testing.T) {
	o := newOffice(t)
	o.put(plantroom.Call{ID: "msg-1", Channel: "pigeon", To: "a", Fallback: []plantroom.Address{{Channel: "mqtt", To: "b"}}})
	o.deliver(0, 1)
	o.deliver(1, 0)
	if len(o.mqtt.taken) != 1 {
		t.Errorf("taken %q", o.mqtt.taken)
	}
}

func TestWhatTheStoreDidNotTakeIsNotedLaterAndNotSentAgain(t *testing.T) {
	o := newOffice(t)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	full := errors.New("disk full")
	o.hook.send = func(_ context.Context, c plantroom.Call) error {
		o.store.set(full) // the disk fills up while the call is out
		o.hook.mu.Lock()
		defer o.hook.mu.Unlock()
		o.hook.taken = append(o.hook.taken, c.ID)
		return nil
	}
	if sent, _, err := o.box.Deliver(t.Context(), o.now); sent != 1 || !errors.Is(err, full) {
		t.Fatalf("%d sent, %v", sent, err)
	}
	if _, _, err := o.box.Deliver(t.Context(), o.now); !errors.Is(err, full) {
		t.Errorf("%v: want the store's error while it lasts", err)
	}
	o.store.set(nil)
	o.deliver(0, 0)
	if c := o.call("msg-1"); c.State != plantroom.CallSent || len(o.hook.taken) != 1 {
		t.Errorf("%s, taken %d times", c.State, len(o.hook.taken))
	}
}

func TestACallSettledBySomebodyElseStaysAsItIs(t *testing.T) {
	o := newOffice(t)
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	o.hook.send = func(_ context.Context, c plantroom.Call) error {
		c.State, c.Done = plantroom.CallSent, 7
		return o.store.Store.Update(context.Background(), func(tx plantroom.Tx) error { return tx.UpdateCall(c) })
	}
	o.deliver(1, 0)
	if c := o.call("msg-1"); c.Done != 7 || len(o.rows()) != 0 {
		t.Errorf("%+v, rows %q", c, o.rows())
	}
}

func TestAHangingReceiverKeepsNobodyElseWaiting(t *testing.T) {
	o := newOffice(t, func(opts *outbox.Options) { opts.Parallel = 2 })
	var others sync.WaitGroup
	others.Add(3)
	o.hook.send = func(ctx context.Context, c plantroom.Call) error {
		if c.To == "hangs" {
			others.Wait() // returns only once all the others were served
			return ctx.Err()
		}
		others.Done()
		return nil
	}
	o.put(plantroom.Call{ID: "msg-1", To: "hangs"}, plantroom.Call{ID: "msg-2", To: "a"}, plantroom.Call{ID: "msg-3", To: "b"}, plantroom.Call{ID: "msg-4", To: "c"})
	o.deliver(4, 0)
}

func TestOneAddressGetsOneCallAtATimeNewsFirst(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{errAway}
	o.put(plantroom.Call{ID: "msg-old", To: "a"})
	o.deliver(0, 1)
	o.now = o.now.Add(2 * time.Minute)
	o.put(plantroom.Call{ID: "msg-new", To: "a"})
	o.deliver(2, 0)
	if want := []plantroom.MessageID{"msg-old", "msg-new", "msg-old"}; !slices.Equal(o.hook.tried, want) {
		t.Errorf("tried %q, want %q", o.hook.tried, want)
	}
}

func TestAfterAFailureTheOthersToThatAddressWaitForTheNextPass(t *testing.T) {
	o := newOffice(t)
	o.hook.answers["a"] = []error{errAway}
	o.put(plantroom.Call{ID: "msg-1", To: "a"}, plantroom.Call{ID: "msg-2", To: "a"})
	o.deliver(0, 1)
	o.deliver(1, 0)
}

func TestEndingTheContextIsNoFailureOfTheReceiver(t *testing.T) {
	o := newOffice(t)
	ctx, cancel := context.WithCancel(t.Context())
	o.hook.send = func(ctx context.Context, _ plantroom.Call) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	o.put(plantroom.Call{ID: "msg-1", To: "a"})
	if _, failed, err := o.box.Deliver(ctx, o.now); failed != 0 || err != nil {
		t.Errorf("%d failed, %v", failed, err)
	}
	if c := o.call("msg-1"); c.Attempts != 0 || c.State != plantroom.CallPending {
		t.Errorf("%+v", c)
	}
}

func TestARepeatOfRepliesThatAreLostHasOneEffect(t *testing.T) {
	o := newOffice(t, func(opts *outbox.Options) { opts.LastAttempts = 50 })
	effects := map[plantroom.MessageID]int{}
	attempts := 0
	o.hook.send = func(_ context.Context, c plantroom.Call) error { // a receiver that remembers ids, behind a bad line
		o.hook.mu.Lock()
		defer o.hook.mu.Unlock()
		attempts++
		effects[c.ID] = 1
		if attempts%3 != 0 {
			return errAway
		}
		return nil
	}
	for i := range 20 {
		o.put(plantroom.Call{ID: plantroom.MessageID(fmt.Sprintf("msg-%d", i)), To: fmt.Sprintf("a%d", i%4)})
	}
	for range 200 {
		if _, _, err := o.box.Deliver(t.Context(), o.now); err != nil {
			t.Fatal(err)
		}
		o.now = o.now.Add(time.Minute)
	}
	for _, c := range o.calls() {
		if c.State != plantroom.CallSent {
			t.Errorf("%s is %s after %d attempts", c.ID, c.State, c.Attempts)
		}
	}
	if len(effects) != 20 || attempts <= 20 {
		t.Errorf("%d effects of %d attempts", len(effects), attempts)
	}
}

func TestAnOutboxThatCouldNotWorkIsNotMade(t *testing.T) {
	o := newOffice(t)
	for name, opts := range map[string]outbox.Options{
		"no store":        {},
		"two of one name": {Store: o.store, Channels: []plantroom.Channel{o.hook, o.hook}},
	} {
		if _, err := outbox.New(opts); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
