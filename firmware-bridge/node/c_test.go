package node_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"plantroom/internal/parts"
)

// target runs a target of c/Makefile and returns what it printed.
func target(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("make", "-C", "c", "BUILD="+t.TempDir(), name).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		parts.Absent(t, "make is not installed: apt-get install make")
	}
	if err != nil {
		t.Fatalf("make %s: %v\n%s", name, err, out)
	}
	return string(out)
}

// The library in C keeps the link as this package does, under the address and
// undefined-behaviour sanitizers.
func TestTheCLibraryPassesItsTestsUnderSanitizers(t *testing.T) {
	parts.Program(t, "gcc", "gcc")
	if out := target(t, "check"); !strings.Contains(out, " 0 failures") {
		t.Errorf("make check:\n%s", out)
	}
}

// The Makefile fails beyond 8 KB.
func TestTheCLibraryFitsASmallNode(t *testing.T) {
	parts.Program(t, "arm-none-eabi-gcc", "gcc-arm-none-eabi")
	out := target(t, "cross")
	i := strings.LastIndex(out, "library: ")
	if i < 0 {
		t.Fatalf("make cross:\n%s", out)
	}
	t.Log(strings.TrimSpace(out[i:]))
}
