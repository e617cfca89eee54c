package influxd

import (
	"debug/buildinfo"
	"os/exec"
	"strings"

	"plantroom"
)

// Install is how the binary is got.
const Install = "go install github.com/influxdata/influxdb/cmd/influxd@v1.8.3"

const (
	module = "github.com/influxdata/influxdb"
	series = "1.8."
)

// Check reports what is wrong with a binary, and its version otherwise. A
// binary that `go install` made does not know its version; the module that the
// toolchain noted in it does.
func Check(path string) (version string, err error) {
	if info, err := buildinfo.ReadFile(path); err == nil && info.Main.Path == module {
		version = strings.TrimPrefix(info.Main.Version, "v")
	}
	if version == "" || version == "(devel)" {
		if version, err = ask(path); err != nil {
			return "", err
		}
	}
	if !strings.HasPrefix(version, series) {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "influxd at %s is version %q, not %sx; get it with: %s", path, version, series, Install)
	}
	return version, nil
}

// ask runs "influxd version", which says "InfluxDB v1.8.10 (git: 1.8 688e697)".
func ask(path string) (string, error) {
	out, err := exec.Command(path, "version").Output()
	if err != nil {
		return "", &plantroom.Error{
			Code: plantroom.CodeNotFound, Op: "start InfluxDB", Message: "there is no influxd that runs at " + path,
			Hint: "get it with: " + Install, Err: err,
		}
	}
	words := strings.Fields(string(out))
	if len(words) < 2 || words[0] != "InfluxDB" {
		return "", plantroom.Errorf(plantroom.CodeInvalid, "%s is not influxd; get it with: %s", path, Install)
	}
	return strings.TrimPrefix(words[1], "v"), nil
}
