package inside

import (
	"os"
	"strconv"
	"syscall"
)

// lowerPriority lets the gateway go first. Linux has a priority for each
// thread, and a new thread takes that of the one that makes it.
func lowerPriority() {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, 5) // asking for less cannot fail, but the thread may be gone
		}
	}
}
