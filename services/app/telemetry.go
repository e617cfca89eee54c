package app

import (
	"context"
	"path/filepath"

	"plantroom"
	"plantroom/services/app/config"
	"plantroom/services/evidence"
	"plantroom/services/influx"
	"plantroom/services/influxd"
)

// Telemetry is the InfluxDB that a server's file names, to take series for a
// bundle from, also beside a server that runs. An error says why there is none.
func Telemetry(cfg *config.Config) (evidence.Telemetry, error) {
	o := influx.Options{URL: cfg.InfluxDB.URL, Database: cfg.InfluxDB.Database, Org: cfg.InfluxDB.Org}
	if cfg.InfluxDB.Child != nil {
		url, token, err := influxd.Known(filepath.Join(cfg.Data, "influxdb"))
		if err != nil {
			return nil, err
		}
		o.URL, o.Token, o.Database = url, token, "plantroom"
	} else if f := cfg.InfluxDB.TokenFile; f != "" {
		token, err := firstLine(f)
		if err != nil {
			return nil, &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "read InfluxDB's token", Message: f + " cannot be read", Hint: "see influxdb.token_file", Err: err}
		}
		o.Token = token
	}
	return telemetry{influx.NewReader(o)}, nil
}

// Measurements lists what devices report under.
func Measurements() (out []string) {
	for _, d := range Domains() {
		if d.Measurement != "" { // of alerts nothing is measured
			out = append(out, d.Measurement)
		}
	}
	return out
}

type telemetry struct{ *influx.Reader }

// Series implements evidence.Telemetry.
func (t telemetry) Series(ctx context.Context, measurement string, a plantroom.AssetID, from, to plantroom.Instant, limit int) ([]evidence.Table, error) {
	found, err := t.Around(ctx, measurement, string(a), from, to, limit)
	if err != nil {
		return nil, err
	}
	out := make([]evidence.Table, len(found))
	for i, s := range found {
		out[i] = evidence.Table{Device: plantroom.DeviceID(s.Tags["device"]), Columns: s.Columns, Rows: s.Rows}
	}
	return out, nil
}
