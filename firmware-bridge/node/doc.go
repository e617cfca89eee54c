// Package node speaks the link of Plantroom's own sensor nodes: frames on a
// serial line (COBS, CRC-32), five messages in a subset of CBOR, and what a
// gateway has to remember of each node to acknowledge a reading once it is
// safe, to take a repeated one for what it is, and to give it its time. The
// folder c holds the same link in C99 for the node itself; both are held to
// testdata/node-vectors.json. docs/node.md describes the link.
//
// It deliberately opens no port and keeps no clock: gateway/source/serial
// does. It does not speak of firmware either; smp and mcuboot below do.
//
// Sources: COBS is Cheshire and Baker, "Consistent Overhead Byte Stuffing",
// IEEE/ACM Transactions on Networking 7(2), 1999. CRC-32 is that of IEEE 802.3
// as in RFC 1952. The encoding is RFC 8949 §4.2.1. The messages are our own.
package node
