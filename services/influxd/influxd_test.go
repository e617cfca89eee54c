package influxd_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/influxd"
	"plantroom/services/influxd/influxdtest"
)

// eventually waits for a condition that another process brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		time.Sleep(10 * time.Millisecond) // polls a process; there is no event to wait for
	}
}

func TestAPortThatSomebodyTookJustBeforeIsNoReasonToStayDown(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	asked := 0
	choose := func(wanted string) (string, error) {
		if asked++; asked < 3 {
			return taken.Addr().String(), nil
		}
		return influxd.Free(wanted)
	}
	o := influxd.Options{Binary: influxdtest.Binary(t), Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}
	s, err := influxd.StartChoosing(t.Context(), o, choose)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	if asked != 3 || write(t, s, "a,b=c d=1 1") != http.StatusNoContent {
		t.Errorf("asked %d times; it does not take a point at %s", asked, s.URL())
	}

	asked, o.Dir, o.Addr = 0, t.TempDir(), taken.Addr().String()
	if s, err := influxd.StartChoosing(t.Context(), o, choose); err == nil || asked != 1 || !strings.Contains(err.Error(), taken.Addr().String()) {
		if err == nil {
			s.Stop()
		}
		t.Errorf("an address that was wanted and is taken: asked %d times, error %v", asked, err)
	}
}

func write(t *testing.T, s *influxd.Server, line string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.URL()+"/api/v2/write?bucket="+s.Database(), strings.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	if s.Token() != "" {
		req.Header.Set("Authorization", "Token "+s.Token())
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func read(t *testing.T, s *influxd.Server, q string) string {
	t.Helper()
	user, password, _ := strings.Cut(s.Token(), ":")
	v := url.Values{"db": {s.Database()}, "q": {q}, "u": {user}, "p": {password}}
	resp, err := http.Get(s.URL() + "/query?" + v.Encode())
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	line, _ := bufio.NewReader(resp.Body).ReadString('\n')
	return line
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	s := influxdtest.Start(t, influxd.Options{})
	if code := write(t, s, "lift floor=3 1700000000000000000"); code != http.StatusNoContent {
		t.Fatalf("write: %d", code)
	}
	first := s.PID()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is started again", func() bool { return s.PID() != 0 && s.PID() != first })
	eventually(t, "the reading is still there", func() bool {
		return strings.Contains(read(t, s, "SELECT floor FROM lift"), "2023-11-14T22:13:20Z\",3")
	})
	if s.Restarts() != 1 {
		t.Errorf("restarts: %d, want 1", s.Restarts())
	}
}

func TestStopEndsTheProcessAndMayBeRepeated(t *testing.T) {
	s := influxdtest.Start(t, influxd.Options{})
	pid := s.PID()
	s.Stop()
	s.Stop()
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d lives on", pid)
	}
	if s.PID() != 0 {
		t.Errorf("PID after Stop: %d", s.PID())
	}
}

func TestAuthKeepsOthersOut(t *testing.T) {
	dir := t.TempDir()
	s := influxdtest.Start(t, influxd.Options{Auth: true, Dir: dir})
	if code := write(t, s, "lift floor=3"); code != http.StatusNoContent {
		t.Errorf("with the token: %d", code)
	}
	resp, err := http.Post(s.URL()+"/api/v2/write?bucket="+s.Database(), "", strings.NewReader("lift floor=4"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without: %d", resp.StatusCode)
	}
	for _, name := range []string{"password", "influxd.conf"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", name, info.Mode(), err)
		}
	}
	token := s.Token()
	s.Stop()
	if again := influxdtest.Start(t, influxd.Options{Auth: true, Dir: dir}); again.Token() != token {
		t.Error("the password changed with the second start")
	}
}

func TestTwoServersCannotShareADirectory(t *testing.T) {
	s := influxdtest.Start(t, influxd.Options{})
	dir := filepath.Dir(s.ConfigFile())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := influxd.Start(ctx, influxd.Options{Binary: influxdtest.Binary(t), Dir: dir})
	if plantroom.CodeOf(err) != plantroom.CodeUnavailable || !strings.Contains(err.Error(), "in use") {
		t.Errorf("second start: %v", err)
	}
}

func TestItDiesWithItsParent(t *testing.T) {
	binary := influxdtest.Binary(t)
	parent := exec.Command(os.Args[0], "-test.run=^TestParent$")
	parent.Env = append(os.Environ(), "INFLUXD_TEST_PARENT="+t.TempDir(), "INFLUXD_TEST_BINARY="+binary)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for in := bufio.NewScanner(out); pid == 0 && in.Scan(); {
		_, _ = fmt.Sscanf(in.Text(), "child %d", &pid) // other lines are of the test framework
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	if pid == 0 {
		t.Fatal("the parent did not say which child it started")
	}
	eventually(t, "the child is gone", func() bool { return syscall.Kill(pid, 0) != nil })
}

// TestParent is the process that TestItDiesWithItsParent kills.
func TestParent(t *testing.T) {
	dir := os.Getenv("INFLUXD_TEST_PARENT")
	if dir == "" {
		t.Skip("runs only as a child process of TestItDiesWithItsParent")
	}
	s, err := influxd.Start(t.Context(), influxd.Options{Binary: os.Getenv("INFLUXD_TEST_BINARY"), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("child %d\n", s.PID())
	select {}
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	tests := []struct {
		name string
		opt  influxd.Options
		code plantroom.Code
		says string
	}{
		{"no binary", influxd.Options{Binary: "/nowhere/influxd"}, plantroom.CodeNotFound, "go install"},
		{"another program", influxd.Options{Binary: "/bin/true"}, plantroom.CodeInvalid, "not influxd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opt.Dir = t.TempDir()
			_, err := influxd.Start(t.Context(), tt.opt)
			if plantroom.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v (%s)", err, plantroom.CodeOf(err))
			}
		})
	}
	t.Run("not loopback", func(t *testing.T) {
		_, err := influxd.Start(t.Context(), influxd.Options{Binary: influxdtest.Binary(t), Dir: t.TempDir(), Addr: "0.0.0.0:8086"})
		if plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("port taken", func(t *testing.T) {
		s := influxdtest.Start(t, influxd.Options{})
		_, err := influxd.Start(t.Context(), influxd.Options{Binary: influxdtest.Binary(t), Dir: t.TempDir(), Addr: strings.TrimPrefix(s.URL(), "http://")})
		if plantroom.CodeOf(err) != plantroom.CodeUnavailable || !strings.Contains(err.Error(), "not free") {
			t.Errorf("got %v", err)
		}
	})
}
