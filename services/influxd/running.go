package influxd

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"

	"plantroom"
)

var boundTo = regexp.MustCompile(`(?m)^\[http\]\n(?:.+\n)*?  bind-address = "([^"\n]+)"$`)

// Known returns where a Server in dir answers, or did when it last ran, and the
// token for it. Whether it runs shows when it is asked. CodeUnavailable: none has
// ever run there, or its files cannot be read.
func Known(dir string) (url, token string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "influxd.conf"))
	m := boundTo.FindSubmatch(text)
	if err != nil || m == nil {
		return "", "", &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "find InfluxDB", Message: "it has not run in " + dir + " yet", Hint: "start the server", Err: err}
	}
	secret, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		return "", "", &plantroom.Error{Code: plantroom.CodeUnavailable, Op: "find InfluxDB", Message: "its password cannot be read", Hint: "run this as the server's user", Err: err}
	}
	return "http://" + string(m[1]), user + ":" + string(bytes.TrimSpace(secret)), nil
}
