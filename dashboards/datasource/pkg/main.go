// Command gpx_plantroom_facilities_datasource is the backend of Plantroom's
// data source: Grafana starts it and talks to it over gRPC. It reads no flag,
// no file and no environment of its own.
package main

import (
	"os"
	"runtime/debug"
	_ "time/tzdata" // Grafana's machine may have no time zones

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"

	"plantroom/dashboards/datasource/pkg/plugin"
)

// softLimit is from where the garbage collector works harder, in bytes. The
// process shall stay below 80 MB, of which the program itself is some 30.
const softLimit = 40 << 20

func main() {
	debug.SetMemoryLimit(softLimit)
	if err := datasource.Manage(plugin.ID, plugin.New(&plugin.Channels{}), datasource.ManageOpts{}); err != nil {
		backend.Logger.Error("the plugin ends", "error", err)
		os.Exit(1)
	}
}
