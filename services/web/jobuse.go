package web

import (
	"errors"
	"net/http"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/joblink"
)

// noteUse writes a use of a job link to the ledger. A ledger that cannot be
// written to keeps nobody from a lift shaft: the log says so and the page goes on.
func (p *Pages) noteUse(r *http.Request, say words, u joblink.Use) {
	if err := p.opt.Uses.Note(r.Context(), say.now, u); err != nil {
		p.log.WarnContext(r.Context(), "a use of a job link could not be written to the ledger", "order", u.Claims.Order, "error", err,
			"next", "see that the disk has space and is writable")
	}
}

// noteRefused writes down that a link was no good, or no longer.
func (p *Pages) noteRefused(r *http.Request, say words, claims joblink.Claims, s *jobState, cmd dispatch.Command, why string) {
	p.noteUse(r, say, joblink.Use{Claims: claims, Kind: joblink.Refused, State: s.order.State, Do: cmd.Do, By: cmd.By, Why: why})
}

// noteFailed is noteRefused for a link that openJob has refused. What it cannot
// read for other reasons was no use.
func (p *Pages) noteFailed(r *http.Request, say words, claims joblink.Claims, cmd dispatch.Command, err error) {
	var why string
	switch plantroom.CodeOf(err) {
	case plantroom.CodeInvalid:
		why = joblink.Forged
	case plantroom.CodeNotFound:
		why = joblink.Unknown
	case plantroom.CodeExpired:
		why = joblink.Expired
		if !p.knows(r, claims) {
			why = joblink.Unknown
		}
	default:
		return
	}
	p.noteRefused(r, say, claims, &jobState{}, cmd, why)
}

// errLost says that a link is of an order that is no longer known.
var errLost = errors.New("lost")

// knows reports whether the order that a link was made for is there still.
func (p *Pages) knows(r *http.Request, claims joblink.Claims) bool {
	return p.opt.Store.View(r.Context(), func(tx plantroom.Tx) error {
		o, err := tx.Order(claims.Order)
		if err == nil && !dispatch.LinkOf(&o, claims.Expires) {
			err = errLost
		}
		return err
	}) == nil
}
