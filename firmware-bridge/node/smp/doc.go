// Package smp speaks the client's side of SMP (MCUmgr) over a console: lines of
// base64, messages of a header and a CBOR map, and of those echo, reset and
// parameters (group 0) and state and upload of images (group 1).
//
// It deliberately opens no port, waits for nothing and repeats nothing:
// gateway/firmware does. It does not know other groups, nor transports.
//
// Sources: Zephyr's SMP Transport Specification and SMP Protocol Specification,
// its pages on groups 0 and 1, and subsys/mgmt/mcumgr/transport/src/serial_util.c,
// from which it is clear that the CRC is over the message without its length,
// and that a line is base64 by itself.
package smp
