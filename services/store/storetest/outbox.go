package storetest

import (
	"encoding/json"
	"testing"

	"plantroom"
)

var outboxCases = []testCase{
	{"a call comes back whole", callWhole},
	{"a call whose id is there is ignored", callOnce},
	{"an unknown call is not found", callUnknown},
	{"due calls are pending and come earliest first", callsDue},
	{"due calls are shared out between addresses", callsShared},
	{"the calls of one order come in the order of writing", callsOfOrder},
	{"the calls in a state come newest first", callsByState},
}

// call makes a whole call about an order, due at an instant.
func call(id plantroom.MessageID, num int, due plantroom.Instant) plantroom.Call {
	return plantroom.Call{
		ID: id, Kind: "order.dispatched", Order: orderID(num), Channel: "webhook", To: "https://quicklift.example/hook",
		Who: "contractor:quicklift", Subject: "Lift 1 stands", Body: json.RawMessage(`{"specversion":"1.0"}`),
		Fallback: []plantroom.Address{{Channel: "mqtt", To: "quicklift"}}, State: plantroom.CallPending,
		Created: clock(0), NextTry: due,
	}
}

func insertCalls(t *testing.T, s plantroom.Store, calls ...plantroom.Call) {
	t.Helper()
	update(t, s, func(tx plantroom.Tx) error { return tx.InsertCalls(calls...) })
}

func callIDs(cs []plantroom.Call) []plantroom.MessageID {
	return keys(cs, func(c plantroom.Call) plantroom.MessageID { return c.ID })
}

func callWhole(t *testing.T, s plantroom.Store) {
	c := call("m-1", 1, clock(5))
	insertCalls(t, s, c)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Call, error) { return tx.Call("m-1") }), c)
	c.State, c.Attempts, c.NextTry, c.Done, c.LastErr = plantroom.CallSent, 3, 0, clock(9), "503 busy"
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateCall(c) })
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Call, error) { return tx.Call("m-1") }), c)
}

func callOnce(t *testing.T, s plantroom.Store) {
	c := call("m-1", 1, clock(5))
	insertCalls(t, s, c)
	again := c
	again.Subject, again.State = "another text", plantroom.CallDead
	insertCalls(t, s, again, call("m-2", 1, clock(6)), again)
	wantEqual(t, read(t, s, func(tx plantroom.Tx) (plantroom.Call, error) { return tx.Call("m-1") }), c)
	wantEqual(t, len(read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.CallsOf(c.Order) })), 2)
}

func callUnknown(t *testing.T, s plantroom.Store) {
	err := s.View(t.Context(), func(tx plantroom.Tx) error { _, err := tx.Call("m-1"); return err })
	wantCode(t, err, plantroom.CodeNotFound)
	refused(t, s, plantroom.CodeNotFound, func(tx plantroom.Tx) error { return tx.UpdateCall(call("m-1", 1, 0)) })
}

func callsDue(t *testing.T, s plantroom.Store) {
	sent := call("m-sent", 1, clock(1))
	sent.State = plantroom.CallSent
	insertCalls(t, s, call("m-c", 1, clock(30)), call("m-a", 1, clock(10)), sent, call("m-b", 2, clock(10)), call("m-now", 3, 0))
	at := func(sec int64, limit int) []plantroom.MessageID {
		return callIDs(read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.DueCalls(clock(sec), 0, limit) }))
	}
	wantEqual(t, at(9, 0), []plantroom.MessageID{"m-now"})
	wantEqual(t, at(10, 0), []plantroom.MessageID{"m-now", "m-a", "m-b"})
	wantEqual(t, at(99, 0), []plantroom.MessageID{"m-now", "m-a", "m-b", "m-c"})
	wantEqual(t, at(99, 2), []plantroom.MessageID{"m-now", "m-a"})
	later := call("m-a", 1, clock(60))
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateCall(later) })
	wantEqual(t, at(30, 0), []plantroom.MessageID{"m-now", "m-b", "m-c"})
}

func callsShared(t *testing.T, s plantroom.Store) {
	to := func(id plantroom.MessageID, channel, to string, attempts int, due plantroom.Instant) plantroom.Call {
		c := call(id, 1, due)
		c.Channel, c.To, c.Attempts = channel, to, attempts
		return c
	}
	insertCalls(t, s,
		to("m-h1", "webhook", "hangs", 0, clock(1)), to("m-h2", "webhook", "hangs", 0, clock(2)), to("m-h3", "webhook", "hangs", 0, clock(3)),
		to("m-g-again", "webhook", "good", 2, clock(4)), to("m-g", "webhook", "good", 0, clock(5)),
		to("m-m", "mqtt", "hangs", 0, clock(6)), // the same name on another channel is another address
		to("m-later", "webhook", "later", 0, clock(60)))
	due := func(perAddress, limit int, but ...plantroom.Address) []plantroom.MessageID {
		return callIDs(read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) {
			return tx.DueCalls(clock(9), perAddress, limit, but...)
		}))
	}
	wantEqual(t, due(1, 0), []plantroom.MessageID{"m-h1", "m-g", "m-m"})
	wantEqual(t, due(2, 0), []plantroom.MessageID{"m-h1", "m-g", "m-m", "m-h2", "m-g-again"})
	wantEqual(t, due(2, 4), []plantroom.MessageID{"m-h1", "m-g", "m-m", "m-h2"})
	wantEqual(t, due(0, 0), []plantroom.MessageID{"m-h1", "m-g", "m-m", "m-h2", "m-g-again", "m-h3"})
	tried := to("m-g", "webhook", "good", 3, clock(5))
	update(t, s, func(tx plantroom.Tx) error { return tx.UpdateCall(tried) })
	wantEqual(t, due(1, 0), []plantroom.MessageID{"m-h1", "m-g-again", "m-m"})
	wantEqual(t, due(0, 0, plantroom.Address{Channel: "webhook", To: "hangs"}, plantroom.Address{Channel: "mqtt", To: "good"}),
		[]plantroom.MessageID{"m-g-again", "m-m", "m-g"})
}

func callsOfOrder(t *testing.T, s plantroom.Store) {
	insertCalls(t, s, call("m-z", 1, clock(9)), call("m-other", 2, clock(1)), call("m-a", 1, clock(3)))
	insertCalls(t, s, call("m-m", 1, clock(1)))
	got := read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.CallsOf("wo-000001") })
	wantEqual(t, callIDs(got), []plantroom.MessageID{"m-z", "m-a", "m-m"})
}

func callsByState(t *testing.T, s plantroom.Store) {
	for i, st := range []plantroom.CallState{plantroom.CallDead, plantroom.CallPending, plantroom.CallSent, plantroom.CallDead, plantroom.CallPending, plantroom.CallSent} {
		c := call(plantroom.MessageID([]string{"m-0", "m-1", "m-2", "m-3", "m-4", "m-5"}[i]), 1, clock(0))
		c.State, c.Created = st, clock(int64(i))
		insertCalls(t, s, c)
	}
	of := func(st plantroom.CallState, limit int) []plantroom.MessageID {
		return callIDs(read(t, s, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.Calls(st, limit) }))
	}
	wantEqual(t, of(plantroom.CallDead, 0), []plantroom.MessageID{"m-3", "m-0"})
	wantEqual(t, of(plantroom.CallPending, 0), []plantroom.MessageID{"m-4", "m-1"})
	wantEqual(t, of(plantroom.CallSent, 1), []plantroom.MessageID{"m-5"})
	wantEqual(t, of("", 4), []plantroom.MessageID{"m-5", "m-4", "m-3", "m-2"})
}
