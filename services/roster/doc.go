// Package roster says who is on duty: from a contractor's weekly shifts and
// its rotations in the estate's local time, with the swaps and overrides that
// change them. It gives the people of an instant, the next change and the
// stints of a time, and looks ahead for what is wrong before it is needed:
// hours without anybody, people whom no channel reaches, steps of a ladder that
// can never be taken. Everything is a pure function of its arguments.
//
// It deliberately knows nothing of holidays or of who is busy, reads no clock,
// and loads no time zone: the caller passes the location.
//
// The wall decides, as it does for windows on a calendar (services/sla): a time
// that is skipped where clocks are put forward is the moment of the change, and
// what lies in a skipped hour alone does not take place. A time that occurs
// twice counts both times: what begins then begins with the first, what ends
// then ends with the second. So what meets on the wall leaves no gap in a night
// of change, at the price of two people in the repeated hour.
package roster
