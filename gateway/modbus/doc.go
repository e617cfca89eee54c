// Package modbus polls the Modbus devices on site and makes samples of what
// they answer. A Link is one bus: a serial line (RTU) or a TCP connection,
// which may be a converter with a line behind it. One goroutine asks its
// devices one after the other; what to ask, and what an answer means, is the
// business of firmware-bridge/modbus. Whom to ask when is decided by a Poller,
// which has no goroutine and a clock that it is given: the simulator plays it
// in virtual time.
//
// A device that does not answer is tried less often, and then only while no
// device that answers is due, so that those wait for one timeout at most. Its
// signal online says so. Where nothing on a link answers, or the link cannot
// be opened, bus_stuck of all its devices does. An exception is an answer: the
// device is there, and a request that it calls illegal is named with the map's
// place and left alone for longer and longer.
//
// Modbus TCP is spoken by github.com/simonvetter/modbus. RTU is framed here,
// over go.bug.st/serial: RTU answers carry no number, and that library (as of
// v1.6.4) neither empties the line before it asks nor looks on when it reads
// an answer that is not the one it waits for. After one late answer it gives,
// for ever, each time the answer to the question before, without an error. And
// when an adapter is unplugged, its serial library spins until the timeout
// instead of failing. Both were seen over a pseudo terminal.
//
// What remains is the protocol's: an answer of the same device and length that
// comes after the timeout, and within the time that the next question to that
// device waits, is taken for the answer to that question. A device that was
// silent is therefore left alone for a second at least.
//
// It deliberately writes nothing by itself: WriteCoil, which the reflexes call,
// refuses every output that Options do not list.
package modbus
