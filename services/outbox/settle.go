package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"plantroom"
)

// maxError is how much of a failure's text is kept with a call, in bytes.
const maxError = 500

// patience is how long a receiver may ask us to wait while there is another
// address to try.
const patience = time.Minute

// verdict is what became of one attempt.
type verdict struct {
	call plantroom.MessageID
	err  error // nil: taken
	at   plantroom.Instant
}

// note writes a verdict to the store. Where the store does not take it, it is
// owed: kept in memory and written by a later pass, which sends nothing of
// that call before. Shutting down does not keep a verdict from being written.
func (b *Outbox) note(ctx context.Context, v *verdict) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var next plantroom.Call
	var fallback *plantroom.Call
	err := b.opts.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		next, fallback, err = b.settle(tx, v)
		return err
	})
	if err == nil {
		b.log(next, fallback)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.owed[v.call] = v
		return err
	}
	delete(b.owed, v.call)
	return nil
}

// payOwed writes what is owed. What the clock said that is ahead of now was wrong.
func (b *Outbox) payOwed(ctx context.Context, now plantroom.Instant) error {
	b.mu.Lock()
	owed := make([]*verdict, 0, len(b.owed))
	for _, v := range b.owed {
		owed = append(owed, &verdict{v.call, v.err, min(v.at, now)})
	}
	b.mu.Unlock()
	for _, v := range owed {
		if err := b.note(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// settle applies a verdict to the call as the store has it. A call that is
// gone, or no longer pending because somebody else settled it, stays as it is.
func (b *Outbox) settle(tx plantroom.Tx, v *verdict) (next plantroom.Call, fallback *plantroom.Call, err error) {
	call, err := tx.Call(v.call)
	if plantroom.CodeOf(err) == plantroom.CodeNotFound {
		return call, nil, nil
	}
	if err != nil || call.State != plantroom.CallPending {
		return call, nil, err
	}
	next, fallback = b.after(call, v)
	if err := tx.UpdateCall(next); err != nil {
		return next, nil, err
	}
	if fallback != nil {
		if err := tx.InsertCalls(*fallback); err != nil {
			return next, nil, err
		}
	}
	if next.State == plantroom.CallPending {
		return next, nil, nil
	}
	row, err := ledgerRow(next, fallback, "system", v.at)
	if err != nil {
		return next, nil, err
	}
	return next, fallback, tx.AppendLedger(row)
}

// after decides what a call is after an attempt, and what is sent instead
// where its address is given up.
func (b *Outbox) after(c plantroom.Call, v *verdict) (plantroom.Call, *plantroom.Call) {
	c.Attempts++
	if v.err == nil {
		c.State, c.Done, c.LastErr, c.NextTry = plantroom.CallSent, v.at, "", 0
		return c, nil
	}
	c.LastErr = clip(v.err.Error())
	asked := asksToWait(v.err)
	if !b.givesUp(c, v.err, asked) {
		c.NextTry, c.Since = v.at.Add(max(b.opts.Backoff(c.Attempts), asked)), v.at
		return c, nil
	}
	c.State, c.Done, c.NextTry = plantroom.CallDead, v.at, 0
	return c, instead(c, v.at)
}

// givesUp says whether an address is given up after the attempt that c counts.
func (b *Outbox) givesUp(c plantroom.Call, err error, asked time.Duration) bool {
	if permanent(err) {
		return true
	}
	if len(c.Fallback) == 0 {
		return c.Attempts >= b.opts.LastAttempts
	}
	return c.Attempts >= b.opts.Attempts || asked > patience || ofSetup(err)
}

// ofSetup reports whether what was refused is the channel's own set-up. Somebody
// may mend that; whoever has another address does not have to wait for it.
func ofSetup(err error) bool {
	var se *plantroom.SendError
	return errors.As(err, &se) && se.Setup
}

// asksToWait is how long the receiver wants to be left alone, 0 where it did
// not say.
func asksToWait(err error) time.Duration {
	var se *plantroom.SendError
	if errors.As(err, &se) {
		return se.After
	}
	return 0
}

// instead makes the call to the next address of a dead one, nil where there is
// none. Its id is derived, so that settling twice makes one. The body stays as
// it was, CloudEvents id included: a receiver that had the first message after
// all can tell that this is the same event.
func instead(dead plantroom.Call, now plantroom.Instant) *plantroom.Call {
	if len(dead.Fallback) == 0 {
		return nil
	}
	sum := sha256.Sum256([]byte("fallback\x00" + string(dead.ID)))
	c := dead
	c.ID = plantroom.MessageID("msg-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])))
	c.Channel, c.To = dead.Fallback[0].Channel, dead.Fallback[0].To
	c.Fallback = dead.Fallback[1:]
	c.State, c.Attempts, c.Created, c.NextTry, c.Since, c.Done = plantroom.CallPending, 0, now, now, 0, 0
	return &c
}

// Retry makes a dead call pending again, with all its attempts before it, to
// be sent at the next pass, and writes to the ledger who asked for it. Asking
// again changes nothing. It fails with CodeTransition for a call that was sent,
// withdrawn or damaged.
func Retry(tx plantroom.Tx, now plantroom.Instant, actor string, id plantroom.MessageID) (plantroom.Call, error) {
	c, err := tx.Call(id)
	if err != nil || c.State == plantroom.CallPending {
		return c, err
	}
	if c.State == plantroom.CallWithdrawn {
		return c, plantroom.Errorf(plantroom.CodeTransition, "call %s was withdrawn at %s: whom it was for has gone off duty", id, c.Done)
	}
	if c.State != plantroom.CallDead {
		return c, plantroom.Errorf(plantroom.CodeTransition, "call %s was taken at %s: only a dead call can be sent again", id, c.Done)
	}
	if c.Damaged {
		return c, plantroom.Errorf(plantroom.CodeTransition, "call %s cannot be sent: what it said is lost, since %s", id, c.LastErr)
	}
	c.State, c.Attempts, c.NextTry, c.Since, c.Done = plantroom.CallPending, 0, now, now, 0
	if err := tx.UpdateCall(c); err != nil {
		return c, err
	}
	row, err := ledgerRow(c, nil, actor, now)
	if err != nil {
		return c, err
	}
	return c, tx.AppendLedger(row)
}

// ledgerRow tells what became of a call. It leaves the address out: URLs hold
// receivers' tokens, and a ledger is handed on as evidence.
func ledgerRow(c plantroom.Call, fallback *plantroom.Call, actor string, at plantroom.Instant) (plantroom.LedgerRow, error) {
	kind := map[plantroom.CallState]string{
		plantroom.CallSent: "call.sent", plantroom.CallDead: "call.dead", plantroom.CallPending: "call.retry",
	}[c.State]
	body := struct {
		Call     plantroom.MessageID `json:"call"`
		Kind     string              `json:"kind"`
		Channel  string              `json:"channel"`
		Who      string              `json:"who"`
		Attempts int                 `json:"attempts"`
		Error    string              `json:"error,omitempty"`
		Instead  plantroom.MessageID `json:"instead,omitempty"`
	}{Call: c.ID, Kind: c.Kind, Channel: c.Channel, Who: c.Who, Attempts: c.Attempts, Error: c.LastErr}
	if fallback != nil {
		body.Instead = fallback.ID
	}
	b, err := json.Marshal(body)
	return plantroom.LedgerRow{At: at, Kind: kind, Subject: string(c.Order), Actor: actor, Body: b}, err
}

func (b *Outbox) log(c plantroom.Call, fallback *plantroom.Call) {
	l := b.opts.Logger.With("call", c.ID, "kind", c.Kind, "order", c.Order, "who", c.Who, "channel", c.Channel, "attempts", c.Attempts)
	switch {
	case c.State == plantroom.CallSent:
		l.Debug("call sent")
	case c.State == plantroom.CallPending:
		l.Warn("call failed, will be tried again by itself", "error", c.LastErr, "next", c.NextTry)
	case fallback != nil:
		l.Warn("address given up, the next one is tried", "error", c.LastErr, "next_channel", fallback.Channel)
	default:
		l.Error("call given up: nobody was reached; correct the address and send it again", "error", c.LastErr)
	}
}

func clip(s string) string {
	if len(s) > maxError {
		return strings.ToValidUTF8(s[:maxError], "") + "…"
	}
	return s
}
