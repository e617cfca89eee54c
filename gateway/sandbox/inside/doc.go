// Package inside is the inside of gateway/sandbox: the process that holds the
// JavaScript engine. It reads requests from its input, runs each in a machine
// of its own, and writes answers until the input ends. It starts nothing, opens
// nothing and knows nothing of the gateway; whether it still answers in time is
// for the gateway to see, which kills it when it does not.
package inside
