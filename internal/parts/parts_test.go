package parts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"plantroom/internal/parts"
)

// fate notes how a test ends, instead of ending it.
type fate struct {
	testing.TB
	said string
}

func (f *fate) Helper()           {}
func (f *fate) Fatal(args ...any) { f.end("failed: ", args) }
func (f *fate) Skip(args ...any)  { f.end("skipped: ", args) }

// end keeps the first end only: a real test has no second.
func (f *fate) end(how string, args []any) {
	if f.said == "" {
		f.said = how + fmt.Sprint(args...)
	}
}

func TestAPartThatIsMissingIsNamedAndFailsOnlyWhereItIsRequired(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for required, want := range map[string]string{
		"":  "skipped: teapot is not installed: apt-get install teaware",
		"1": "failed: teapot is not installed: apt-get install teaware",
	} {
		t.Setenv("PLANTROOM_REQUIRE", required)
		f := &fate{TB: t}
		if path := parts.Program(f, "teapot", "teaware"); path != "" || f.said != want {
			t.Errorf("with PLANTROOM_REQUIRE=%q: found %q, %s; want %s", required, path, f.said, want)
		}
	}
}

func TestAPartThatIsThereIsFound(t *testing.T) {
	dir := t.TempDir()
	teapot := filepath.Join(dir, "teapot")
	if err := os.WriteFile(teapot, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("PLANTROOM_REQUIRE", "1")
	if path := parts.Program(t, "teapot", "teaware"); path != teapot {
		t.Errorf("found %q, want %q", path, teapot)
	}
}
