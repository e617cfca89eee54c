package influxd

import "syscall"

// dieWithParent has the kernel kill the child when we end, however we end.
// What it has answered is synced, so a kill loses nothing.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
