package house

import (
	"regexp"
	"strings"
	"testing"
)

// A test that skips for want of a program says nothing in make test: each asks
// for it in one way, which fails there, and the script installs it.
func TestWhatTheTestsNeedIsInstalledByTheScript(t *testing.T) {
	asks := regexp.MustCompile(`parts\.Program\(t, "([^"]+)", "([^"]+)"\)`)
	script := read(t, "scripts/test-parts")
	found := 0
	for _, f := range goFiles(t, "firmware-bridge", "gateway", "services", "sim", "internal") {
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
