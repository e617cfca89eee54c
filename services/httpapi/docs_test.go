package httpapi_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plantroom/internal/parts"
	"plantroom/services/httpapi/apitest"
)

// TestTheExamplesInTheManualWork runs every shell example of docs/api.md.
func TestTheExamplesInTheManualWork(t *testing.T) {
	parts.Program(t, "curl", "curl")
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t)
	server := httptest.NewServer(s.h)
	defer server.Close()
	defer s.Hub.Close()
	o := s.Open(doorFault)
	want := []string{`"state":"dispatched"`, `"state":"acknowledged"`, "event: beat", `"needs":[{"person":"chen"`, `"note":"the landing"`, `"outcome":"sent"`, `"path":"/profile"`, `"contractor_name":"Quicklift Services"`}
	shot := filepath.Join(t.TempDir(), "IMG_1.jpg")
	if err := os.WriteFile(shot, []byte(photo(t, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(manual), -1)
	if len(examples) != len(want) {
		t.Fatalf("the manual has %d examples, this test knows %d", len(examples), len(want))
	}
	for i, example := range examples {
		cmd := exec.CommandContext(t.Context(), "sh", "-e", "-u", "-c", example[1])
		cmd.Env = append(os.Environ(), "TOKEN="+apitest.Token, "PLANTROOM="+server.URL, "PHOTO="+shot)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want[i]) {
			t.Errorf("example %d: %v, no %s in %s", i+1, err, want[i], out)
		}
	}
	if got := s.Order(o.ID); got.By != "Li Qiang" {
		t.Errorf("after the examples the order is %s by %q", got.State, got.By)
	}
}
