package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBoardsAreWrittenWithLinksToTheAddressThatIsGiven(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "boards"), 0o755); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "boards/plantroom-gone.json")
	ours := filepath.Join(dir, "boards/of-somebody-else.json")
	for _, path := range []string{old, ours} {
		if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := run([]string{"--address", "https://plantroom.example.org", dir}, &out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"boards/plantroom-overview.json", "import/plantroom-overview.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), `"https://plantroom.example.org"`) || strings.Contains(string(text), "127.0.0.1") {
			t.Errorf("%s does not lead there (%v)", name, err)
		}
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("a board that is not made any more is still there")
	}
	if _, err := os.Stat(ours); err != nil {
		t.Error("a file that is none of ours is gone")
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"--address", "javascript:alert(1)", t.TempDir()}, {"--address", "plantroom.example.org", t.TempDir()},
		{"--address", "https://user:secret@x.example", t.TempDir()}, {"--address", "https://x.example/path", t.TempDir()}} {
		if err := run(args, new(bytes.Buffer)); err == nil {
			t.Errorf("%v passes", args)
		}
	}
}
