package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite" // to edit a ledger behind the store's back

	"plantroom"
	"plantroom/services/influxd/influxdtest"
	"plantroom/services/store"
)

// asProgram makes the test binary the program: a signal cannot be sent to a
// function.
const asProgram = "PLANTROOM_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// plantroomWith runs the command line as main does.
func plantroomWith(args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = exit(run(args, &o, &e), &e)
	return code, o.String(), e.String()
}

func TestTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	file := filepath.Join(dir, "plantroom.yaml")
	gone := filepath.Join(dir, "gone.yaml")
	const clock = "2026-03-02T12:00:00Z,2026-06-01T00:00:00Z,60"
	for _, c := range []struct {
		args      string
		code      int
		out, errs string // what it contains; "": nothing at all
	}{
		{"help", exitOK, "plantroom serve FILE", ""},
		{"help serve", exitOK, "plantroom serve FILE", ""},
		{"-h", exitOK, "Exit codes: 0 done", ""},
		{"--help", exitOK, "plantroom init DIR", ""},
		{"check --help", exitOK, "plantroom check FILE", ""},
		{"init --help", exitOK, "plantroom init DIR", ""},
		{"whatif " + file + " --help", exitOK, "plantroom whatif FILE", ""},
		{"version", exitOK, "plantroom devel\n", ""},
		{"check " + file, exitOK, "no faults\n", ""},
		{"", exitUsage, "", "plantroom: that is not a command\n"},
		{"", exitUsage, "", "plantroom serve FILE"},
		{"serve", exitUsage, "", "plantroom serve FILE"},
		{"serve a b", exitUsage, "", "that is not a command"},
		{"check", exitUsage, "", "that is not a command"},
		{"ledger", exitUsage, "", "that is not a command"},
		{"ledger prove " + file, exitUsage, "", "that is not a command"},
		{"version 2", exitUsage, "", "that is not a command"},
		{"--bogus help", exitUsage, "", "plantroom: flag provided but not defined: -bogus\n"},
		{"--demo-clock", exitUsage, "", "plantroom: flag needs an argument: -demo-clock\n"},
		{"--demo-clock " + clock + " check " + file, exitUsage, "", "--demo-clock goes with serve"},
		{"--demo-clock never serve " + file, exitUsage, "", `demo clock "never" is not began,virtual,speed`},
		{"check " + gone, exitUsage, "", gone},
		{"serve " + gone, exitUsage, "", "plantroom init DIR writes one"},
		{"ledger verify " + gone, exitUsage, "", gone},
		{"ledger verify " + file, exitUsage, "", "has the server run yet?"},
		{"statement " + file + " --contract quicklift-2026 --month 2026-03", exitUsage, "", "plantroom serve makes it"},
		{"statement " + file + " --contract quicklift --month 2026-03", exitUsage, "", "use one of quicklift-2026"},
		{"check " + filepath.Join(dir, "estate.yaml"), exitUsage, "", "estate.yaml:1:1: this is an estate's file, or an offer; name the server's file, whose key estate names this one: " + file + "\n"},
		{"init " + dir, exitUsage, "", file + " is there already"},
		{"init " + file + "/below", exitFailed, "", "make the directory"},
	} {
		code, out, errs := plantroomWith(strings.Fields(c.args)...)
		fits := func(got, want string) bool {
			return want == "" && got == "" || want != "" && strings.Contains(got, want)
		}
		if code != c.code || !fits(out, c.out) || !fits(errs, c.errs) {
			t.Errorf("plantroom %s: exit code %d, want %d\n%s%s", c.args, code, c.code, out, errs)
		}
	}
}

func TestWhoAsksWhatInitDoesGetsNoFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	plantroomWith("init", "--help")
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("the directory holds %v (%v)", files, err)
	}
}

func TestInitWritesWhatPassesTheCheckAndOverwritesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "house")
	code, out, errs := plantroomWith("init", dir)
	file := filepath.Join(dir, "plantroom.yaml")
	if want := fmt.Sprintf("wrote %s\nwrote %s/estate.yaml\nnext: plantroom check %s\n", file, dir, file); code != exitOK || out != want || errs != "" {
		t.Errorf("exit code %d\n%s%swant\n%s", code, out, errs, want)
	}
	if code, out, errs := plantroomWith("check", file); code != exitOK || out != "no faults\n" || errs != "" {
		t.Errorf("check: exit code %d\n%s%s", code, out, errs)
	}
	for _, there := range []string{"plantroom.yaml", "estate.yaml"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, there), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := plantroomWith("init", dir)
		if code != exitUsage || out != "" || !strings.Contains(errs, filepath.Join(dir, there)+" is there already") {
			t.Errorf("with %s there: exit code %d\n%s%s", there, code, out, errs)
		}
		files, err := os.ReadDir(dir)
		if b, e := os.ReadFile(filepath.Join(dir, there)); string(b) != "mine" || err != nil || e != nil || len(files) != 1 {
			t.Errorf("with %s there: the directory holds %v, and the file %q (%v, %v)", there, files, b, err, e)
		}
	}
	if err := writeNew(file, []byte("x")); err == nil { // it came between the look and the writing
		t.Error("a file was overwritten")
	}
}

func TestCheckListsEveryFaultOfBothFiles(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	edit(t, filepath.Join(dir, "plantroom.yaml"), "listen: 127.0.0.1:1883", "listen: 0.0.0.0:1883")
	edit(t, filepath.Join(dir, "estate.yaml"), "ladder: standard", "ladder: steep")
	code, out, errs := plantroomWith("check", filepath.Join(dir, "plantroom.yaml"))
	lines := strings.Split(strings.TrimSuffix(errs, "\n"), "\n")
	if code != exitUsage || out != "" || len(lines) != 2 ||
		!strings.HasPrefix(lines[0], filepath.Join(dir, "plantroom.yaml")+":19:14: broker.embedded.listen: ") ||
		!strings.HasPrefix(lines[1], filepath.Join(dir, "estate.yaml")+":") || !strings.Contains(lines[1], "steep") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// edit replaces a text of a file, which has to be there.
func edit(t *testing.T, path, from, to string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), from) {
		t.Fatalf("%s does not say %q", path, from)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheLedgerIsVerified(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	file, path := filepath.Join(dir, "plantroom.yaml"), filepath.Join(dir, "data", "plantroom.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var newest plantroom.Hash
	write(t, path, func(tx plantroom.Tx) error {
		for n := range 5 {
			row := plantroom.LedgerRow{At: plantroom.Instant(n), Kind: "order.dispatch", Subject: "wo-000001", Actor: "system", Body: []byte(`{"cost":100}`)}
			if err := tx.AppendLedger(row); err != nil {
				return err
			}
		}
		rows, err := tx.Ledger(4, 1)
		newest = rows[0].Hash
		return err
	})
	code, out, errs := plantroomWith("ledger", "verify", file)
	if want := fmt.Sprintf("5 rows, the chain is whole; the newest hash is %s\nnote it elsewhere, and later verify with --head 5:%s\n", newest, newest); code != exitOK || out != want || errs != "" {
		t.Errorf("exit code %d\n%s%swant\n%s", code, out, errs, want)
	}
	noted := "5:" + newest.String()
	if code, out, _ := plantroomWith("ledger", "verify", file, "--head", noted); code != exitOK || !strings.Contains(out, "row 5 is the one that was noted") {
		t.Errorf("with the head that was noted: exit code %d\n%s", code, out)
	}
	if code, _, errs := plantroomWith("ledger", "verify", file, "--head", "5:"); code != exitUsage || errs == "" {
		t.Errorf("a head that is none: exit code %d\n%s", code, errs)
	}
	behindItsBack(t, path, "DELETE FROM ledger WHERE seq = 5")
	if code, out, _ := plantroomWith("ledger", "verify", "--head", noted, file); code != exitBroken || !strings.Contains(out, "row 5 is missing") {
		t.Errorf("cut off at its end: exit code %d\n%s", code, out)
	}
	for _, c := range []struct{ name, statement, says string }{
		{"a row was deleted", `DELETE FROM ledger WHERE seq = 3`, "row 3 is missing"},
		{"one before it was edited", `UPDATE ledger SET body = '{"cost":900}' WHERE seq = 2`, "row 2 is edited"},
	} {
		behindItsBack(t, path, c.statement)
		code, out, errs := plantroomWith("ledger", "verify", file)
		if code != exitBroken || !strings.HasPrefix(out, "the ledger is broken: ") || !strings.Contains(out, c.says) || errs != "" {
			t.Errorf("%s: exit code %d\n%s%s", c.name, code, out, errs)
		}
	}
	if err := os.WriteFile(path, []byte("this is no database, and never was one; it is a text of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := plantroomWith("ledger", "verify", file); code != exitFailed || out != "" || errs == "" {
		t.Errorf("no database: exit code %d\n%s%s", code, out, errs)
	}
}

func write(t *testing.T, path string, f func(plantroom.Tx) error) {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err == nil {
		err = errors.Join(s.Update(t.Context(), f), s.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// behindItsBack changes a database as somebody with the file could.
func behindItsBack(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range []string{"DROP TRIGGER IF EXISTS ledger_no_update", "DROP TRIGGER IF EXISTS ledger_no_delete", statement} {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// program is a server that runs as a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	said  map[string]string // what it has printed, by the first word of the line
	log   *bytes.Buffer     // read it after wait
	lines chan string       // of the log
}

// startServer runs plantroom serve on free ports and waits until it is up.
func startServer(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	p := &program{t: t, said: map[string]string{}, log: &bytes.Buffer{}, lines: make(chan string, 1000)}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	p.cmd = exec.CommandContext(ctx, os.Args[0], append(args, "serve", filepath.Join(dir, "plantroom.yaml"))...)
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for sc := bufio.NewScanner(io.TeeReader(errs, p.log)); sc.Scan(); {
			p.lines <- sc.Text()
		}
	}()
	for sc := bufio.NewScanner(out); len(p.said) < 4; {
		if !sc.Scan() {
			_ = p.cmd.Wait()
			t.Fatalf("the server ended while it started:\n%s", p.log)
		}
		word, rest, _ := strings.Cut(sc.Text(), " ")
		p.said[word] = strings.TrimSpace(rest)
	}
	return p
}

// wait waits for the end and returns the exit code.
func (p *program) wait() int {
	p.t.Helper()
	for range p.lines {
	}
	_ = p.cmd.Wait() // the exit code says it
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// logs waits for a line of the log.
func (p *program) logs(text string) string {
	p.t.Helper()
	for line := range p.lines {
		if strings.Contains(line, text) {
			return line
		}
	}
	p.t.Fatalf("the log never says %q:\n%s", text, p.log)
	return ""
}

// newSite is a directory as init makes it, on free ports and with an influxd
// that is there.
func newSite(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	file := filepath.Join(dir, "plantroom.yaml")
	edit(t, file, "listen: 127.0.0.1:8080", "listen: 127.0.0.1:0")
	edit(t, file, "  public_url: http://127.0.0.1:8080\n", "")
	edit(t, file, "listen: 127.0.0.1:1883", "listen: 127.0.0.1:0")
	edit(t, file, "binary: influxd, listen: 127.0.0.1:8086", "binary: "+influxdtest.Binary(t))
	return dir
}

func TestServeObeysSignals(t *testing.T) {
	dir := newSite(t)
	p := startServer(t, dir)
	if want := filepath.Join(dir, "data", "secrets", "operator-token"); p.said["token"] != want {
		t.Errorf("the token is said to be in %s, want %s", p.said["token"], want)
	}
	resp, err := http.Get(p.said["board"] + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("health is %s", resp.Status)
	}

	edit(t, filepath.Join(dir, "estate.yaml"), "Lift 1", "The lift")
	p.signal(syscall.SIGHUP)
	p.logs("the changed estate is in force")
	edit(t, filepath.Join(dir, "estate.yaml"), "ladder: standard", "ladder: steep")
	p.signal(syscall.SIGHUP)
	if line := p.logs("the running estate stays"); !strings.Contains(line, "estate.yaml:") || !strings.Contains(line, "steep") {
		t.Errorf("the fault is not named: %s", line)
	}

	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != exitOK {
		t.Errorf("exit code %d after SIGTERM:\n%s", code, p.log)
	}
	if strings.Contains(p.log.String(), "level=ERROR msg=\"close") || strings.Contains(p.log.String(), "goroutine ") {
		t.Errorf("it did not stop in order:\n%s", p.log)
	}
	b, err := os.ReadFile(p.said["token"])
	if err != nil || strings.Contains(p.log.String(), strings.TrimSpace(string(b))) {
		t.Errorf("the log shows the operator's token (%v)", err)
	}
}

func TestASignalWhileItStartsIsNoFailure(t *testing.T) {
	dir := newSite(t)
	// An influxd that never answers keeps the start waiting.
	mute := filepath.Join(dir, "influxd")
	if err := os.WriteFile(mute, []byte("#!/bin/sh\nif [ \"$1\" = version ]; then echo 'InfluxDB v1.8.3 (git: test)'; exit 0; fi\necho waiting\nexec sleep 60\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(dir, "plantroom.yaml"), "binary: "+influxdtest.Binary(t), "binary: ./influxd")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "serve", filepath.Join(dir, "plantroom.yaml"))
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(dir, "data", "influxdb", "influxd.conf")
	for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C { // written just before influxd is started
		if _, err := os.Stat(conf); err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatal("influxd was never configured")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil { // comes too early, and is no reason to die
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "before everything was up") {
		t.Errorf("%v\n%s", err, &log)
	}
}

func TestAServerThatCannotStartSaysWhyAndExitsWith3(t *testing.T) {
	dir := newSite(t)
	edit(t, filepath.Join(dir, "plantroom.yaml"), "binary: "+influxdtest.Binary(t), "binary: ./nowhere")
	code, out, errs := plantroomWith("serve", filepath.Join(dir, "plantroom.yaml"))
	if code != exitFailed || out != "" || !strings.Contains(errs, "start influxd: ") || !strings.Contains(errs, "go install ") {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

func TestADemonstrationNeedsTheEmbeddedBroker(t *testing.T) {
	dir := newSite(t)
	edit(t, filepath.Join(dir, "plantroom.yaml"), "  embedded: {listen: 127.0.0.1:0}", "  url: tcp://127.0.0.1:1")
	code, _, errs := plantroomWith("--demo-clock", "2026-03-02T12:00:00Z,2026-06-01T00:00:00Z,60", "serve", filepath.Join(dir, "plantroom.yaml"))
	if code != exitUsage || !strings.Contains(errs, "embedded broker only") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
