// Package sensor reads what is wired to the gateway itself through periph:
// dry contacts on GPIO pins, and leak ropes and distance sensors on ADS1115
// converters on I²C buses. It makes samples of what it reads, whose address is
// the device id in the gateway's file.
//
// What it can do is what Linux' GPIO character device and I²C give a process
// without real-time rights. A contact is reported when it has been steady for
// its debounce time; edges that come and go faster are not seen, so pulses are
// not counted. An echo of an ultrasonic sensor cannot be timed here (a
// process wakes up to milliseconds late, and sound runs 0.34 m in one), so
// distance comes from sensors that measure by themselves and give a voltage.
//
// Every device speaks at least once per heartbeat, so that its silence means
// something. It deliberately judges nothing: what a reading means is for the
// domains.
package sensor
