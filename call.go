package plantroom

import (
	"context"
	"encoding/json"
	"time"
)

// CallState is where an outgoing call stands.
type CallState string

// The states of a call.
const (
	CallPending CallState = "pending"
	CallSent    CallState = "sent"
	CallDead    CallState = "dead" // given up; shown, and can be sent again by hand
	// CallWithdrawn is a call that was not delivered when whom it was for went off duty.
	CallWithdrawn CallState = "withdrawn"
)

// Call is one message to one address, written into the outbox in the same
// transaction as the transition that causes it, and delivered at least once.
type Call struct {
	ID       MessageID       `json:"id"`    // stable over retries: the receiver's key for dropping repeats
	Kind     string          `json:"kind"`  // order.dispatched, clock.at_risk, clock.breached, ladder.call …
	Order    OrderID         `json:"order"` // or "channel." and the name of one that is tested
	Channel  string          `json:"channel"`
	To       string          `json:"to"`
	Who      string          `json:"who"`                // contractor:quicklift, person:li
	Subject  string          `json:"subject"`            // one line for a human
	Body     json.RawMessage `json:"body"`               // a CloudEvents 1.0 event, structured mode
	Fallback []Address       `json:"fallback,omitempty"` // tried in order when this address is given up
	State    CallState       `json:"state"`
	Attempts int             `json:"attempts"`
	Created  Instant         `json:"created"`
	NextTry  Instant         `json:"next_try,omitzero"`
	Since    Instant         `json:"since,omitzero"` // from when on NextTry was counted; zero: from Created
	Done     Instant         `json:"done,omitzero"`
	LastErr  string          `json:"last_error,omitempty"`
	Damaged  bool            `json:"damaged,omitempty"` // what it said could not be read from the store: it can never be sent
}

// Channel delivers calls. One folder below services/notify each.
type Channel interface {
	// Name is how addresses refer to the channel: webhook, mqtt, …
	Name() string
	// Send delivers once and returns nil only when the receiver has taken it.
	// An error that is a *SendError says whether another try makes sense; any
	// other error is retried.
	Send(context.Context, Call) error
}

// SendError is a delivery that failed.
type SendError struct {
	Err       error
	Permanent bool          // another try cannot succeed
	Setup     bool          // our own set-up was refused, as a password: no fault of the call, and nothing to wait for where there is another way
	After     time.Duration // the receiver asked to wait this long; 0: it did not say
}

// Error gives the cause.
func (e *SendError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }
