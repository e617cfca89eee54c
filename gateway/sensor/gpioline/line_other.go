//go:build !linux

package gpioline

import (
	"time"

	"plantroom"
)

var errNotLinux = plantroom.Errorf(plantroom.CodeUnavailable, "only Linux has GPIO lines")

// Chips lists no chips: this is not Linux.
func Chips() ([]Chip, error) { return nil, errNotLinux }

// Line is an open line that reports its edges.
type Line struct{}

// Open fails: this is not Linux.
func Open(string, Options) (*Line, error) { return nil, errNotLinux }

// Wait fails.
func (l *Line) Wait(_ time.Duration, into []Edge) ([]Edge, error) { return into, errNotLinux }

// Active fails.
func (l *Line) Active() (bool, error) { return false, errNotLinux }

// Now is zero.
func (l *Line) Now() time.Duration { return 0 }

// Close does nothing.
func (l *Line) Close() error { return nil }
