// Package engine runs the JavaScript of payload codecs: what a file finds when
// it runs, and the limits of a call. What a codec is, what may come out of it and
// what becomes of that is for firmware-bridge/codec, which holds no engine and
// is all that most programs need.
//
// # Every call is the first
//
// Each call gets a virtual machine of its own, in which nothing has run but
// this package's prelude and the codec's file; afterwards the machine is thrown
// away. So nothing that one message does (a changed prototype, a counter at the
// file's top, a closure) can reach the reading of another device, and there is
// nothing to freeze or to compare. What is kept is the compiled file. A machine
// costs about 0.2 ms, a tenth of what a message may take; keeping it would save
// that and would need a proof, message by message, that the codec left it clean.
//
// # What a codec finds
//
// The engine is QuickJS (ES2023), in sloppy mode unless the file says "use
// strict". Besides the language there are module, exports and a console that says
// nothing, and Buffer and require("buffer") for files that name them (buffer.js
// says what it can).
// There are no timers, files, modules or network. import and export statements
// are a syntax error. The entry is the first of these that is a function, at
// the file's top or in module.exports:
//
//	decodeUplink({bytes, fPort, recvTime, variables})   TS013; The Things Stack, ChirpStack v4
//	Decode(fPort, bytes, variables)                     ChirpStack v3
//	Decoder(bytes, port)                                The Things Network v2
//
// TS013 wants {data, warnings, errors}; the older two return the data alone.
//
// # Limits
//
// Time, memory and depth of calls are limited within the engine. Engine limits
// do not hold everywhere: built-in functions such as [].indexOf on an object of
// length 2⁵³, or a long search in a long string, never look at the clock. So
// whoever runs a codec that it has not written does so in a process that it can
// kill, as gateway/sandbox does; this package itself starts none, keeps no
// goroutine and reads no file.
//
// Sources: LoRa Alliance TS013-1.0.0, Payload Codec API; The Things Stack and
// ChirpStack documentation, "Payload formatters" and "Codecs".
package engine
