package engine

import (
	"syscall"
	"time"
)

// rusageThread asks for what the calling thread alone has used (getrusage(2)).
const rusageThread = 1

// cpuTime is the processor time of the calling thread, in the kernel's ticks.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(rusageThread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// knowsCPUTime says that cpuTime tells a codec that is slow from a machine
// that is busy.
const knowsCPUTime = true
