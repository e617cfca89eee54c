package house

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What is run at full size is what make promises names.
func TestMakePromisesRunsTheLargeTests(t *testing.T) {
	commands := makes(t, "promises")
	run := regexp.MustCompile(`-run '([^']+)' \./(\S+)`)
	for _, m := range run.FindAllStringSubmatch(commands, -1) {
		for _, name := range strings.Split(strings.ReplaceAll(m[1], "$", ""), "|") {
			if !strings.Contains(folderText(t, m[2]), name) {
				t.Errorf("make promises asks %s for %s, which is not there", m[2], name)
			}
		}
	}
	for _, f := range goFiles(t, "gateway", "services", "sim") {
		if strings.HasSuffix(f.path, "_test.go") && strings.Contains(f.text, `"PLANTROOM_FULL"`) && !strings.Contains(commands, "./"+filepath.ToSlash(filepath.Dir(f.path))) {
			t.Errorf("%s has a full size that make promises does not run", f.path)
		}
	}
}

// folderText is the text of a folder's tests.
func folderText(t *testing.T, folder string) string {
	t.Helper()
	var all strings.Builder
	for _, f := range goFiles(t, folder) {
		if strings.HasSuffix(f.path, "_test.go") {
			all.WriteString(f.text)
		}
	}
	return all.String()
}
