package httpapi

import (
	"encoding/json"
	"net/http"

	"plantroom"
	"plantroom/services/httpapi/guard"
)

func callStates() []plantroom.CallState {
	return []plantroom.CallState{plantroom.CallPending, plantroom.CallSent, plantroom.CallDead}
}

// outbox lists calls of one state, the dead letters unless asked otherwise.
func (a *API) outbox(w http.ResponseWriter, r *http.Request, q *query) error {
	states, limit := oneOf(q, "state", callStates()), q.limit()
	if len(states) > 1 {
		q.fail("state", "one of "+join(callStates()))
	}
	if q.err != nil {
		return q.err
	}
	state := plantroom.CallDead
	if len(states) == 1 {
		state = states[0]
	}
	var calls []plantroom.Call
	err := a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		calls, err = tx.Calls(state, limit)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, listOf(calls, ""))
}

// maxMessageID bounds a message id in a path, in bytes.
const maxMessageID = 200

func messageID(r *http.Request) (plantroom.MessageID, error) {
	id := r.PathValue("id")
	if len(id) > maxMessageID {
		return "", plantroom.Errorf(plantroom.CodeNotFound, "there is no call with so long an id")
	}
	return plantroom.MessageID(id), nil
}

func (a *API) call(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	var c plantroom.Call
	err = a.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		c, err = tx.Call(id)
		return err
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, c)
}

func (a *API) resend(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	c, err := a.Resend(r, id)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, c)
}

// Resend sets a dead call to be sent again at once, with its id unchanged, so
// that a receiver which did take it drops the repeat. CodeTransition: the call
// is not dead.
func (a *API) Resend(r *http.Request, id plantroom.MessageID) (plantroom.Call, error) {
	var c plantroom.Call
	actor, now := guard.Who(r.Context()).Actor, a.opt.Now()
	err := a.opt.Store.Update(r.Context(), func(tx plantroom.Tx) (err error) {
		if c, err = tx.Call(id); err != nil {
			return err
		}
		if c.State != plantroom.CallDead {
			return plantroom.Errorf(plantroom.CodeTransition, "the call is %s: only one that was given up can be sent again", c.State)
		}
		body, err := json.Marshal(map[string]any{"call": c.ID, "channel": c.Channel, "to": c.Who, "attempts": c.Attempts, "last_error": c.LastErr})
		if err != nil {
			return err
		}
		c.State, c.Attempts, c.NextTry, c.Done, c.LastErr = plantroom.CallPending, 0, now, 0, ""
		if err := tx.UpdateCall(c); err != nil {
			return err
		}
		return tx.AppendLedger(plantroom.LedgerRow{At: now, Kind: "call.resend", Subject: string(c.Order), Actor: actor, Body: body})
	})
	if err == nil {
		a.opt.Kick()
	}
	return c, err
}
