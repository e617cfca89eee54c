package evidence

import (
	"bytes"
	"crypto/sha256"
	"io"

	"plantroom"
)

// receipt is a call as a bundle tells of it: without its address, which may hold
// a receiver's token, and without its body, which holds a job link. The body's
// hash lets a receiver show that the message it has is the one that was sent.
type receipt struct {
	ID       plantroom.MessageID `json:"id,omitempty"`
	Kind     string              `json:"kind"`
	Channel  string              `json:"channel"`
	Who      string              `json:"who"`
	Subject  string              `json:"subject"`
	State    plantroom.CallState `json:"state"`
	Attempts int                 `json:"attempts"`
	Created  plantroom.Instant   `json:"created"`
	Done     plantroom.Instant   `json:"done,omitzero"`
	LastErr  string              `json:"last_error,omitempty"`
	Body     string              `json:"body_sha256,omitempty"`
	Row      int64               `json:"row,omitempty"` // of the ledger, that tells of its end
}

func (b *builder) writeCalls(tx plantroom.Tx, w io.Writer) error {
	calls, err := tx.CallsOf(b.order.ID)
	if err != nil {
		return err
	}
	out := make([]receipt, len(calls))
	for i, c := range calls {
		out[i] = receipt{ID: callID(b.opt.Redact, &c), Kind: c.Kind, Channel: c.Channel, Who: who(b.opt.Redact, c.Who), Subject: text(b.opt.Redact, c.Subject), State: c.State,
			Attempts: c.Attempts, Created: c.Created, Done: c.Done, LastErr: text(b.opt.Redact, c.LastErr), Row: b.rowOf(c.ID)}
		if !b.opt.Redact {
			out[i].Body = plantroom.Hash(sha256.Sum256(c.Body)).String()
		}
	}
	return writeJSON(w, out)
}

// rowOf finds the newest row that tells of a call's end.
func (b *builder) rowOf(id plantroom.MessageID) int64 {
	for i := len(b.rows) - 1; i >= 0; i-- {
		if r := &b.rows[i]; (r.Kind == "call.sent" || r.Kind == "call.dead") && bytes.Contains(r.Body, []byte(`"call":"`+string(id)+`"`)) {
			return r.Seq
		}
	}
	return 0
}
