package scenario

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const page = "../../docs/scenarios.md"

// block is one fenced block of the page: ```lang name.
type block struct{ lang, name, text string }

func blocks(t *testing.T) (string, []block) {
	t.Helper()
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]+)(?: ([a-z.]+))?\n(.*?)^```$").FindAllStringSubmatch(string(src), -1) {
		out = append(out, block{m[1], m[2], m[3]})
	}
	if n := strings.Count(string(src), "\n```"); n != 2*len(out) || n == 0 {
		t.Fatalf("%d fences, %d blocks understood", n, len(out))
	}
	return string(src), out
}

// around makes a scenario of a part of one.
func around(part, text string) string {
	const head = "scenario: s\nestate: story\nstart: \"2026-03-02 08:00\"\nlength: 1h\n"
	const expect = "expect:\n  - {never: true, order: {asset: b1-l1}}\n"
	indented := "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
	switch part {
	case "contractors":
		return head + text + expect
	case "do":
		return head + "do:\n" + indented + expect
	case "wires": // the story's gateways have none
		return strings.Replace(head, "story", "workshop", 1) + "do:\n" + indented + strings.Replace(expect, "b1-l1", "ws-lift-1", 1)
	case "expect":
		return head + "expect:\n" + indented
	}
	return ""
}

func TestEveryExampleOfThePageIsRight(t *testing.T) {
	_, list := blocks(t)
	parts := map[string]int{}
	for _, b := range list {
		if b.lang != "yaml" || strings.HasSuffix(b.name, ".yaml") {
			continue // whole files are run with their commands
		}
		parts[b.name]++
		src := around(b.name, b.text)
		if src == "" {
			t.Errorf("a yaml block is called %q: call it contractors, do, wires, expect, or a file that is run", b.name)
			continue
		}
		s, err := Parse(b.name+".yaml", []byte(src))
		if err == nil {
			err = s.checkNames()
		}
		if err != nil {
			t.Errorf("%v\n%s", err, src)
		}
	}
	if parts["contractors"] == 0 || parts["do"] < 2 || parts["expect"] == 0 || parts["wires"] == 0 {
		t.Errorf("the page shows %v", parts)
	}
}

// Whoever writes a scenario does not read code: every key and every word that
// the schema permits stands on the page.
func TestThePageNamesEveryKeyOfTheLanguage(t *testing.T) {
	text, _ := blocks(t)
	var schema any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	words := slices.Clone(callKinds)
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if props, ok := v["properties"].(map[string]any); ok {
				for k := range props {
					words = append(words, k)
				}
			}
			if enum, ok := v["enum"].([]any); ok {
				for _, k := range enum {
					words = append(words, k.(string))
				}
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(schema)
	if len(words) < 80 {
		t.Fatalf("only %d words were found in the schema", len(words))
	}
	for _, w := range words {
		if !strings.Contains(text, "`"+w+"`") && !strings.Contains(text, "`"+w+": ") {
			t.Errorf("the page does not explain `%s`", w)
		}
	}
}

// took is what differs from one run to the next.
var took = regexp.MustCompile(`(played in|life in|\d+ of +\d+) +\S+`)

// Every command on the page exists, and those with a file print what the page
// says.
func TestTheCommandsOfThePagePrintWhatItSays(t *testing.T) {
	_, list := blocks(t)
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin", "plantroom-sim")
	if out, err := exec.Command("go", "build", "-o", bin, "../cmd/plantroom-sim").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	help, err := exec.Command(bin, "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range list {
		if b.lang == "yaml" && strings.HasSuffix(b.name, ".yaml") {
			if err := os.WriteFile(filepath.Join(dir, b.name), []byte(b.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	ran := 0
	for i, b := range list {
		if b.lang != "sh" {
			continue
		}
		args := strings.Fields(b.text)
		if args[0] != "bin/plantroom-sim" || !strings.Contains(string(help), "plantroom-sim "+args[1]+" ") {
			t.Errorf("there is no command %s", b.text)
		}
		for _, a := range args[2:] {
			if flag := strings.Trim(a, "[]"); strings.HasPrefix(flag, "--") && !strings.Contains(string(help), flag) {
				t.Errorf("there is no flag %s: %s", flag, b.text)
			}
		}
		if b.name == "" {
			continue
		}
		cmd := exec.Command(bin, args[1:]...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if faulty := strings.Contains(string(out), "faulty scenario"); faulty != (cmd.ProcessState.ExitCode() == 2) || !faulty && err != nil {
			t.Errorf("%s: %v", b.text, err)
		}
		agree(t, b.text, list[i+1], out)
		ran++
	}
	if ran < 3 {
		t.Errorf("%d commands were run", ran)
	}
}

// timeless gives the lines of an output without what differs each time.
func timeless(s string) []string {
	return strings.Split(took.ReplaceAllString(strings.TrimSpace(s), "$1"), "\n")
}

// agree compares what a command printed with the block that follows it.
func agree(t *testing.T, command string, want block, got []byte) {
	t.Helper()
	switch want.lang {
	case "text":
		x, y := timeless(string(got)), timeless(want.text)
		for i := range max(len(x), len(y)) {
			if i >= len(x) || i >= len(y) || x[i] != y[i] {
				t.Errorf("%sdiffers from the page at line %d of its output:\n%s", command, i+1, strings.Join(x[min(i, len(x)):], "\n"))
				break
			}
		}
	case "json":
		var x, y map[string]any
		if bytes.Count(got, []byte("\n")) != 1 {
			t.Errorf("%s prints more than a line:\n%s", command, got)
		}
		if err := json.Unmarshal(got, &x); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if err := json.Unmarshal([]byte(want.text), &y); err != nil {
			t.Fatalf("the page's JSON: %v", err)
		}
		if x["took"] == nil || y["took"] == nil {
			t.Errorf("%s: no word of how long it took", command)
		}
		x["took"], y["took"] = nil, nil
		if !reflect.DeepEqual(x, y) {
			t.Errorf("%s prints\n%v\nand the page says\n%v", command, x, y)
		}
	default:
		t.Errorf("%s: no output follows on the page", command)
	}
}
