package house

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// page is a document that people read.
type page struct {
	path string // from the root
	text string
}

// pages returns all of them: those in the root, and docs/.
func pages(t *testing.T) []page {
	t.Helper()
	var list []page
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, page{strings.TrimPrefix(filepath.ToSlash(name), root+"/"), string(b)})
		}
	}
	if len(list) < 10 {
		t.Fatalf("only %d documents found", len(list))
	}
	return list
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fences matches fenced blocks: the words behind the fence, and the content.
// A block may stand within a list.
var fences = regexp.MustCompile("(?ms)^ *```([^\n]*)\n(.*?)^ *```")

// blocks returns the contents of a page's blocks of a kind.
func blocks(p page, kind string) []string {
	var out []string
	for _, m := range fences.FindAllStringSubmatch(p.text, -1) {
		if word, _, _ := strings.Cut(m[1], " "); word == kind {
			out = append(out, m[2])
		}
	}
	return out
}

// prose is a page without its blocks.
func prose(p page) string { return fences.ReplaceAllString(p.text, "") }

// programs maps a program to the source that holds its usage.
var programs = map[string]string{
	"plantroom":         "services/cmd/plantroom/main.go",
	"plantroom-gateway": "gateway/cmd/plantroom-gateway/main.go",
	"plantroom-codec":   "gateway/cmd/plantroom-codec/main.go",
	"plantroom-node":    "gateway/cmd/plantroom-node/main.go",
	"plantroom-sim":     "sim/cmd/plantroom-sim/main.go",
}

// behindSudo leaves sudo and its user out of a command.
func behindSudo(word []string) []string {
	if len(word) > 0 && word[0] == "sudo" {
		word = word[1:]
		if len(word) > 1 && word[0] == "-u" {
			word = word[2:]
		}
	}
	return word
}

func TestTheCommandsInTheDocumentsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	commands := 0
	for _, p := range pages(t) {
		for _, block := range blocks(p, "sh") {
			for line := range strings.Lines(block) {
				word := behindSudo(strings.Fields(line))
				if len(word) < 2 {
					continue
				}
				name := filepath.Base(word[0])
				source, program := programs[name]
				switch {
				case name == "make":
					commands++
					if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(word[1]) + `:`).MatchString(makefile) {
						t.Errorf("%s: %q: the Makefile has no target %s", p.path, line, word[1])
					}
				case program:
					commands++
					if !strings.Contains(read(t, source), "\n  "+name+" "+word[1]) {
						t.Errorf("%s: %q: the usage of %s does not know %s", p.path, line, name, word[1])
					}
				}
			}
		}
	}
	if commands < 10 {
		t.Errorf("only %d commands found: does this test still find them?", commands)
	}
}

var (
	link    = regexp.MustCompile(`!?\[[^\]]*\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notSlug = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors returns what a page's headings can be linked by, as GitHub makes it.
func anchors(text string) []string {
	var out []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(prose(p), -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(target, "#")
			to := p.path
			if file != "" {
				to = filepath.Join(filepath.Dir(p.path), file)
			}
			b, err := os.ReadFile(filepath.Join(root, to))
			if err != nil {
				t.Errorf("%s: the link to %s leads nowhere", p.path, target)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(string(b)), anchor) {
				t.Errorf("%s: %s has no heading #%s; it has %v", p.path, to, anchor, anchors(string(b)))
			}
		}
	}
}

// quoted matches what stands in backticks on one line.
var quoted = regexp.MustCompile("`([^`\n]+)`")

// folders are those whose files the documents name by their path.
var folders = []string{"firmware-bridge/", "gateway/", "dashboards/", "packaging/", "packaging.", "services/", "sim/", "internal/", "docs/", "scripts/"}

// TestWhatTheDocumentsNameExists looks for each file and folder, and for each
// test as folder.TestName, that stands in backticks.
func TestWhatTheDocumentsNameExists(t *testing.T) {
	for _, p := range pages(t) {
		for _, m := range quoted.FindAllStringSubmatch(prose(p), -1) {
			name := m[1]
			if !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(name, f) }) || strings.ContainsAny(name, " *{…") {
				continue
			}
			if dir, test, ok := cutTest(name); ok {
				if !hasTest(t, dir, test) {
					t.Errorf("%s: there is no test %s in %s", p.path, test, dir)
				}
			} else if _, err := os.Stat(filepath.Join(root, name)); err != nil {
				t.Errorf("%s: there is no %s", p.path, name)
			}
		}
	}
}

// cutTest parts services/sla.TestStop into folder and test.
func cutTest(name string) (dir, test string, ok bool) {
	i := strings.LastIndex(name, ".")
	if i < 0 || !strings.HasPrefix(name[i+1:], "Test") && !strings.HasPrefix(name[i+1:], "Fuzz") {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

func hasTest(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(f string) bool {
		b, err := os.ReadFile(f)
		return err == nil && strings.Contains(string(b), "\nfunc "+test+"(")
	})
}

// Operators search for the line that they see.
func TestTheLogLinesInTheGuideAreThoseThatAreWritten(t *testing.T) {
	source := sources(t, "services", "gateway")
	_, log, found := strings.Cut(read(t, "docs/operations.md"), "\n## The log\n")
	log, _, closed := strings.Cut(log, "\n## ")
	if !found || !closed {
		t.Fatal("docs/operations.md has no chapter on the log")
	}
	lines := 0
	for line := range strings.Lines(log) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			lines++
			if !strings.Contains(source, m[1]) {
				t.Errorf("nothing logs %q", m[1])
			}
		}
	}
	if lines < 15 {
		t.Errorf("only %d lines found", lines)
	}
}

// sources returns the Go code below some folders, without its tests.
func sources(t *testing.T, dirs ...string) string {
	t.Helper()
	var b strings.Builder
	for _, f := range goFiles(t, dirs...) {
		if !strings.HasSuffix(f.path, "_test.go") {
			b.WriteString(f.text)
		}
	}
	return b.String()
}

// goFiles returns the Go code below some folders, file by file.
func goFiles(t *testing.T, dirs ...string) []page {
	t.Helper()
	var list []page
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			src, err := os.ReadFile(path)
			list = append(list, page{strings.TrimPrefix(filepath.ToSlash(path), root+"/"), string(src)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func TestEveryKindOfCallIsInTheGuide(t *testing.T) {
	guide := read(t, "docs/dispatch.md")
	calls := regexp.MustCompile(`tell(?:Contractor|Managers)?\("([a-z_.]+)"|(?:80|100): "([a-z_.]+)"`)
	found := calls.FindAllStringSubmatch(sources(t, "services/dispatch"), -1)
	if len(found) < 10 {
		t.Fatalf("only %d calls found in the source", len(found))
	}
	kinds := map[string]bool{}
	for _, m := range found {
		kinds[m[1]+m[2]] = true
	}
	for kind := range kinds {
		if !strings.Contains(guide, "\n| `"+kind+"` |") {
			t.Errorf("docs/dispatch.md does not list the call %s", kind)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `((?:order|clock|window|ladder)\\.[a-z_]+)` \\|").FindAllStringSubmatch(guide, -1) {
		if !kinds[m[1]] {
			t.Errorf("docs/dispatch.md lists %s, which nobody sends", m[1])
		}
	}
}

func TestEveryCallAndRowAboutCasesIsInTheGuide(t *testing.T) {
	guide := read(t, "docs/cases.md")
	found := regexp.MustCompile(`"(case\.[a-z]+)"`).FindAllStringSubmatch(sources(t, "services/cases"), -1)
	if len(found) < 10 {
		t.Fatalf("only %d kinds found in the source", len(found))
	}
	for _, m := range found {
		if !strings.Contains(guide, "`"+m[1]+"`") {
			t.Errorf("docs/cases.md does not tell of %s", m[1])
		}
	}
}

func TestEveryExitCodeIsInTheGuide(t *testing.T) {
	guide := read(t, "docs/operations.md")
	row := func(code string) []string {
		m := regexp.MustCompile(`(?m)^\| ` + code + ` \|(.*)\|$`).FindStringSubmatch(guide)
		if m == nil {
			return []string{"–", "–", "–"}
		}
		return strings.Split(m[1], "|")
	}
	for i, name := range []string{"plantroom", "plantroom-gateway", "plantroom-sim"} {
		constant := regexp.MustCompile(`\texit\w+ +=? *(\d)\b`)
		found := constant.FindAllStringSubmatch(read(t, programs[name]), -1)
		if len(found) < 3 {
			t.Fatalf("%s: only %d exit codes found", programs[name], len(found))
		}
		for _, m := range found {
			if strings.TrimSpace(row(m[1])[i]) == "–" {
				t.Errorf("docs/operations.md does not say what exit code %s of %s means", m[1], name)
			}
		}
	}
}

func TestADecisionSaysWhatItCosts(t *testing.T) {
	index := read(t, "docs/decisions/README.md")
	n := 0
	for _, p := range pages(t) {
		name := filepath.Base(p.path)
		if !strings.HasPrefix(p.path, "docs/decisions/") || name == "README.md" {
			continue
		}
		n++
		if want := fmt.Sprintf("%04d-", n); !strings.HasPrefix(name, want) {
			t.Errorf("%s: the next number is %s", p.path, want)
		}
		if !strings.HasPrefix(p.text, fmt.Sprintf("# %d. ", n)) || !strings.Contains(index, "("+name+")") {
			t.Errorf("%s: its title does not carry its number, or the list does not have it", p.path)
		}
		for _, part := range []string{"\nStatus: ", "\n## Context\n", "\n## Options\n", "\n## Decision\n", "\n## Consequences\n", "cost is"} {
			if !strings.Contains(p.text, part) {
				t.Errorf("%s lacks %q", p.path, part)
			}
		}
	}
}

func TestEachChangeSaysOfWhatKindItIs(t *testing.T) {
	kind := regexp.MustCompile(`^- \[(CHANGE|FEATURE|ENHANCEMENT|BUGFIX|SECURITY)\] \S`)
	_, entries, ok := strings.Cut(read(t, "CHANGELOG.md"), "\n## Unreleased\n")
	if !ok {
		t.Fatal("CHANGELOG.md has no part on what is unreleased")
	}
	for line := range strings.Lines(entries) {
		if strings.HasPrefix(line, "-") && !kind.MatchString(line) {
			t.Errorf("CHANGELOG.md: %q begins with none of the kinds", line)
		}
	}
}
