// Package intake is the one door into the spool: it binds samples, encodes
// them and submits them, and makes a reject of whatever could not be used, so
// that the services can show it.
//
// It deliberately neither decodes payloads nor talks to devices, and it keeps
// nothing itself: what has not been submitted is its caller's to repeat.
package intake
