//go:build mage

// Command mage builds the backend, the way that Grafana's reviewers build it:
// `mage -v` makes the programs for all systems, `mage -v build:linux` one of
// them. Everything goes to dist/, where the front end is, too.
package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strconv"

	// mage:import
	build "github.com/grafana/grafana-plugin-sdk-go/build"
)

// Default is what mage does without a target.
var Default = build.BuildAll

// A release says when its commit was made and not when it was built, so that
// the same commit gives the same bytes.
func init() {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return
	}
	_ = build.SetBeforeBuildCallback(func(c build.Config) (build.Config, error) { // its error is always nil
		info := map[string]any{"time": seconds * 1000}
		for field, from := range map[string][2]string{"pluginID": {"src/plugin.json", "id"}, "version": {"package.json", "version"}} {
			var file map[string]any
			b, err := os.ReadFile(from[0])
			if errors.Is(err, fs.ErrNotExist) {
				continue // the front end's file may not be there
			}
			if err != nil {
				return c, err
			}
			if err := json.Unmarshal(b, &file); err != nil {
				return c, err
			}
			info[field] = file[from[1]]
		}
		b, err := json.Marshal(info)
		c.CustomVars = map[string]string{"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON": string(b)}
		return c, err
	})
}
