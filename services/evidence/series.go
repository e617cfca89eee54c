package evidence

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"plantroom"
)

// Margins of the series around what happened, and how much of them a bundle holds.
const (
	around    = 15 * time.Minute
	longest   = 7 * 24 * time.Hour
	MaxPoints = 50_000 // of one device and measurement
)

// Table is a device's series: a column "time" of Instants, and one for each
// signal, of float64, string or nil.
type Table struct {
	Device  plantroom.DeviceID
	Columns []string
	Rows    [][]any
}

// Telemetry gives the series of an asset, at most limit rows of each device, in
// the order of the devices' ids and of time.
type Telemetry interface {
	Series(ctx context.Context, measurement string, a plantroom.AssetID, from, to plantroom.Instant, limit int) ([]Table, error)
}

// span is the time that the series of an order cover.
func span(o *plantroom.WorkOrder, incidents []plantroom.Incident, asOf plantroom.Instant) (from, to plantroom.Instant) {
	from, to = o.Occurred, max(o.Raised, o.Restored, o.Verified, o.Closed)
	for _, in := range incidents {
		from, to = min(from, in.Episode), max(to, in.Proved, in.Closed)
	}
	if !o.State.Final() {
		to = asOf
	}
	from, to = from.Add(-around), to.Add(around)
	return from, min(to, from.Add(longest))
}

// series writes the asset's series, each as a file of its own, and says what is
// not there and why.
func (b *builder) series(ctx context.Context) error {
	if b.opt.Telemetry == nil {
		b.miss("the sensors' series", b.opt.NoTelemetry)
		return nil
	}
	from, to := span(&b.order, b.incidents, b.asOf)
	n, failed := 0, false
	for _, measurement := range b.opt.Measurements {
		tables, err := b.opt.Telemetry.Series(ctx, measurement, b.order.Asset, from, to, MaxPoints)
		if err != nil {
			b.miss("the sensors' series of "+measurement, plantroom.MessageOf(err))
			failed = true
			continue
		}
		for i := range tables {
			t := &tables[i]
			if len(t.Rows) == 0 {
				continue
			}
			if len(b.pack.files) >= MaxFiles-1 {
				b.miss("the series of "+string(t.Device), fmt.Sprintf("a bundle holds at most %d files", MaxFiles))
				continue
			}
			n++
			what := fmt.Sprintf("%s, as measured by %s from %s to %s", measurement, t.Device, from, to)
			if err := b.add(seriesName(n, measurement, t.Device), what, t.write); err != nil {
				return err
			}
			if len(t.Rows) >= MaxPoints {
				b.miss("the rest of the series of "+string(t.Device), fmt.Sprintf("a bundle holds at most %d rows of a series", MaxPoints))
			}
		}
	}
	if n == 0 && !failed {
		b.miss("the sensors' series", fmt.Sprintf("InfluxDB answers, and holds nothing of %s from %s to %s", b.order.Asset, from, to))
	}
	return nil
}

// seriesName makes a name that a bundle's file may have.
func seriesName(n int, measurement string, device plantroom.DeviceID) string {
	plain := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(measurement+"-"+string(device)))
	return fmt.Sprintf("series-%02d-%.60s.csv", n, plain)
}

// write writes the table as CSV, columns in the order of their names behind
// the time, without those that are empty.
func (t *Table) write(w io.Writer) error {
	buf := bufio.NewWriter(w)
	out := csv.NewWriter(buf)
	var cols []int
	for i, name := range t.Columns {
		if name != "time" && slices.ContainsFunc(t.Rows, func(r []any) bool { return i < len(r) && r[i] != nil }) {
			cols = append(cols, i)
		}
	}
	slices.SortFunc(cols, func(a, b int) int { return strings.Compare(t.Columns[a], t.Columns[b]) })
	if at := slices.Index(t.Columns, "time"); at >= 0 {
		cols = append([]int{at}, cols...)
	}
	record := make([]string, len(cols))
	for i, c := range cols {
		record[i] = t.Columns[c]
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for _, row := range t.Rows {
		for i, c := range cols {
			record[i] = ""
			if c < len(row) {
				record[i] = cell(row[c])
			}
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	return buf.Flush()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case plantroom.Instant:
		return v.String()
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return v
	}
	return fmt.Sprint(v)
}
