// Package dispatch turns incidents into work orders and sees each order
// through its life: it checks who can keep the window before it raises an
// order, picks the contractor, starts and stops the clocks, climbs the ladder
// while nobody answers, takes the contractor's word, and believes the sensor.
//
// Every decision is a pure function over the stored order, the incident behind
// it and the present instant; it yields the changed order, ledger rows and
// calls. The Desk is the thin shell that loads, decides and writes them in the
// caller's transaction, so that order, clocks, ledger and outbox change
// together or not at all. Nothing is kept in memory: what is stored says what
// is still to be done, and after a restart everything overdue is done once and
// says how late it is.
//
// A call's id is derived from the order, its round, the cause of the call and
// the recipient, so deciding the same thing again cannot send it twice.
//
// The package deliberately reads no clock, starts no goroutine and sends
// nothing (services/outbox does). It drops no call: in somebody's quiet hours a
// call waits for their end, and never where a life depends on the order. It
// detects nothing and does not doubt evidence (services/detect does that).
package dispatch
