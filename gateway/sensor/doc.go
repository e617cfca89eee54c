// Package sensor reads what is wired to the gateway itself through periph:
// dry contacts and the pulses of meters on GPIO lines, leak ropes, distance
// sensors and load cells on converters on I²C buses, thermometers on 1-Wire
// buses and load cells behind drivers of the kernel, and ultrasonic sensors on
// serial lines. It makes samples of what it reads, whose address is the device
// id in the gateway's file.
//
// What it can do is what Linux gives a process without real-time rights and
// without root. A contact is reported when it has been steady for its debounce
// time. Pulses are counted by the times at which the kernel saw the edges, up
// to a stated rate. An echo of an ultrasonic sensor cannot be timed here (a
// process wakes up to milliseconds late, and sound runs 0.34 m in one), so
// distance comes from sensors that measure by themselves. Nor can a chip be
// clocked by hand, such as an HX711, or a 1-Wire bus: the kernel does that.
//
// Whatever is polled, is so from one goroutine for each bus, with a watchdog
// for transfers that hang and a breaker for each device that does not answer;
// bus_stuck says so of a device as a reading.
//
// Every device speaks at least once per heartbeat, so that its silence means
// something. It deliberately judges nothing: what a reading means is for the
// domains.
package sensor
