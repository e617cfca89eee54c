package influxd

import (
	"os"
	"path/filepath"
	"testing"

	"plantroom"
)

func TestAnotherProgramFindsWhereTheChildAnswers(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Known(dir); plantroom.CodeOf(err) != plantroom.CodeUnavailable {
		t.Errorf("where none has run: %v", err)
	}
	for name, text := range map[string]string{"influxd.conf": config(dir, "127.0.0.1:43210", true), "password": "s3cret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if url, token, err := Known(dir); url != "http://127.0.0.1:43210" || token != "plantroom:s3cret" || err != nil {
		t.Errorf("%s %s %v", url, token, err)
	}
}
