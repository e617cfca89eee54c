package probe

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"plantroom/gateway/sensor/gpioline"
)

// Text prints a report for people.
func (r *Report) Text(out io.Writer, uses Uses) error {
	t := &tables{w: tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), out: out}
	t.gpio(r.GPIO, uses)
	t.i2c(r.I2C)
	t.oneWire(r.OneWire)
	t.iio(r.IIO)
	t.serial(r.Serial)
	t.list("not here", r.Missing)
	t.list("not as it should be", r.Faults)
	if r.YAML != "" {
		t.title("for the gateway's file, with ids of your own")
		t.print("%s", r.YAML)
	}
	return t.err
}

// tables prints one table after the other, and remembers the first error.
type tables struct {
	w     *tabwriter.Writer
	out   io.Writer
	begun bool
	err   error
}

func (t *tables) print(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.out, format, args...)
	}
}

func (t *tables) title(text string) {
	if t.begun {
		t.print("\n")
	}
	t.begun = true
	t.print("%s\n", text)
}

func (t *tables) row(cells ...string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, "  "+strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
}

func (t *tables) end() {
	if t.err == nil {
		t.err = t.w.Flush()
	}
}

// or stands for what is not known.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (t *tables) gpio(chips []gpioline.Chip, uses Uses) {
	for _, c := range chips {
		t.title(fmt.Sprintf("GPIO %s (%s), %d lines", c.Name, c.Label, len(c.Lines)))
		t.row("LINE", "NAME", "USED BY")
		nameless := 0
		for _, l := range c.Lines {
			place := fmt.Sprintf("%s/%d", c.Name, l.Number)
			by := or(uses.Pins[l.Name], uses.Pins[place])
			if l.Used {
				by = strings.TrimSpace(by + " " + or(l.Consumer, "somebody"))
			}
			if l.Name == "" && by == "" {
				nameless++
				continue
			}
			t.row(place, or(l.Name, "-"), or(by, "-"))
		}
		t.end()
		if nameless > 0 {
			t.print("  and %d without a name that nobody uses\n", nameless)
		}
	}
}

func (t *tables) i2c(buses []Bus) {
	for _, b := range buses {
		t.title(fmt.Sprintf("I²C %s (%s)", b.Name, or(b.Adapter, "?")))
		switch {
		case b.Left != "":
			t.print("  nothing was sent: %s\n", b.Left)
		case len(b.Devices) == 0 && b.Problem == "":
			t.print("  nothing answers\n")
		case len(b.Devices) > 0:
			t.row("ADDRESS", "WHAT", "USED BY")
		}
		for _, d := range b.Devices {
			what := "likely " + d.Likely
			if d.Likely == "" {
				what = "?"
			}
			if d.Driver != "" {
				what = "the kernel's driver " + d.Driver + " has it; nothing was sent"
			}
			t.row(fmt.Sprintf("0x%02x", d.Address), what, or(strings.Join(d.UsedBy, ", "), "-"))
		}
		t.end()
		if b.Problem != "" {
			t.print("  %s\n", b.Problem)
		}
	}
}

func (t *tables) oneWire(masters []Master) {
	for _, m := range masters {
		t.title("1-Wire " + m.Name)
		if len(m.Probes) == 0 {
			t.print("  nothing on it\n")
			continue
		}
		t.row("SERIAL", "MODEL", "TEMPERATURE", "USED BY")
		for _, p := range m.Probes {
			says := or(p.Problem, "-")
			if p.Celsius != nil {
				says = fmt.Sprintf("%.1f °C", *p.Celsius)
			}
			t.row(p.Serial, or(p.Model, "?"), says, or(p.UsedBy, "-"))
		}
		t.end()
		if m.Problem != "" {
			t.print("  %s\n", m.Problem)
		}
	}
}

func (t *tables) iio(devices []IIO) {
	if len(devices) == 0 {
		return
	}
	t.title("IIO")
	t.row("PLACE", "NAME", "COUNTS", "USED BY")
	for _, d := range devices {
		var counts []string
		for _, channel := range slices.Sorted(maps.Keys(d.Voltages)) {
			counts = append(counts, fmt.Sprintf("%s: %d", channel, d.Voltages[channel]))
		}
		t.row(d.Place, or(d.Name, "?"), or(strings.Join(append(counts, strings.Fields(d.Problem)...), " "), "-"), or(strings.Join(d.UsedBy, ", "), "-"))
	}
	t.end()
}

func (t *tables) serial(ports []Port) {
	if len(ports) == 0 {
		return
	}
	t.title("serial lines (nothing was sent, and none was opened)")
	t.row("PATH", "DEVICE", "USED BY")
	for _, p := range ports {
		t.row(p.Path, p.Device, or(p.UsedBy, "-"))
	}
	t.end()
}

func (t *tables) list(title string, all []Missing) {
	if len(all) == 0 {
		return
	}
	t.title(title)
	for _, m := range all {
		t.print("  %s\n", m.What)
		if m.Remedy != "" {
			t.print("      %s\n", m.Remedy)
		}
	}
}
