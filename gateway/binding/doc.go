// Package binding turns samples into readings by the gateway's file: it says
// which device an address is, what its signals are called here and on which
// scale they count, and it gives the readings of each (device, signal)
// distinct times.
//
// It deliberately knows nothing of protocols, of which signals exist or of
// their ranges: decoders and domains do.
package binding
