// Package codec is what a gateway knows of the JavaScript payload codecs that
// makers of LoRaWAN devices publish: a file with its limits, a call, the shape
// of what may come out (size, depth and number of values), the mapping from
// there to signals, and the rule that sets a broken codec aside.
//
// It deliberately holds no JavaScript engine: firmware-bridge/codec/engine does,
// and a Runner stands for whatever runs it, so that a program that only has
// codecs run elsewhere carries no interpreter.
//
// Sources: LoRa Alliance TS013-1.0.0, Payload Codec API; The Things Stack and
// ChirpStack documentation, "Payload formatters" and "Codecs".
package codec
