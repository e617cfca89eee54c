// Package sandbox runs device JavaScript in a process of its own. The engine
// in firmware-bridge/codec limits what a codec may take, but some of its
// built-in functions never look at the clock, and a fault of the engine could
// end or harm the process that it is in. Here that is a process which holds
// nothing else, is killed when a call does not end, and is started again.
//
// The process is the program plantroom-codec, which lies beside the gateway's; it
// says what it speaks, reads requests and writes answers, a line of JSON each.
// The engine is in that program only, so that the process that holds keys,
// passwords and the spool carries no interpreter. It is started at the first call, is
// nice to the gateway (lower priority, the first to go when memory is short)
// and ends when the gateway does. Calls of different codecs run beside each
// other; each call has a machine of its own there. A codec is called
// in a second process, which has one core at most, until a call of it has
// succeeded, and again after one that failed: so what runs in circles does it
// out of the others' way. That process ends after some seconds without calls.
//
// It deliberately maps nothing to signals and remembers no failures: codec.Codec
// does. It is no wall against an attacker who has found a hole in the engine:
// the process runs as the gateway's user.
package sandbox
