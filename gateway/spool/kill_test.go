package spool_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"plantroom/gateway/spool"
)

const childEnv = "PLANTROOM_SPOOL_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child fills the spool until it is killed. It says on its output what was
// accepted, and what it has trimmed, before it trims.
func child(dir string) error {
	s, rec, err := spool.Open(spool.Options{Dir: dir, SegmentBytes: 64 << 10, Linger: time.Millisecond})
	if err != nil {
		return err
	}
	if len(rec.Gaps) > 0 || rec.Next > 1 && rec.NewEpoch {
		return fmt.Errorf("a kill was taken for damage: %+v", rec)
	}
	fmt.Println("open", s.Next())
	for outstanding := make(chan struct{}, 300); ; {
		outstanding <- struct{}{}
		payload := fmt.Appendf(nil, "%d.%d.%s", os.Getpid(), time.Now().UnixNano(), strings.Repeat("x", rand.IntN(80)))
		err := s.Submit(payload, func(seq uint64, err error) {
			if err == nil {
				fmt.Printf("kept %d %s\n", seq, payload)
			}
			<-outstanding
		})
		if err != nil {
			return err
		}
		if next := s.Next(); next > s.Base()+5000 {
			fmt.Println("trim", next-3000)
			if err := s.Trim(next - 3000); err != nil {
				return err
			}
		}
	}
}

// A process that is killed again and again loses no record that it had
// acknowledged.
func TestKilledProcess(t *testing.T) {
	kills := 60
	switch {
	case full:
		kills = 250
	case testing.Short():
		kills = 10
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, l := t.TempDir(), newLedger()
	for kill := 1; kill <= kills; kill++ {
		lifetime := time.Duration(rand.IntN(25_000)) * time.Microsecond
		oneLife(t, exe, dir, l, lifetime)
		if kill%10 == 0 {
			verifyKilled(t, dir, l)
		}
	}
	if len(l.accepted) < kills*20 {
		t.Fatalf("only %d records were accepted in %d lives: the test proves little", len(l.accepted), kills)
	}
	t.Logf("%d kills, %d records accepted", kills, len(l.accepted))
}

// oneLife runs a child and kills it some time after it has begun to work.
func oneLife(t *testing.T, exe, dir string, l *ledger, lifetime time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	for killed := false; ; {
		line, err := in.ReadString('\n')
		if err != nil {
			break // a last line without an end was cut off by the kill
		}
		heard(t, l, line)
		if !killed {
			killed = true
			time.AfterFunc(lifetime, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
	if complaints.Len() > 0 {
		t.Fatal(complaints.String())
	}
}

func heard(t *testing.T, l *ledger, line string) {
	t.Helper()
	var seq uint64
	var payload string
	if n, _ := fmt.Sscanf(line, "kept %d %s", &seq, &payload); n == 2 {
		l.accept(t, seq, []byte(payload))
		return
	}
	if n, _ := fmt.Sscanf(line, "trim %d", &seq); n == 1 {
		l.trimmed = max(l.trimmed, seq)
	}
}

func verifyKilled(t *testing.T, dir string, l *ledger) {
	t.Helper()
	s, rec, err := spool.Open(spool.Options{Dir: dir, SegmentBytes: 64 << 10})
	if err != nil || len(rec.Gaps) > 0 {
		t.Fatalf("Open: %v, %+v", err, rec)
	}
	got := contents(t, s)
	for seq, want := range l.accepted {
		if seq > l.trimmed && got[seq] != want {
			t.Fatalf("record %d is %q, accepted was %q; %+v", seq, got[seq], want, rec)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
