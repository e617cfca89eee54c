package stack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/estate"
	"plantroom/sim/estates"
)

// Own says where the programs of a Plantroom of somebody's own shall listen.
type Own struct {
	Dir      string // made if missing
	Estate   string // name of an estate
	Devices  string // URL of the devices' broker, which admits everybody
	Uplink   string // address of the server's own broker
	Web      string // and of its pages
	InfluxDB string // and of its influxd
	Influxd  string // the program: a name on the PATH, or a path from the root
}

// WriteOwn writes plantroom.yaml, estate.yaml and a file for each gateway, with
// paths that are relative to them. It starts nothing and overwrites nothing.
// It returns the files, the gateways' last.
func WriteOwn(o Own) ([]string, error) {
	src, err := estates.Ongoing(o.Estate)
	if err != nil {
		return nil, err
	}
	e, err := estate.Parse("estate.yaml", src, app.Known())
	if err != nil {
		return nil, err
	}
	server, err := serverSource(map[string]any{"Web": o.Web, "Broker": o.Uplink, "Influx": o.InfluxDB, "Influxd": o.Influxd})
	if err != nil {
		return nil, err
	}
	names, texts := []string{"plantroom.yaml", "estate.yaml"}, [][]byte{server, src}
	for _, g := range e.Gateways {
		text, err := estates.GatewayFile(e, estates.Gateway{ID: g.ID, Broker: "tcp://" + o.Uplink, Username: string(g.ID),
			PasswordFile: "data/secrets/mqtt-" + string(g.ID), SiteBroker: o.Devices, Spool: "spool-" + string(g.ID)})
		if err != nil {
			return nil, err
		}
		names, texts = append(names, string(g.ID)+".yaml"), append(texts, text)
	}
	return names, writeNew(o.Dir, names, texts)
}

// writeNew writes files into a directory that has none of them yet.
func writeNew(dir string, names []string, texts [][]byte) error {
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return &plantroom.Error{Code: plantroom.CodeConflict, Op: "write the files of an estate", Message: filepath.Join(dir, name) + " is there already",
				Hint: "choose an empty directory"}
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), texts[i], 0o600); err != nil {
			return err
		}
	}
	return nil
}
