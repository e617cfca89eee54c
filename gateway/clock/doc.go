// Package clock is the gateway's clock: the one from which every source takes
// its times, and that knows whether it has been set.
//
// Small computers have no clock that runs without power. They start in 1970,
// or at the time of the last shutdown, and are right a moment after NTP has
// found the network. Until then this clock does not guess: it says
// plantroom.Unset plus the time since the start of the machine
// (CLOCK_BOOTTIME), and readings go to disk with that. When the clock is set
// in the same boot, the one difference between a time of day and the time since
// the start corrects them all as they are sent (Correct), exactly and in their
// order. What has to be sent without it, or is left of a boot in which the
// clock was never set, gets a guess and the quality "time estimated".
//
// What a record is sent with is decided once, and is on disk in a file beside
// the spool before it is sent, so that a record which is sent again has the
// same time.
//
// Once set, the clock follows the system's while that is synchronised, steps
// included. While it is not, it goes on by itself from where it was: CLOCK_BOOTTIME
// runs at the rate that NTP has found, and a step that nobody vouches for is
// not followed.
//
// It deliberately sets no clock, speaks no NTP and takes no time from the
// services: whoever keeps the machine's time does. That the system's clock is
// synchronised means what systemd's NTPSynchronized means: the kernel's bound
// of the error (adjtimex, maxerror) is below its limit of 16 s.
package clock
