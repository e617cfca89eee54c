// Package launchtest builds the plugin's program for the tests of a package, once.
package launchtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Main builds the program as it is shipped, tells its path, runs the tests, and
// exits. It is all that a TestMain has to do.
func Main(m *testing.M, path *string) {
	dir, err := os.MkdirTemp("", "plantroom-plugin")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	*path = filepath.Join(dir, "gpx_plantroom_facilities_datasource")
	code := 1
	if out, err := exec.Command("go", "build", "-tags", "arrow_json_stdlib", "-o", *path, "plantroom/dashboards/datasource/pkg").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}
