// Package plantroom holds the nouns of Plantroom: estates and their places,
// assets, signals, readings, incidents, work orders, clocks, contracts and
// domains, together with the error codes and the small interfaces through
// which the parts of the house meet.
//
// It depends on the standard library only and does no I/O. It starts no
// goroutine, reads no clock and keeps no global state: time reaches it as an
// argument of type Instant.
package plantroom
