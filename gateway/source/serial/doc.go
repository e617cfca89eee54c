// Package serial hears the sensor nodes on a serial line, and acknowledges a
// reading to its node only when that reading is on disk: until then the node
// sends it again. It opens the line anew after it was pulled, and says commands
// to nodes until they are carried out. docs/node.md describes the link. What is
// taken in and acknowledged is decided by a Nodes, which has no port and no
// clock: the simulator plays it in virtual time.
//
// It deliberately knows nothing of frames (firmware-bridge/node does), of
// devices or of the services, and it does not update firmware: a line has one
// user, and gateway/firmware is another.
//
// go.bug.st/serial v1.8.0 closes a port's descriptor before it wakes whoever
// reads it (read in its source), so that a descriptor opened in between may be
// read instead. Here the goroutine that reads is the one that closes.
package serial
