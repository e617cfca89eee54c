package mqttconn

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff paces attempts to connect with full jitter: each pause is random
// between nothing and a limit that doubles. The first one is random as well,
// so that a thousand gateways that a power cut has ended do not come back in
// one moment.
type Backoff struct {
	First time.Duration // limit of the first pause; 0: 1 s
	Cap   time.Duration // greatest limit; 0: 60 s
	Use   time.Duration // how long a connection has to last to be of use; 0: 10 s

	failed int
	random *rand.Rand // nil: the usual one
}

// Next returns the pause before the next attempt.
func (b *Backoff) Next() time.Duration {
	first, limit := b.First, b.Cap
	if first <= 0 {
		first = time.Second
	}
	if limit <= 0 {
		limit = time.Minute
	}
	ceil := limit
	if b.failed < 30 && first<<b.failed < limit {
		ceil = first << b.failed
	}
	b.failed++
	if b.random != nil {
		return time.Duration(b.random.Int64N(int64(ceil))) + 1
	}
	return rand.N(ceil) + 1
}

// Reset starts over, after a connection that was of use.
func (b *Backoff) Reset() { b.failed = 0 }

// Ended starts over after a connection that was of use. up is when it was made
// and subscribed, not when it was tried: an attempt on a host that does not
// answer takes as long; zero: it was never made.
func (b *Backoff) Ended(up time.Time) {
	use := b.Use
	if use <= 0 {
		use = 10 * time.Second
	}
	if !up.IsZero() && time.Since(up) >= use {
		b.Reset()
	}
}

// Pause waits for Next, and reports false where ctx ends first.
func (b *Backoff) Pause(ctx context.Context) bool {
	t := time.NewTimer(b.Next())
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
