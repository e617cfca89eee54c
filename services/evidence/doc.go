// Package evidence makes a bundle of what is kept about one work order, and
// checks such bundles: the part of the ledger's chain in which the order lies,
// the terms that its rows name, its calls, its files of proof, the sensors' series around it, a
// manifest with the SHA-256 of every file, and a page that verifies all this in
// a browser without a network.
//
// A bundle is a zip file of one form only: stored, in one order, with no bytes
// that the form does not account for, so that the same input gives the same
// bytes and every changed byte is seen. Rows of other matters are in it as one
// hash each; with Redact so is whatever tells of a person.
//
// It deliberately proves no more than the chain does: that what is shown is
// what the ledger held, up to a row whose hash can be compared with one that was
// noted elsewhere. Files other than the rows are vouched for by whoever hands
// the bundle over. It signs nothing, and takes series through an interface.
package evidence
