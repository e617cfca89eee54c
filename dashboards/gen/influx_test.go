package gen_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/dashboards/gen"
	"plantroom/services/influx"
	"plantroom/services/influxd"
	"plantroom/services/influxd/influxdtest"
)

// Every InfluxQL query of every board and alert is asked of a real InfluxDB 1.8
// that holds readings of every signal, written as the server writes them, and
// has to give rows of the right type for the assets that were chosen. So has
// each of the board of a domain that is made up.
func TestEveryQueryOfTelemetryGivesRows(t *testing.T) {
	s := influxdtest.Start(t, influxd.Options{})
	opt := influx.Options{URL: s.URL(), Token: s.Token(), Database: s.Database()}
	w, r := influx.NewWriter(opt), influx.NewReader(opt)
	t.Cleanup(w.Close)
	seed(t, w)
	asked, invented := 0, 0
	for _, a := range gen.Targets(gen.Boards(everybody(), gen.Provisioned)) {
		if q, ok := a.Target.(gen.InfluxQuery); ok {
			asked++
			if strings.Contains(q.Query, `FROM "firedoor"`) {
				invented++
			}
			if !strings.Contains(q.Query, "${asset:regex}") {
				t.Errorf("%s, %s: %s is not limited to the assets that are chosen", a.Board, a.Panel, q.Query)
			}
			checkRows(t, r, a.Board+", "+a.Panel, q)
		}
	}
	for _, a := range alertQueries(t) {
		if q, ok := a.Target.(gen.InfluxQuery); ok {
			asked++
			checkRows(t, r, "alert "+a.Panel, q)
		}
	}
	if asked < 80 || invented < 9 {
		t.Errorf("only %d queries were asked, %d of them of the domain that was made up", asked, invented)
	}
}

var now = plantroom.At(time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC))

// everybody is what there is, and a domain that is made up.
func everybody() gen.Options {
	o := options()
	o.Domains = append(slices.Clone(o.Domains), invented())
	return o
}

// seeded are the assets with readings: two that are chosen, and one that is not
// and must not be seen.
var seeded = []plantroom.Series{
	{Estate: "story", Building: "b1", Asset: "b1-x.1", Device: "b1-x.1-d"},
	{Estate: "story", Building: "b1", Asset: "b1-x.2", Device: "b1-x.2-d"},
	{Estate: "story", Building: "b2", Asset: "b2-other", Device: "b2-other-d"},
}

// seed writes readings of each signal of each domain, every ten minutes for two
// hours, every fifth of them doubtful.
func seed(t *testing.T, w *influx.Writer) {
	t.Helper()
	var points []plantroom.Point
	for _, d := range append(everybody().Domains, options().Devices) {
		for _, tags := range seeded {
			tags.Measurement = d.Measurement
			for _, s := range d.Signals {
				for i := range 12 {
					quality := plantroom.Good
					if i%5 == 4 {
						quality = plantroom.Suspect
					}
					points = append(points, plantroom.Point{Series: &tags, Signal: s.Name, Value: value(s, i), Quality: quality,
						At: now.Add(time.Duration(i-12) * 10 * time.Minute)})
				}
			}
		}
	}
	refused, err := w.Write(t.Context(), points)
	if err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
}

func value(s plantroom.Signal, i int) plantroom.Value {
	switch s.Kind {
	case plantroom.StringKind:
		return plantroom.String(s.Values[i%len(s.Values)])
	case plantroom.BoolKind:
		return plantroom.Bool(i%2 == 0)
	}
	return plantroom.Float(max(s.Min, 0) + float64(i)/100)
}

func checkRows(t *testing.T, r *influx.Reader, place string, q gen.InfluxQuery) {
	t.Helper()
	text := strings.NewReplacer("$timeFilter", fmt.Sprintf("time >= %d AND time <= %d", now.Add(-2*time.Hour), now), "$__interval", "1m",
		"${building:regex}", `(b1|b1)`, "${asset:regex}", `(b1-x\.1|b1-x\.2)`).Replace(q.Query)
	got, err := r.Query(context.Background(), text)
	if err != nil {
		t.Errorf("%s: %s: %v", place, text, err)
		return
	}
	wantString := slices.ContainsFunc(append(everybody().Domains, options().Devices), func(d plantroom.Domain) bool {
		return strings.Contains(text, `FROM "`+d.Measurement+`"`) && slices.ContainsFunc(d.Signals, func(s plantroom.Signal) bool {
			return s.Kind == plantroom.StringKind && strings.Contains(text, `"`+s.Name+`"`) && !strings.Contains(text, "count(")
		})
	}) || strings.HasPrefix(text, `SELECT "quality"`)
	rows := 0
	for _, series := range got {
		if len(series.Tags) == 0 || strings.Contains(fmt.Sprint(series.Tags), "other") && strings.Contains(q.Query, "${asset") {
			t.Errorf("%s: %s has the tags %v", place, text, series.Tags)
		}
		for _, row := range series.Rows {
			if _, ok := row[0].(plantroom.Instant); !ok || len(row) != 2 {
				t.Fatalf("%s: %s gives the row %v", place, text, row)
			}
			_, isString := row[1].(string)
			_, isNumber := row[1].(float64)
			if row[1] != nil && (isString != wantString || isNumber == wantString) {
				t.Fatalf("%s: %s gives %T", place, text, row[1])
			}
			if row[1] != nil {
				rows++
			}
		}
	}
	if rows == 0 {
		t.Errorf("%s: %s gives no rows", place, text)
	}
}
