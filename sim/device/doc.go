// Package device is what a gateway of the virtual estate is wired to: a serial
// line with Modbus devices on it, and what they keep in their registers.
//
// All of it lives by a Clock that somebody else moves, and none of it has a
// goroutine: what a device does follows from what it was told and asked. It
// deliberately takes no codec, framing or checksum from the gateway: two
// sides that share an error would agree.
package device
