// Package spools keeps what gateways have last said of themselves: which software
// runs there, which records wait in the spool, how full it is, and how far the clock
// can be believed.
//
// It keeps the newest word of each gateway of the estate in memory and nothing
// else: a gateway says it again each half minute, and with each connection. It
// judges nobody: whether a gateway is silent is for services/detect.
package spools

import (
	"slices"
	"sync"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// Word is what one gateway has last said.
type Word struct {
	State wire.State        // Told is zero where it has said none
	Told  plantroom.Instant // when State came, on the server's clock
	Spool wire.Spool        // Full is zero where it has said none: a gateway of before that message
	Full  plantroom.Instant // when Spool came, on the server's clock
}

// Waiting is how many records were in the gateway's spool when it last told, and
// are not held by the server for good. progress is how far each of its spools was
// heard, other gateways' left out. false: it has not said.
func (w *Word) Waiting(progress []plantroom.Progress) (uint64, bool) {
	if w.Told.IsZero() {
		return 0, false
	}
	held := max(w.State.Base, 1) - 1 // what lies before the spool's first record was taken in, or is lost
	for i := range progress {
		if progress[i].Epoch == w.State.Epoch {
			held = max(held, progress[i].Stored)
		}
	}
	last := max(w.State.Next, 1) - 1
	return last - min(held, last), true
}

// Board is where words are noted. The zero Board is empty. It is safe for
// concurrent use.
type Board struct {
	mu    sync.Mutex
	words map[plantroom.GatewayID]Word
	doubt map[plantroom.GatewayID]bool // what it said last could not be used
}

// Hear notes a message that came on a state or spool topic. Where it cannot be used
// the error says why, and again says that the gateway's last one could not be used
// either: one line in a log is enough. Nothing is kept of gateways that the estate does
// not have, so that its size bounds what is kept.
func (b *Board) Hear(e *plantroom.Estate, now plantroom.Instant, topic string, payload []byte) (again bool, err error) {
	estate, gw, leaf, err := wire.ParseTopic(topic)
	if err != nil {
		return true, err // no gateway of ours: a broker lets nobody else speak
	}
	if estate != e.ID || !slices.ContainsFunc(e.Gateways, func(g plantroom.Gateway) bool { return g.ID == gw }) {
		return true, plantroom.Errorf(plantroom.CodeNotFound, "hear gateway %s of estate %s: the estate has none of that name", gw, estate)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.words == nil {
		b.words, b.doubt = map[plantroom.GatewayID]Word{}, map[plantroom.GatewayID]bool{}
	}
	w := b.words[gw]
	again = b.doubt[gw]
	if err := w.take(gw, leaf, now, payload); err != nil {
		b.doubt[gw] = true
		return again, err
	}
	delete(b.doubt, gw)
	b.words[gw] = w
	return false, nil
}

// take reads a message into a word.
func (w *Word) take(gw plantroom.GatewayID, leaf wire.Leaf, now plantroom.Instant, payload []byte) error {
	var by plantroom.GatewayID
	next := *w
	switch leaf {
	case wire.StateLeaf:
		s, err := wire.DecodeState(payload)
		if err != nil {
			return err
		}
		by, next.State, next.Told = s.Gateway, s, now
	case wire.SpoolLeaf:
		s, err := wire.DecodeSpool(payload)
		if err != nil {
			return err
		}
		by, next.Spool, next.Full = s.Gateway, s, now
	default:
		return plantroom.Errorf(plantroom.CodeInvalid, "hear gateway %s: topic leaf %s tells nothing of its spool", gw, leaf)
	}
	if by != gw {
		return plantroom.Errorf(plantroom.CodeForbidden, "hear gateway %s: the message is of gateway %s", gw, by)
	}
	*w = next
	return nil
}

// Of returns the last word of a gateway; the zero Word where it has said nothing.
func (b *Board) Of(gw plantroom.GatewayID) Word {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.words[gw]
}
