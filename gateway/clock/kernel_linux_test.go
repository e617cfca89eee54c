package clock

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAClockThatRunsWithoutPowerIsBelievedWhereItAgrees(t *testing.T) {
	for name, c := range map[string]struct {
		shows string
		want  bool
	}{
		"it agrees":             {"1772474401\n", true},
		"it has lost its power": {"946684860\n", false},
		"it tells nothing":      {"", false},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "rtc0"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "rtc0", "since_epoch"), []byte(c.shows), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := kept(dir, evening); got != c.want {
			t.Errorf("%s: believed is %v", name, got)
		}
	}
}
