package demo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plantroom"
)

func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// names lists a directory, without the lock.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.Name() != lockFile {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestADirectoryInWhichADemonstrationRunsIsNotTouched(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	leave, err := occupy(dir)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, passwordFile))
	put(t, filepath.Join(dir, "data", "plantroom.db"))
	_, err = occupy(dir)
	if plantroom.CodeOf(err) != plantroom.CodeConflict || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("a second one: %v, want a refusal that names the directory and --dir", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"data", passwordFile}) {
		t.Errorf("the first has only %q left", got)
	}
	leave()
	leave, err = occupy(dir)
	if err != nil {
		t.Fatal("after the first has ended: ", err)
	}
	defer leave()
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("%q of the first are still there", got)
	}
}

func TestADirectoryOfSomebodyElseIsNotTouched(t *testing.T) {
	for _, name := range []string{"thesis.tex", "lock"} { // a gateway's spool has a lock, too
		dir := t.TempDir()
		put(t, filepath.Join(dir, name))
		if _, err := occupy(dir); plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "--dir") {
			t.Errorf("want a refusal that names --dir, got %v", err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 {
			t.Errorf("%v are in it, error %v; want only %s", entries, err, name)
		}
	}
}

// One that was killed between taking the lock and writing its password has left
// nothing but the lock.
func TestADirectoryWithALockThatNobodyHoldsIsFree(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, lockFile))
	leave, err := occupy(dir)
	if err != nil {
		t.Fatal(err)
	}
	leave()
}
