//go:build !linux

package sdnotify

import (
	"errors"
	"time"
)

// systemd is Linux's.
func monotonic() (time.Duration, error) { return 0, errors.ErrUnsupported }
