package bench

import (
	"os/exec"
	"syscall"
)

// dieWithUs lets a child be killed when this process dies without stopping it.
func dieWithUs(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
