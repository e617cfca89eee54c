package stack_test

import (
	"os"
	"path/filepath"
	"testing"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/app/config"
	"plantroom/sim/stack"
)

var own = stack.Own{Estate: "story", Devices: "tcp://127.0.0.1:1883", Uplink: "127.0.0.1:1884", Web: "127.0.0.1:8080", InfluxDB: "127.0.0.1:8086", Influxd: "influxd"}

// A contract that had ended would leave every fault without a contractor.
func TestThePlantroomOfOnesOwnIsInOrderAndHasContractsForToday(t *testing.T) {
	o := own
	o.Dir = filepath.Join(t.TempDir(), "own")
	files, err := stack.WriteOwn(o)
	if err != nil || len(files) != 6 {
		t.Fatalf("wrote %q, error %v; want server, estate and four gateways", files, err)
	}
	c, err := config.Load(filepath.Join(o.Dir, files[0]), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range c.Estate.Contracts {
		if !x.To.IsZero() {
			t.Errorf("contract %s ends on %s", x.ID, x.To)
		}
	}
}

func TestFilesThatAreThereAreNotOverwritten(t *testing.T) {
	o := own
	o.Dir = t.TempDir()
	theirs := filepath.Join(o.Dir, "gw-b4.yaml") // the last that would be written
	if err := os.WriteFile(theirs, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stack.WriteOwn(o); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Errorf("want a refusal, got %v", err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("there are %v, error %v; want nothing new", entries, err)
	}
}
