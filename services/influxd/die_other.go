//go:build !linux

package influxd

import "syscall"

// dieWithParent cannot tie the child's life to ours here: after a crash of
// ours the directory's lock keeps a second child away until the first is ended
// by hand.
func dieWithParent() *syscall.SysProcAttr { return nil }
