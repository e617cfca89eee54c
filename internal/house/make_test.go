package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What make build makes says which version it is. The command is make's own,
// with another folder to put the programs into.
func TestWhatMakeBuildsKnowsItsVersion(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the programs: not with -short")
	}
	const version = "v9.8.7-3-gabcdef0"
	bin := t.TempDir()
	command := strings.Replace(makes(t, "build", "VERSION="+version), " bin/ ", " "+bin+"/ ", 1)
	build := exec.CommandContext(t.Context(), "sh", "-e", "-c", command)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	for _, program := range []string{"plantroom", "plantroom-gateway"} {
		out, err := exec.CommandContext(t.Context(), filepath.Join(bin, program), "version").Output()
		if want := program + " " + version + "\n"; err != nil || string(out) != want {
			t.Errorf("it says %q, %v; want %q", out, err, want)
		}
	}
}

// makes returns the commands that make would run for a target.
func makes(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", append([]string{"--no-print-directory", "-n"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=") // this may run below make test
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("make -n %v: %v", args, err)
	}
	return string(out)
}

// A test that skips for want of a program says nothing in make test: each asks
// for it in one way, which fails there, and the script installs it.
func TestWhatTheTestsNeedIsInstalledByTheScript(t *testing.T) {
	asks := regexp.MustCompile(`parts\.Program\(t, "([^"]+)", "([^"]+)"\)`)
	script := read(t, "scripts/test-parts")
	found := 0
	for _, f := range goFiles(t, "firmware-bridge", "gateway", "packaging", "services", "sim", "internal") {
		if strings.HasPrefix(f.path, "internal/parts/") || f.path == "internal/house/make_test.go" {
			continue
		}
		if strings.HasSuffix(f.path, "_test.go") && strings.Contains(f.text, "LookPath(") {
			t.Errorf("%s looks for a program itself: let internal/parts do it", f.path)
		}
		for _, m := range asks.FindAllStringSubmatch(f.text, -1) {
			found++
			if !strings.Contains(script, "\nneed "+m[1]+" "+m[2]+"\n") {
				t.Errorf("%s needs %s: scripts/test-parts does not install %s", f.path, m[1], m[2])
			}
			for _, guide := range []string{"README.md", "CONTRIBUTING.md"} {
				if !strings.Contains(read(t, guide), "`"+m[2]+"`") {
					t.Errorf("%s needs %s: %s does not say so", f.path, m[2], guide)
				}
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d such programs found: does this test still find them?", found)
	}
}
