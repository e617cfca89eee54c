package bench

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Machine is where and when the figures were measured.
type Machine struct {
	Date   time.Time `json:"date"`
	CPU    string    `json:"cpu"`
	Cores  int       `json:"cores"`
	Kernel string    `json:"kernel"`
	Go     string    `json:"go"`
	Load   string    `json:"load_average_before"` // over 1, 5 and 15 minutes
	Loaded string    `json:"load_average_after"`  // what was measured is in it
}

// ThisMachine describes the machine; what it cannot find out is left empty.
func ThisMachine() Machine {
	return Machine{
		Date: time.Now().UTC().Truncate(time.Second), CPU: model(), Cores: runtime.NumCPU(),
		Kernel: strings.TrimSpace(content("/proc/sys/kernel/osrelease")), Go: runtime.Version(), Load: LoadAverage(),
	}
}

// LoadAverage is the load of the last 1, 5 and 15 minutes.
func LoadAverage() string {
	f := strings.Fields(content("/proc/loadavg"))
	return strings.Join(f[:min(3, len(f))], " ")
}

func model() string {
	for line := range strings.Lines(content("/proc/cpuinfo")) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func content(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(b)
}

// String gives three lines.
func (m Machine) String() string {
	return fmt.Sprintf("Plantroom figures, %s\n%d × %s, Linux %s, %s\nload average before %s, after %s; mosquitto: %s\n",
		m.Date.Format("2006-01-02 15:04 UTC"), m.Cores, m.CPU, m.Kernel, m.Go, m.Load, m.Loaded,
		"its own, with max_inflight_messages 0, max_queued_messages 0, persistence off")
}
