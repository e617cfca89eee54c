package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom/sim/scenario"
)

// call runs the program with arguments.
func call(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = exit(run(t.Context(), args, &o, &e), &e)
	return code, o.String(), e.String()
}

// file writes a file into a directory of its own.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const head = `scenario: A short one
estate: story
start: "2026-03-02 08:00"
length: 2s
expect: [{never: true, order: {asset: b1-l1}}]
`

func TestWhoeverAsksForHelpGetsItAndExitCode0(t *testing.T) {
	asks := [][]string{{"help"}, {"-h"}, {"--help"}}
	for name := range commands() {
		asks = append(asks, []string{name, "-h"}, []string{name, "--help"}, []string{name, "file", "--help"})
	}
	for _, args := range asks {
		if code, out, errs := call(t, args...); code != exitOK || out != usage || errs != "" {
			t.Errorf("%q: exit code %d, %d bytes of help, errors %q", args, code, len(out), errs)
		}
	}
}

// The help names each flag below its command, aligned, with its default.
func TestTheHelpListsEveryFlag(t *testing.T) {
	for name, c := range commands() {
		_, part, found := strings.Cut(usage, "\n  plantroom-sim "+name+" ")
		if !found {
			t.Errorf("the help does not know %s", name)
			continue
		}
		part, _, _ = strings.Cut(part, "\n\n")
		fs := flag.NewFlagSet(name, flag.ContinueOnError)
		c.flags(fs)
		n := 0
		fs.VisitAll(func(f *flag.Flag) {
			n++
			text := regexp.MustCompile(`(?m)^        --` + f.Name + `( [A-Z-]+)? +\S.*(\n {30}\S.*)*`).FindString(part)
			if text == "" || len(text) > 30 && text[29] != ' ' || text[30] == ' ' {
				t.Errorf("%s: the help has no aligned line for --%s", name, f.Name)
			}
			if plain := f.DefValue == "" || f.DefValue == "false" || f.DefValue == "0" || f.DefValue == "0s"; !plain && !strings.Contains(text, "("+f.DefValue+")") {
				t.Errorf("%s: the help does not say that --%s is %s by default", name, f.Name, f.DefValue)
			}
		})
		if listed := strings.Count(part, "\n        --"); listed != n {
			t.Errorf("%s: the help lists %d flags, there are %d", name, listed, n)
		}
	}
}

func TestAWrongCommandLineIsExitCode2AndSaysWhatIsRight(t *testing.T) {
	good, server := file(t, "s.yaml", head), file(t, "s.yaml", head+"do: [{at: 1s, server: {down: 1s}}]\n")
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "no command"},
		{[]string{"fly"}, `no command "fly"`},
		{[]string{"run"}, "name at least one"},
		{[]string{"run", good, "--sped", "2"}, "help lists the flags"},
		{[]string{"run", good, "--seed", "12abc"}, `--seed "12abc" is not a whole number`},
		{[]string{"run", good, "--seed", "-1"}, `--seed "-1" is not a whole number`},
		{[]string{"run", good, "--seed", "1e3"}, `--seed "1e3" is not a whole number`},
		{[]string{"demo", "now"}, `"now" is not a flag`},
		{[]string{"demo", "--speed", "NaN"}, "--speed is above 0"},
		{[]string{"live", good}, "--broker URL"},
		{[]string{"live", good, "--broker", "127.0.0.1:1883"}, "tcp://host:1883"},
		{[]string{"live", good, "--broker", "tcp://127.0.0.1:1", "--password-file", good + ".gone"}, "password"},
		{[]string{"live", good + ".gone", "--broker", "tcp://127.0.0.1:1"}, "read the scenario"},
		{[]string{"live", server, "--broker", "tcp://127.0.0.1:1"}, server + ":6:6: do.0: this happens to Plantroom itself"},
		{[]string{"site"}, "--broker URL"},
		{[]string{"site", good, good, "--broker", "tcp://127.0.0.1:1", "--token-file", good}, "at most one"},
		{[]string{"site", "--broker", "tcp://127.0.0.1:1", "--token-file", good + ".gone"}, "--token-file"},
		{[]string{"site", "--broker", "127.0.0.1:1", "--token-file", good}, "tcp://host:1883"},
		{[]string{"site", "--broker", "tcp://127.0.0.1:1", "--token-file", good, "--server", "127.0.0.1:8080"}, "--server"},
		{[]string{"site", "--broker", "tcp://127.0.0.1:1", "--token-file", good, "--password-file", "secrets/mqtt-%"}, "account contractors"},
		{[]string{"site", "--broker", "tcp://127.0.0.1:1", "--token-file", good, "--health", "-1"}, "--health"},
		{[]string{"site", server, "--broker", "tcp://127.0.0.1:1", "--token-file", good}, "happens to Plantroom itself"},
		{[]string{"estate", "story"}, "a directory"},
		{[]string{"estate", "palace", t.TempDir()}, "use one of story"},
		{[]string{"estate", "story", t.TempDir(), "--web", "8080"}, "--web"},
		{[]string{"estate", "story", t.TempDir(), "--devices", "127.0.0.1"}, "tcp://host:1883"},
		{[]string{"estate", "story", filepath.Dir(file(t, "estate.yaml", ""))}, "estate.yaml is there already"},
	} {
		if code, _, errs := call(t, c.args...); code != exitUsage || !strings.Contains(errs, c.says) {
			t.Errorf("%q: exit code %d, want 2 and a word of %q:\n%s", c.args, code, c.says, errs)
		}
	}
}

func TestEveryWholeNumberIsASeed(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "12": 12, "18446744073709551615": math.MaxUint64} {
		if o, err := options(text); err != nil || o.Seed == nil || *o.Seed != want {
			t.Errorf("--seed %s: %v, error %v", text, o.Seed, err)
		}
	}
	if o, err := options(""); err != nil || o.Seed != nil {
		t.Errorf("no --seed: %v, error %v; want the file's", o.Seed, err)
	}
}

// live makes one attempt: nothing of it may promise another.
func TestABrokerThatIsNotThereIsSaidOnceAndIsExitCode3(t *testing.T) {
	code, _, errs := call(t, "live", file(t, "s.yaml", head), "--broker", "tcp://127.0.0.1:1")
	if code != exitFailed || strings.Contains(errs, "tried again") || !strings.Contains(errs, "see whether it runs") {
		t.Errorf("exit code %d, errors %q", code, errs)
	}
}

func TestAServerThatIsNotThereIsSaidAndIsExitCode3(t *testing.T) {
	code, _, errs := call(t, "site", "--broker", "tcp://127.0.0.1:1", "--token-file", file(t, "token", "a-token\n"), "--server", "http://127.0.0.1:1", "--dir", t.TempDir())
	if code != exitFailed || !strings.Contains(errs, "http://127.0.0.1:1 does not answer") {
		t.Errorf("exit code %d, errors %q", code, errs)
	}
}

func TestADemonstrationThatIsInterruptedWhileItStartsSaysSo(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
	}{{[]string{"demo"}, exitOK}, {[]string{"demo", "--headless"}, exitFailed}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var out bytes.Buffer
		code := exit(run(ctx, append(c.args, "--dir", t.TempDir()), &out, &out), &out)
		if code != c.code || !strings.Contains(out.String(), "interrupted") {
			t.Errorf("%q: exit code %d, want %d:\n%s", c.args, code, c.code, out.String())
		}
	}
}

// Lines of a story stand below each other, whatever their time.
func TestTheTimesOfAStoryAreAsWideAsTheLongest(t *testing.T) {
	for length, longest := range map[time.Duration]string{
		40 * time.Minute: "+39m59s", time.Hour: "+59m59s", 90 * time.Minute: "+1h29m59s", 24 * time.Hour: "+23h59m59s",
	} {
		var out bytes.Buffer
		s := show{out: &out}.of(&scenario.Scenario{Length: scenario.Offset(length)})
		for _, since := range []time.Duration{0, time.Second, 12*time.Minute + 30*time.Second, length - time.Second, length} {
			s.line(scenario.Line{Local: "08:00:00", Since: scenario.Offset(since), Who: "world", Text: "x"})
		}
		want := fmt.Sprintf("08:00:00  %*s  world", len(longest), "+"+scenario.Offset(length-time.Second).String())
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: no line begins with %q:\n%s", length, want, out.String())
		}
		for line := range strings.Lines(out.String()) {
			if at := strings.Index(line, "world"); at != len("08:00:00")+2+len(longest)+2 {
				t.Errorf("%s: column %d: %q", length, at, line)
			}
		}
	}
}
