package httpapi

import (
	"net/http"

	"plantroom"
	"plantroom/services/httpapi/guard"
)

func callStates() []plantroom.CallState {
	return []plantroom.CallState{plantroom.CallPending, plantroom.CallSent, plantroom.CallDead, plantroom.CallWithdrawn}
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
	return send(w, http.StatusOK, listOf(callViews(calls), ""))
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
	return send(w, http.StatusOK, callViewOf(c))
}

func (a *API) resend(w http.ResponseWriter, r *http.Request, _ *query) error {
	id, err := messageID(r)
	if err != nil {
		return err
	}
	c, err := a.opt.Desk.Retry(r.Context(), guard.Who(r.Context()).Actor, id)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, callViewOf(c))
}

// callView is a call without its address and body: webhook addresses hold
// their receivers' secrets, and bodies hold job links, with which anybody may
// act in the contractor's name.
type callView struct {
	ID       plantroom.MessageID `json:"id"`
	Kind     string              `json:"kind"`
	Order    plantroom.OrderID   `json:"order"`
	Channel  string              `json:"channel"`
	Who      string              `json:"who"`
	Subject  string              `json:"subject"`
	State    plantroom.CallState `json:"state"`
	Attempts int                 `json:"attempts"`
	Created  plantroom.Instant   `json:"created"`
	NextTry  plantroom.Instant   `json:"next_try,omitzero"`
	Done     plantroom.Instant   `json:"done,omitzero"`
	LastErr  string              `json:"last_error,omitempty"`
}

func callViewOf(c plantroom.Call) callView {
	return callView{c.ID, c.Kind, c.Order, c.Channel, c.Who, c.Subject, c.State, c.Attempts, c.Created, c.NextTry, c.Done, c.LastErr}
}

func callViews(calls []plantroom.Call) []callView {
	out := make([]callView, len(calls))
	for i, c := range calls {
		out[i] = callViewOf(c)
	}
	return out
}
