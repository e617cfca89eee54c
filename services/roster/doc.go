// Package roster says who is on duty, from a contractor's weekly shifts in
// the estate's local time, and finds what is wrong with a roster before it is
// needed: hours without anybody, unknown people, people whom no channel
// reaches. Everything is a pure function of its arguments.
//
// It deliberately knows nothing of holidays, swaps or who is busy, reads no
// clock, and loads no time zone: the caller passes the location.
package roster
