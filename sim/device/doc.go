// Package device is what a gateway of the virtual estate is wired to: a serial
// line with Modbus devices on it and what they keep in their registers, sensor
// nodes, contacts on pins, and ropes before a converter on an I²C bus.
//
// All of it lives by a clock that somebody else moves, and none of it has a
// goroutine that runs beside it: what a device does follows from what it was
// told and asked. Turns plays a loop of the gateway's that waits for one. It
// deliberately takes no framing from the gateway: two sides that share an error
// would agree. The frames of nodes are those of firmware-bridge/node, which are
// held to the library in C by byte vectors.
package device
