// Package bench measures what Plantroom promises of its speed and size, on the
// real parts: processes built from this tree, mosquitto, and influxd. It runs
// each measurement several times and reports medians.
//
// It deliberately asserts nothing. A figure depends on the machine and on what
// else runs there, so a missed target is a line in a table and never a failed
// build.
package bench
