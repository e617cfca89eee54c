// Package proofs keeps files of proof, photos and papers, in a directory of the
// server's data: each under the SHA-256 of its bytes, durable before anything
// names it, and never changed afterwards.
//
// It takes JPEG, PNG and PDF, told apart by what the bytes say. WebP, HEIC and
// the rest are refused: what is taken has to open on any screen in ten years.
// The standard library cannot look into the first, which cameras do not write;
// the second is turned into JPEG by the browsers of the telephones that make it
// (as others have found: zenn.dev/kou_pg_0131/articles/safari-input-file-heic).
//
// It deliberately changes no byte, so that the hash is that of what was sent,
// with place and time in it if they came along. What a telephone changes before
// it sends is not in our hands. It decodes no picture, reading no more than the header that holds
// width and height, makes no small copies, and does not know whose a file is:
// the store has that, and this package compares the two.
package proofs
