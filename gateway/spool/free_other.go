//go:build !linux

package spool

import "errors"

// freeOf does not know: statfs differs from system to system.
func freeOf(string) (int64, error) { return 0, errors.ErrUnsupported }
