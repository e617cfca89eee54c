// Package parts finds the real programs that tests work with. It installs
// none: make test does, with scripts/test-parts. A test that lacks one is
// skipped; where $PLANTROOM_REQUIRE is set, as by make test, it fails.
package parts

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of a program, also where Debian keeps servers, or
// ends the test with the name of the Debian package that holds it.
func Program(t testing.TB, name, debian string) string {
	t.Helper()
	for _, where := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(where); err == nil {
			return path
		}
	}
	Absent(t, fmt.Sprintf("%s is not installed: apt-get install %s", name, debian))
	return ""
}

// Absent ends a test that lacks a part; why says how to get it.
func Absent(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("PLANTROOM_REQUIRE") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}
