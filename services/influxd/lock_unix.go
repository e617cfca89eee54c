//go:build unix

package influxd

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockDir takes the lock on a directory. The child inherits it, so a
// predecessor's lock lasts until its child, too, is gone.
func lockDir(ctx context.Context, file string) (*os.File, error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", file, err)
		case <-poll.C:
		}
	}
}
