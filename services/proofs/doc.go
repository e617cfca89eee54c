// Package proofs keeps files of proof, photos and papers, in a directory of the
// server's data: each under the SHA-256 of its bytes, durable before anything
// names it, and never changed afterwards.
//
// It takes JPEG, PNG and PDF, told apart by what the bytes say. WebP, HEIC and
// the rest are refused: no telephone's camera needs the first, which the
// standard library cannot look into, and browsers turn the second into JPEG
// where a page asks for that; and what is taken has to open on any screen in
// ten years.
//
// It deliberately changes no byte: the hash of a photo is the one that its
// maker's telephone gives, with place and time in it if the telephone writes
// them there. It decodes no picture, reading no more than the header that holds
// width and height, makes no small copies, and does not know whose a file is:
// the store has that, and this package compares the two.
package proofs
