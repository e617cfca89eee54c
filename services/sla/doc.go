// Package sla times promises: it picks the window that binds an order
// (contract, jurisdiction or default), starts and stops the clocks on it, and
// says which marks of a window have come due at a given instant. Everything
// is a pure function of its arguments.
//
// It deliberately reads no clock, stores nothing and tells nobody: the caller
// keeps the clocks, calls Advance at or after Due, and acts on the marks in
// the transaction that stores the advanced clock.
package sla
