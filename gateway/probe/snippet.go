package probe

import (
	"fmt"
	"strings"
)

// snippet writes the sections for what is known and the file does not use yet:
// one line for each, with an id that somebody has to make his own. A converter
// gets one input; what hangs on it nobody can see.
func (l *look) snippet() string {
	var b strings.Builder
	l.busSections(&b)
	l.oneWireSections(&b)
	l.iioSection(&b)
	return b.String()
}

func (l *look) busSections(b *strings.Builder) {
	ropes, masses, head := 0, 0, "buses:\n"
	for _, bus := range l.I2C {
		lines := ""
		for _, d := range bus.Devices {
			switch {
			case d.Driver != "" || len(d.UsedBy) > 0:
			case d.Address >= 0x48 && d.Address <= 0x4b:
				ropes++
				lines += fmt.Sprintf("      - {device: rope-%d, address: 0x%02x, channel: 0, rope: {}}\n", ropes, d.Address)
			case d.Address == 0x2a:
				masses++
				lines += fmt.Sprintf("      - {device: mass-%d, channel: 0, load: {}}\n", masses)
			}
		}
		if lines != "" {
			fmt.Fprintf(b, "%s  - name: %s\n    devices:\n%s", head, bus.Name, lines)
			head = ""
		}
	}
}

func (l *look) oneWireSections(b *strings.Builder) {
	n, head := 0, "onewire:\n"
	for _, m := range l.OneWire {
		lines := ""
		for _, p := range m.Probes {
			if p.Model == "" || p.UsedBy != "" {
				continue
			}
			n++
			lines += fmt.Sprintf("      - {device: temperature-%d, serial: %s}\n", n, p.Serial)
		}
		if lines != "" {
			fmt.Fprintf(b, "%s  - name: %s\n    devices:\n%s", head, m.Name, lines)
			head = ""
		}
	}
}

func (l *look) iioSection(b *strings.Builder) {
	n, head := 0, "iio:\n"
	for _, d := range l.Report.IIO {
		if !weighs(d.Name) || len(d.UsedBy) > 0 {
			continue
		}
		n++
		fmt.Fprintf(b, "%s  - {device: scale-%d, name: %q, load: {}}\n", head, n, d.Place)
		head = ""
	}
}
