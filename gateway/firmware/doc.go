// Package firmware brings a checked image to a node over its serial line: it
// uploads what the node does not have yet, goes on where the node is after the
// line was cut, has the new firmware run on trial, and confirms it when it
// answers. Firmware that does not answer is not confirmed, and the node goes
// back to the old one by itself.
//
// It deliberately checks no image (mcuboot does, before anything is sent) and
// knows nothing of readings: while it has the line, a node's readings wait in
// the node. SMP has no addresses, so the node has to be alone on its line.
package firmware
