// Package report turns the record of orders into money: which window of which
// contract was kept or missed and by whom, a contractor's monthly statement with
// penalties, caps and exclusions, the contractor's objections and what became of
// them, and the same past replayed against another contract.
//
// What it computes is a pure function of what is stored and of the estate's file:
// computed twice, a statement is the same. Read and the functions on a statement's
// reply are the only ones that touch a store, within the caller's transaction.
//
// It deliberately reads no clock and no file, pays nobody, and does not judge the
// evidence: what detection and dispatch have written down is taken as it is.
package report
