// Package influxdtest gives tests a real InfluxDB. It does not install one: a
// test that finds no binary ends as parts.Absent says, with the command that
// gets it.
package influxdtest

import (
	"go/build"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"plantroom/internal/parts"
	"plantroom/services/influxd"
)

// Start runs InfluxDB with an empty database for the length of a test. Zero
// fields of the options are filled in.
func Start(t testing.TB, o influxd.Options) *influxd.Server {
	t.Helper()
	o.Binary = Binary(t)
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	s, err := influxd.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Binary finds influxd: $PLANTROOM_INFLUXD, then the PATH, then where go
// install puts it, then .tools/bin of the repository.
func Binary(t testing.TB) string {
	t.Helper()
	for _, path := range candidates() {
		if _, err := influxd.Check(path); err == nil {
			return path
		}
	}
	parts.Absent(t, "no influxd 1.8 in $PLANTROOM_INFLUXD, the PATH, the Go bin folder or .tools/bin; get it with: "+influxd.Install)
	return ""
}

func candidates() []string {
	var paths []string
	if p := os.Getenv("PLANTROOM_INFLUXD"); p != "" {
		paths = append(paths, p)
	}
	if p, err := exec.LookPath("influxd"); err == nil {
		paths = append(paths, p)
	}
	if p := os.Getenv("GOBIN"); p != "" {
		paths = append(paths, filepath.Join(p, "influxd"))
	}
	for _, dir := range filepath.SplitList(build.Default.GOPATH) {
		paths = append(paths, filepath.Join(dir, "bin", "influxd"))
	}
	if root := moduleRoot(); root != "" {
		paths = append(paths, filepath.Join(root, ".tools", "bin", "influxd"))
	}
	return paths
}

// moduleRoot is the folder with go.mod, above the test's.
func moduleRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
