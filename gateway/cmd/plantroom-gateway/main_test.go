package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plantroom/gateway/broker"
	"plantroom/internal/mqttconn"
	"plantroom/internal/mqttconn/brokertest"
)

const soon = time.Minute

func TestArgumentsAndExitCodes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good.yaml", "gateway: gw\nestate: e\nspool: {dir: s}\nuplink: {broker: tcp://h}\n")
	bad := file("bad.yaml", "gateway: GW\nestate: e\nspool: {dir: s, max: 9}\nuplink: {broker: tcp://h}\nfoo: 1\n")
	file("plain", "")
	accounts := filepath.Join(dir, "accounts.yaml")
	unstartable := file("unstartable.yaml", "gateway: gw\nestate: e\nspool: {dir: plain/spool}\nuplink: {broker: tcp://h}\n")
	for _, c := range []struct {
		args []string
		code int
		out  string
		errs []string
	}{
		{[]string{"version"}, exitOK, "plantroom-gateway devel\n", nil},
		{[]string{"help"}, exitOK, usage, nil},
		{nil, exitUsage, "", []string{"usage:"}},
		{[]string{"run"}, exitUsage, "", []string{"usage:"}},
		{[]string{"dance", good}, exitUsage, "", []string{"usage:"}},
		{[]string{"check", good}, exitOK, good + ": no faults\n", nil},
		{[]string{"check", bad}, exitUsage, "", []string{bad + ":1:1: gateway:", bad + ":3:", bad + ":5:1: foo:", "3 faults"}},
		{[]string{"check", filepath.Join(dir, "gone")}, exitFailed, "", []string{"read the gateway's file: "}},
		{[]string{"device", "add"}, exitUsage, "", []string{"usage:"}},
		{[]string{"device", "add", "b1-leak"}, exitUsage, "", []string{"usage:"}},
		{[]string{"device", "drop", "b1-leak", "--accounts", bad}, exitUsage, "", []string{"usage:"}},
		{[]string{"device", "renew", "b1-leak", "--accounts", accounts, "--publish", "x"}, exitUsage, "", []string{"usage:"}},
		{[]string{"device", "add", "B1 leak", "--accounts", accounts}, exitUsage, "", []string{"device account: "}},
		{[]string{"device", "add", "b1-leak", "--accounts", accounts, "--publish", "a/#/b"}, exitUsage, "", []string{"no MQTT filter"}},
		{[]string{"device", "add", "b1-leak", "--accounts", bad}, exitUsage, "", []string{bad + ":"}},
		{[]string{"device", "add", "b1-leak", "--accounts", filepath.Join(dir, "plain", "accounts")}, exitFailed, "", []string{"the accounts: "}},
		{[]string{"device", "renew", "b1-leak", "--accounts", accounts}, exitUsage, "", []string{"device add makes one"}},
		{[]string{"output", good, "riser"}, exitUsage, "", []string{"usage:"}},
		{[]string{"output", good, "riser", "open", "--for", "long"}, exitUsage, "", []string{"usage:"}},
		{[]string{"output", good, "riser", "open", "now"}, exitUsage, "", []string{"usage:"}},
		{[]string{"output", filepath.Join(dir, "gone"), "riser", "open"}, exitFailed, "", []string{"read the gateway's file: "}},
		{[]string{"output", good, "riser", "open"}, exitFailed, "", []string{"give an order to the gateway: ", "does the gateway run"}},
		{[]string{"run", bad}, exitUsage, "", []string{"3 faults"}},
		{[]string{"run", unstartable}, exitFailed, "", []string{"plantroom-gateway: open spool"}},
	} {
		var out, errs bytes.Buffer
		if code := run(c.args, &out, &errs); code != c.code || out.String() != c.out {
			t.Errorf("%v: code %d, printed %q; want %d, %q (%s)", c.args, code, out.String(), c.code, c.out, errs.String())
		}
		for _, want := range c.errs {
			if !strings.Contains(errs.String(), want) {
				t.Errorf("%v: said %q, want it to hold %q", c.args, errs.String(), want)
			}
		}
	}
}

func TestADeviceGetsAnAccountAndAPasswordThatIsShownOnce(t *testing.T) {
	accounts := filepath.Join(t.TempDir(), "accounts.yaml")
	command := func(args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(append([]string{"device"}, append(args, "--accounts", accounts)...), &out, &errs); code != exitOK {
			t.Fatalf("%v: code %d, %s", args, code, errs.String())
		}
		return strings.TrimSuffix(out.String(), "\n")
	}
	first := command("add", "b1-leak")
	second := command("add", "b1-valve", "--publish", "valves/b1/state", "--subscribe", "valves/b1/set")
	renewed := command("renew", "b1-leak")
	b, err := os.ReadFile(accounts)
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{first, second, renewed} {
		if len(password) < 26 || strings.Contains(string(b), password) || strings.Count(first+second+renewed, password) != 1 {
			t.Errorf("%q is no password, no new one, or stands in the file", password)
		}
	}
	all, err := broker.LoadAccounts(accounts)
	if err != nil || len(all) != 2 || all["b1-leak"].Publish[0] != "plantroom-device/b1-leak" || all["b1-valve"].Subscribe[0] != "valves/b1/set" {
		t.Errorf("the file holds %v, %v:\n%s", all, err, b)
	}
	if info, err := os.Stat(accounts); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file can be read by others: %v, %v", info.Mode(), err)
	}
}

// publisher sends readings x=0, x=1 … of one device at QoS 1, each until the
// broker has it.
func publish(t *testing.T, url string, from, to int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	c, err := mqttconn.Connect(ctx, mqttconn.Options{URL: url, ClientID: "device"}, mqttconn.Session{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := from; i < to; i++ {
		if err := c.SendAndWait(ctx, "plantroom-device/d", false, fmt.Appendf(nil, `{"v":{"x":%d}}`, i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKilledAtAnyMomentAGatewayLosesNothingThatTheBrokerHad(t *testing.T) {
	m := brokertest.Mosquitto(t, "allow_anonymous true\nmax_queued_messages 0")
	f := listen(t, m.URL(), true)
	g := write(t, t.TempDir(), m.URL(), fmt.Sprintf(everything, m.URL()))
	g.start()
	const rounds, each = 6, 300
	for round := range rounds {
		brokertest.Wait(t, soon, "the gateway listens", func() bool { return g.get().Status == "ok" })
		killed := make(chan struct{})
		go func() { // in the midst of the messages, each time later
			defer close(killed)
			end := time.Now().Add(soon)
			for g.heard() < uint64(1+round*20) && time.Now().Before(end) {
				time.Sleep(time.Millisecond)
			}
			g.kill()
		}()
		publish(t, m.URL(), round*each, (round+1)*each)
		<-killed
		g.start()
	}
	var missing []int
	defer func() {
		if t.Failed() {
			t.Logf("missing: %v\nhealth: %+v\n%s", missing, g.get(), g.logged())
		}
	}()
	brokertest.Wait(t, soon, "every reading arrived", func() bool {
		missing = nil
		for i := range rounds * each {
			if f.has(fmt.Sprintf("d x %d", i)) == 0 {
				missing = append(missing, i)
			}
		}
		return missing == nil
	})
	if f.gaps > 0 || f.has("gap") > 0 {
		t.Errorf("%d gaps were declared", f.gaps)
	}
	if code := g.stop(); code != exitOK {
		t.Errorf("the exit code is %d:\n%s", code, g.logged())
	}
}

func TestHangupReadsTheFileAgain(t *testing.T) {
	b := brokertest.NewMochi(t)
	g := write(t, t.TempDir(), b.URL(), fmt.Sprintf(everything, b.URL()))
	g.start()
	g.rewrite(b.URL(), fmt.Sprintf(strings.Replace(everything, "plainjson", "zwave", 1), b.URL()))
	if err := g.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	brokertest.Wait(t, soon, "the faulty file is refused", func() bool { return g.get().Refused == 1 })
	brokertest.Wait(t, soon, "the log names the line", func() bool { return strings.Contains(g.logged(), "line=9") }) // it may come after the count
	g.rewrite(b.URL(), fmt.Sprintf(everything, b.URL())+"    ignore: [\"x*\"]\n")
	if err := g.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	brokertest.Wait(t, soon, "the good file is at work", func() bool { return g.get().Reloads == 1 })
	if code := g.stop(); code != exitOK {
		t.Errorf("the exit code is %d", code)
	}
}

func TestTheBinaryIsSmallAndHoldsNoDatabases(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the binary; run without -short")
	}
	path := filepath.Join(t.TempDir(), "plantroom-gateway")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the stripped binary has %.1f MB", float64(info.Size())/1e6)
	if info.Size() > 15e6 {
		t.Errorf("the stripped binary has %d bytes, more than 15 MB", info.Size())
	}
	deps, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(deps)) {
		if dep == "database/sql/driver" {
			continue // two interfaces that a maker of ids brings along (rs/xid): no database
		}
		for _, word := range []string{"database/sql", "sqlite", "influx", "grafana", "plantroom/services"} {
			if strings.Contains(dep, word) {
				t.Errorf("the gateway's binary holds %s", dep)
			}
		}
	}
}
