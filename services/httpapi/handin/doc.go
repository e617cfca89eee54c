// Package handin takes files of proof in over HTTP, as parts of a form, and
// gives them out so that no browser ever runs one as a page.
//
// Files go from the line to the disk in small pieces, and forms, files and the
// time that they take are bounded. It deliberately judges neither who may hand
// in nor what an order may have: its callers do, before a byte of a file is read.
package handin
