package app

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"path/filepath"

	"plantroom"
	"plantroom/services/app/config"
	"plantroom/services/influx"
	"plantroom/services/influxd"
)

// WriteTo returns a writer to the InfluxDB that a server's file names, for whoever
// fills it while no server runs, and what ends it. Where the file has an influxd as
// a child, it is started.
func WriteTo(ctx context.Context, cfg *config.Config, log *slog.Logger) (w *influx.Writer, stop func(), err error) {
	o, child, err := startInfluxDB(ctx, cfg, log)
	if err != nil {
		return nil, nil, err
	}
	w = influx.NewWriter(o)
	return w, func() {
		w.Close()
		if child != nil {
			child.Stop()
		}
	}, nil
}

// startInfluxDB tells where to write, and starts the child, if it is one.
func startInfluxDB(ctx context.Context, cfg *config.Config, log *slog.Logger) (influx.Options, *influxd.Server, error) {
	o := influx.Options{URL: cfg.InfluxDB.URL, Database: cfg.InfluxDB.Database, Org: cfg.InfluxDB.Org, Compress: cfg.InfluxDB.Compress}
	if c := cfg.InfluxDB.Child; c != nil {
		child, err := startChild(ctx, c, filepath.Join(cfg.Data, "influxdb"), log)
		if err != nil {
			return o, nil, err
		}
		o.URL, o.Database, o.Token = child.URL(), child.Database(), child.Token()
		return o, child, nil
	}
	f := cfg.InfluxDB.TokenFile
	if f == "" {
		return o, nil, nil
	}
	var err error
	if o.Token, err = firstLine(f); err == nil && o.Token == "" {
		err = errors.New("its first line is empty")
	}
	if err != nil {
		return o, nil, &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read InfluxDB's token", Message: f, Hint: "see influxdb.token_file", Err: err}
	}
	return o, nil, nil
}

func startChild(ctx context.Context, c *config.Child, dir string, log *slog.Logger) (*influxd.Server, error) {
	binary, err := exec.LookPath(c.Binary)
	if err == nil {
		binary, err = filepath.Abs(binary) // influxd gets a directory of its own to run in
	}
	if err != nil {
		return nil, &plantroom.Error{Code: plantroom.CodeNotFound, Op: "start influxd", Message: c.Binary + " is not there",
			Hint: influxd.Install + ", or name its path in influxdb.child.binary", Err: err}
	}
	return influxd.Start(ctx, influxd.Options{Binary: binary, Dir: dir, Addr: c.Listen, Auth: true, Logger: log.With("part", "influxd")})
}
