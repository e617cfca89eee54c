package remote

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"plantroom"
	"plantroom/firmware-bridge/wire"
)

// MaxStarts is how often a gateway starts with a configuration on probation.
// The next start goes back: what ends the gateway is then the configuration.
const MaxStarts = 2

// Book is what is known durably.
type Book struct {
	Highest   uint64 `json:"highest"`   // serials up to here have been judged
	Proven    uint64 `json:"proven"`    // the configuration to go back to; 0: the gateway's own file
	Probation uint64 `json:"probation"` // the configuration on probation; 0: none is
	Starts    int    `json:"starts"`    // of the gateway, since the probation began
	Last      Word   `json:"last"`      // on the newest configuration that was judged
}

// Word is what became of one configuration.
type Word struct {
	Serial  uint64            `json:"serial"`
	Sum     plantroom.Hash    `json:"sum"` // of its message
	Outcome wire.Outcome      `json:"outcome"`
	Detail  string            `json:"detail,omitempty"`
	At      plantroom.Instant `json:"at,omitzero"`
}

// Running is the configuration at work: the one on probation, else the proven
// one; 0: the gateway's own file.
func (b Book) Running() uint64 {
	if b.Probation != 0 {
		return b.Probation
	}
	return b.Proven
}

// judged notes a word on a new configuration.
func (b Book) judged(w Word) Book {
	b.Last, b.Highest = w, max(b.Highest, w.Serial)
	return b
}

// try puts a new configuration on probation.
func (b Book) try(w Word) Book {
	w.Outcome = wire.Pending
	b = b.judged(w)
	b.Probation, b.Starts = w.Serial, 0
	return b
}

// prove ends a probation well.
func (b Book) prove(at plantroom.Instant) Book {
	b = b.say(b.Probation, wire.Applied, "", at)
	b.Proven, b.Probation, b.Starts = b.Probation, 0, 0
	return b
}

// revert ends a probation badly.
func (b Book) revert(why string, at plantroom.Instant) Book {
	b = b.say(b.Probation, wire.Reverted, why, at)
	b.Probation, b.Starts = 0, 0
	return b
}

// own goes back to the gateway's own file, whatever is proven.
func (b Book) own(why string, at plantroom.Instant) Book {
	b = b.say(b.Running(), wire.Reverted, why, at)
	b.Proven, b.Probation, b.Starts = 0, 0, 0
	return b
}

// say changes the last word, where that is on this configuration: a newer one
// may have been refused meanwhile, and its faults are what somebody waits for.
func (b Book) say(serial uint64, o wire.Outcome, detail string, at plantroom.Instant) Book {
	if serial != 0 && b.Last.Serial == serial {
		b.Last.Outcome, b.Last.Detail, b.Last.At = o, detail, at
	}
	return b
}

// encode writes the book, behind a sum that tells whether it is whole.
func (b Book) encode() ([]byte, error) {
	doc, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(doc)
	return append(append(hex.AppendEncode(nil, sum[:]), '\n'), doc...), nil
}

// decodeBook reads what encode has written.
func decodeBook(raw []byte) (b Book, err error) {
	head, doc, _ := bytes.Cut(raw, []byte("\n"))
	sum := sha256.Sum256(doc)
	if hex.EncodeToString(sum[:]) != string(head) {
		return b, plantroom.Errorf(plantroom.CodeInvalid, "what it says is not what was written")
	}
	return b, json.Unmarshal(doc, &b)
}
