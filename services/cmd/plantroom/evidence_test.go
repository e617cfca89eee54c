package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/evidence"
)

// raised makes an estate whose database holds one order.
func raised(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	file = filepath.Join(dir, "plantroom.yaml")
	cfg, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	asset := cfg.Estate.Assets[0]
	spine, err := app.NewSpine(app.SpineOptions{Estate: cfg.Estate, File: cfg.EstateSum})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "data", "plantroom.db"), func(tx plantroom.Tx) error {
		terms, err := spine.Desk.Terms(tx, 1)
		if err != nil {
			return err
		}
		spine.Desk.GoBy(terms)
		at := plantroom.At(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
		in := plantroom.Incident{ID: "inc-a", Rule: "lift.fault", Asset: asset.ID, Domain: asset.Domain, Building: asset.Building, Episode: at, Opened: at,
			State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Detail: "seen by Mrs Zhang"}
		return spine.Desk.Incident(tx, at, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in})
	})
	return file
}

func TestABundleIsMadeAndVerifiedAndItsFaultsHaveTheirExitCodes(t *testing.T) {
	file := raised(t)
	bundle := filepath.Join(t.TempDir(), "wo-1.zip")
	code, out, errs := plantroomWith("evidence", file, "wo-000001", "-o", bundle)
	if code != exitOK || !strings.Contains(out, "sha256 of its manifest") || !strings.Contains(out, "it has not run in") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	_, head, _ := strings.Cut(out, "newest row in it        ")
	head, _, _ = strings.Cut(head, "\n")
	if code, out, errs := plantroomWith("evidence", "verify", bundle, "--head", head); code != exitOK || !strings.Contains(out, "is the one that was noted") {
		t.Errorf("a whole bundle: exit code %d\n%s%s", code, out, errs)
	}
	if info, err := os.Stat(bundle); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read what tells of people: %v, %v", info, err)
	}
	again := filepath.Join(t.TempDir(), "again.zip")
	if code, _, errs := plantroomWith("evidence", "-o", again, file, "wo-000001"); code != exitOK || string(read(t, again)) != string(read(t, bundle)) {
		t.Errorf("made again it has other bytes: exit code %d %s", code, errs)
	}
	edit(t, bundle, `"value":"incident.opened"`, `"value":"incident.closed"`)
	if code, out, _ := plantroomWith("evidence", "verify", bundle); code != exitBroken || !strings.Contains(out, "broken: ledger.jsonl: row 2 is edited") {
		t.Errorf("an edited bundle: exit code %d\n%s", code, out)
	}
	for _, args := range [][]string{
		{"evidence", "verify", file},
		{"evidence", "verify", filepath.Join(filepath.Dir(file), "nothing.zip")},
		{"evidence", "verify", again, "--head", "x"},
		{"evidence", file, "wo-000099", "-o", filepath.Join(t.TempDir(), "x.zip")},
		{"evidence", file, "wo-000001"},
		{"evidence", "wo-000001"},
	} {
		if code, out, errs := plantroomWith(args...); code != exitUsage || errs == "" {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

func TestABundleCanBeMadeWithoutPeople(t *testing.T) {
	file := raised(t)
	bundle := filepath.Join(t.TempDir(), "wo-1.zip")
	if code, _, errs := plantroomWith("evidence", "--redact", file, "wo-000001", "-o", bundle); code != exitOK {
		t.Fatal(errs)
	}
	if strings.Contains(string(read(t, bundle)), "Zhang") {
		t.Error("a name is in it")
	}
	if code, out, _ := plantroomWith("evidence", "verify", bundle); code != exitOK {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestThePageIsWrittenAsItIs(t *testing.T) {
	if code, out, _ := plantroomWith("evidence", "page"); code != exitOK || out != string(evidence.Page) {
		t.Errorf("exit code %d, %d bytes", code, len(out))
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
