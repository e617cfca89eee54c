package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/proofs"
)

// scan is a paper that somebody hands in.
const scan = "%PDF-1.4\ntrailer<<>>\n%%EOF\n"

// handedIn keeps a paper of the order that raised makes, and another that is
// nobody's, and returns their hashes.
func handedIn(t *testing.T, file string) (dir *proofs.Dir, named, nobodys plantroom.Hash) {
	t.Helper()
	data := filepath.Join(filepath.Dir(file), "data")
	dir, err := proofs.Open(proofs.In(data))
	if err != nil {
		t.Fatal(err)
	}
	take := func(text string) plantroom.ProofFile {
		h, err := dir.Take(bytes.NewReader([]byte(text)), proofs.MaxFile)
		if err != nil {
			t.Fatal(err)
		}
		h.Keep()
		if err := h.Release(); err != nil {
			t.Fatal(err)
		}
		return h.ProofFile
	}
	f, o := take(scan), take(scan+"\n")
	write(t, filepath.Join(data, "plantroom.db"), func(tx plantroom.Tx) error {
		if err := tx.PutProofs(plantroom.Proof{Order: "wo-000001", ProofFile: f, Actor: "person:operator", By: "Mrs Zhang"}); err != nil {
			return err
		}
		return tx.AppendLedger(plantroom.LedgerRow{Kind: "order.proof", Subject: "wo-000001", Actor: "person:operator", Body: []byte(`{"files":[{"sha256":"` + f.Sum.String() + `"}]}`)})
	})
	return dir, f.Sum, o.Sum
}

func TestFilesOfProofAreCheckedAndWhatIsNobodysIsRemovedOnlyWhenAsked(t *testing.T) {
	file := raised(t)
	dir, named, nobodys := handedIn(t, file)
	if code, out, errs := plantroomWith("proofs", file); code != exitOK || !strings.Contains(out, "1 files of proof") || !strings.Contains(out, "nobody's: "+nobodys.String()) {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	if code, _, errs := plantroomWith("proofs", "--sweep", file); code != exitUsage || !strings.Contains(errs, "stop it first") {
		t.Errorf("beside a server: exit code %d\n%s", code, errs)
	}
	if err := dir.Close(); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := plantroomWith("proofs", file, "--sweep"); code != exitOK || !strings.Contains(out, "removed 1 that were nobody's") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	if _, err := os.Stat(dir.File(nobodys)); !os.IsNotExist(err) {
		t.Errorf("it is there still: %v", err)
	}
	if err := os.WriteFile(dir.File(named), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := plantroomWith("proofs", file); code != exitBroken || !strings.Contains(out, "broken: "+named.String()+", of wo-000001: the file "+named.String()+" was changed") {
		t.Errorf("a changed file: exit code %d\n%s", code, out)
	}
	if code, _, errs := plantroomWith("proofs", file, "x"); code != exitUsage || errs == "" {
		t.Errorf("exit code %d", code)
	}
}

func TestABundleFromTheCommandLineHoldsTheFilesOfProof(t *testing.T) {
	file := raised(t)
	handedIn(t, file)
	bundle := filepath.Join(t.TempDir(), "wo-1.zip")
	if code, _, errs := plantroomWith("evidence", file, "wo-000001", "-o", bundle); code != exitOK {
		t.Fatal(errs)
	}
	if code, out, _ := plantroomWith("evidence", "verify", bundle); code != exitOK || !strings.Contains(out, "its rows name 1 files of proof; 1 of them are in it") || !strings.Contains(string(read(t, bundle)), scan) {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
