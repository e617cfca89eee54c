package bench

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
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
	// Stolen is the part of the time, in percent of all cores, that the host
	// of a virtual machine gave to others although we had work.
	Stolen float64 `json:"stolen_percent"`

	begun ticks
}

// ticks are the counters of all cores since the start of the machine.
type ticks struct{ all, stolen float64 }

// count reads the first line of /proc/stat (proc(5)): user, nice, system,
// idle, iowait, irq, softirq and steal.
func count(stat string) (t ticks) {
	line, _, _ := strings.Cut(stat, "\n")
	for i, f := range strings.Fields(line) {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil || i > 8 { // the name; guests, which are part of user
			continue
		}
		t.all += n
		if i == 8 {
			t.stolen = n
		}
	}
	return t
}

// Finish notes what can only be said after the measurements.
func (m *Machine) Finish() {
	m.Loaded = LoadAverage()
	if end := count(content("/proc/stat")); end.all > m.begun.all {
		m.Stolen = 100 * (end.stolen - m.begun.stolen) / (end.all - m.begun.all)
	}
}

// ThisMachine describes the machine; what it cannot find out is left empty.
func ThisMachine() Machine {
	return Machine{
		Date: time.Now().UTC().Truncate(time.Second), CPU: model(), Cores: runtime.NumCPU(),
		Kernel: strings.TrimSpace(content("/proc/sys/kernel/osrelease")), Go: runtime.Version(), Load: LoadAverage(),
		begun: count(content("/proc/stat")),
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

// String gives four lines.
func (m Machine) String() string {
	return fmt.Sprintf("Plantroom figures, %s\n%d × %s, Linux %s, %s\nload average before %s, after %s; stolen by the host: %.0f %% of the time\n"+
		"mosquitto: our own, with max_inflight_messages 0, max_queued_messages 0 and persistence off\n",
		m.Date.Format("2006-01-02 15:04 UTC"), m.Cores, m.CPU, m.Kernel, m.Go, m.Load, m.Loaded, m.Stolen)
}
