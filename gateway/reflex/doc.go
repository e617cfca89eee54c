// Package reflex does on site what cannot wait for a network: a leak in this
// zone closes this valve and sounds this buzzer. It keeps what a person on site
// has ordered, exercises the valves once a month, and makes a reading of all
// that it does.
//
// Core decides. It is pure: it knows readings, orders and the time that it is
// given, its state can be saved and restored between any two steps, and what it
// wants done it returns. Runner is the shell around it: it drives each output
// from a goroutine of its own, so that a line that hangs delays no buzzer, and
// keeps the state in a file.
//
// What it stands by, whatever happens:
//
//   - A valve that feeds a fire main is never closed: not by a reflex, not by
//     the self-test, not by a person's order. Plan.Problems refuses the first
//     two, Core all three, and Runner a last time before the line is driven.
//   - A reflex drives an output to one position only, so that two of them
//     cannot contradict each other; a person's order goes before them.
//   - A valve that a reflex has closed opens when a person says so, or where
//     its reflex has reopen.
//   - An act does not wait for a disk, the self-test does: what closes a valve
//     without need has to be known after a crash.
//
// It deliberately does not know how outputs are driven (a Drive does), decides
// nothing from several readings together, and calls nobody: the services do.
package reflex
