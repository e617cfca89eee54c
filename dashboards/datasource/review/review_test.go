package review_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/dashboards/datasource/pkg/legend"
	"plantroom/dashboards/datasource/pkg/plugin"
	"plantroom/dashboards/datasource/review"
)

func TestTheSourcesPassTheReview(t *testing.T) {
	for _, f := range review.Source("..") {
		t.Error(f)
	}
}

// Grafana looks the program up by the one and asks it by the other.
func TestThePluginIsCalledTheSameEverywhere(t *testing.T) {
	var p struct{ ID, Executable string }
	text, err := os.ReadFile("../src/plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if p.ID != plugin.ID || p.Executable != "gpx_"+strings.ReplaceAll(plugin.ID, "-", "_") {
		t.Errorf("plugin.json says %s and %s, the backend %s", p.ID, p.Executable, plugin.ID)
	}
}

// sources makes a copy of what the review looks at, so that it can be spoilt.
func sources(t *testing.T) string {
	t.Helper()
	to := t.TempDir()
	for _, name := range []string{"go.mod", "Magefile.go", "README.md", "CHANGELOG.md", "LICENSE", "package.json", "src", "pkg"} {
		from := filepath.Join("..", name)
		if _, err := os.Stat(from); err != nil && name == "package.json" {
			continue // the front end's, which may not be there
		}
		err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, _ := filepath.Rel("..", path)
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return put(filepath.Join(to, rel), b, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if fs := review.Source(to); len(fs) > 0 {
		t.Fatalf("the copy itself does not pass: %v", fs)
	}
	return to
}

func put(path string, b []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, b, mode)
}

// replace changes a file; an empty old puts the text at its end.
func replace(t *testing.T, path, old, with string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && old != "" {
		t.Fatal(err)
	}
	text := string(b) + with
	if old != "" {
		if text = strings.Replace(string(b), old, with, 1); text == string(b) {
			t.Fatalf("%s does not hold %q", path, old)
		}
	}
	if err := put(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWhatReviewersRefuseIsFound(t *testing.T) {
	const main = "package main\n\nimport %s\n\nfunc f() { %s }\n"
	code := func(imports, body string) string {
		return strings.NewReplacer("%s", "").Replace(strings.Replace(strings.Replace(main, "%s", imports, 1), "%s", body, 1))
	}
	for _, tc := range []struct{ file, old, with, want string }{
		{"src/plugin.json", `"plantroom-facilities-datasource"`, `"Plantroom_Facilities"`, "is not <organisation>"},
		{"src/plugin.json", `gpx_plantroom`, `gpx_other`, "is not gpx_ and the id"},
		{"src/plugin.json", `"backend": true,`, ``, "needs backend"},
		{"src/plugin.json", `"alerting": true,`, ``, "not declared"},
		{"src/plugin.json", `%VERSION%`, `1.0.0`, "put in by the build"},
		{"src/plugin.json", `"backend"`, `"backnd"`, `the key "backnd"`},
		{"src/plugin.json", `img/logo.svg`, `img/none.svg`, "not in src"},
		{"src/plugin.json", `>=12.3.0`, `*`, "from which version"},
		{"src/plugin.json", `https://grafana.com`, `http://grafana.com`, "not https"},
		{"src/plugin.json", `{`, `[`, "is no JSON"},
		{"README.md", "", "TODO write this", "of a template"},
		{"CHANGELOG.md", "", "Initial release.", "of a template"},
		{"LICENSE", "Version 2.0, January 2004", "Version 9", "is not the Apache licence"},
		{"go.mod", "", "\nreplace example.com/a => ../a\n", "replaces a module"},
		{"pkg/x.go", "", code(`"os"`, `_ = os.Getenv("HOME")`), "os.Getenv"},
		{"pkg/x.go", "", code(`"os"`, `_, _ = os.Open("/etc/passwd")`), "os.Open"},
		{"pkg/plugin/x.go", "", strings.Replace(code(`"fmt"`, `fmt.Println(1)`), "package main", "package plugin", 1), "fmt.Println"},
		{"pkg/x.go", "", code(`"net/http"`, `_ = http.Client{}`), "net/http.Client"},
		{"pkg/x.go", "", code(`h "net/http"`, `_, _ = h.Get("http://x")`), "net/http.Get"},
		{"pkg/x.go", "", code(`"net/http"`, `_ = http.DefaultClient`), "net/http.DefaultClient"},
		{"pkg/x.go", "", code(`"os/exec"`, `_ = exec.Cmd{}`), "imports os/exec"},
		{"pkg/x.go", "", code(`"errors"`, `panic(errors.New("x"))`), "calls panic"},
		{"pkg/x.go", "", "package main\n\nfunc init() {}\n", "has an init"},
		{"src/x.ts", "", "console.log('x');", "writes to the console"},
		{"src/x.tsx", "", "class D { async testDatasource() { return {}; } }", "testDatasource"},
		{"src/x.tsx", "", "<div dangerouslySetInnerHTML={x} />", "writes HTML"},
		{"src/x.ts", "", "const a = fetch('http://x');", "past Grafana"},
		{"src/img/x.svg", "", `<svg onload="alert(1)"></svg>`, "a picture only shows"},
		{"src/img/x.svg", "", `<svg><script>alert(1)</script></svg>`, "a picture only shows"},
		{"src/img/x.svg", "", `<svg><image href="https://x/y.png"/></svg>`, "a picture only shows"},
	} {
		root := sources(t)
		replace(t, filepath.Join(root, tc.file), tc.old, tc.with)
		found := review.Source(root)
		ok := false
		for _, f := range found {
			ok = ok || strings.Contains(f.What, tc.want)
		}
		if !ok {
			t.Errorf("%s with %.60q: found %v, want %q", tc.file, tc.with, found, tc.want)
		}
	}
}

// built makes a folder as the builds leave it, with programs of some bytes.
func built(t *testing.T, source string) string {
	t.Helper()
	to := t.TempDir()
	text, err := os.ReadFile(filepath.Join(source, "src/plugin.json"))
	if err != nil {
		t.Fatal(err)
	}
	var includes struct {
		Includes []struct{ Path string }
	}
	if err := json.Unmarshal(text, &includes); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"module.js": "define([],()=>{});", "plugin.json": strings.NewReplacer("%VERSION%", "1.0.0", "%TODAY%", "2026-03-02", `"backend": true`, `"buildMode": "production", "backend": true`).Replace(string(text))}
	for _, i := range includes.Includes {
		files[i.Path] = "{}"
	}
	images, err := filepath.Glob(filepath.Join(source, "src/img/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range images {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files["img/"+filepath.Base(path)] = string(b)
	}
	for _, name := range []string{"README.md", "CHANGELOG.md", "LICENSE", "pkg/main.go"} {
		b, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "pkg/main.go" {
			sum := sha256.Sum256(b)
			files["go_plugin_build_manifest"] = hex.EncodeToString(sum[:]) + ":" + name + "\n"
			continue
		}
		files[strings.TrimPrefix(name, "src/")] = string(b)
	}
	for name, text := range files {
		if err := put(filepath.Join(to, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, system := range review.Programs {
		if err := put(filepath.Join(to, "gpx_plantroom_facilities_datasource_"+system), []byte("\x7fELF…"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if found := review.Built(to, source); len(found) > 0 {
		t.Fatalf("a sound folder does not pass: %v", found)
	}
	return to
}

func TestABuiltPluginThatIsNotWholeIsFound(t *testing.T) {
	source := sources(t)
	const amd = "gpx_plantroom_facilities_datasource_linux_amd64"
	for want, spoil := range map[string]func(dir string) error{
		"has mode 644":                 func(d string) error { return os.Chmod(filepath.Join(d, amd), 0o644) },
		amd + ": is missing":           func(d string) error { return os.Remove(filepath.Join(d, amd)) },
		"is no program":                func(d string) error { return put(filepath.Join(d, amd), []byte("#!/bin/sh"), 0o755) },
		"module.js: is missing":        func(d string) error { return os.Remove(filepath.Join(d, "module.js")) },
		"no module that Grafana":       func(d string) error { return put(filepath.Join(d, "module.js"), []byte("hello"), 0o644) },
		"go_plugin_build_manifest: is": func(d string) error { return os.Remove(filepath.Join(d, "go_plugin_build_manifest")) },
		"made from another": func(d string) error {
			return put(filepath.Join(d, "go_plugin_build_manifest"), []byte(strings.Repeat("0", 64)+":pkg/main.go\n"), 0o644)
		},
		"names img/board.png":  func(d string) error { return os.Remove(filepath.Join(d, "img/board.png")) },
		"LICENSE: is missing":  func(d string) error { return os.Remove(filepath.Join(d, "LICENSE")) },
		"not that of the sour": func(d string) error { return put(filepath.Join(d, "README.md"), []byte("old"), 0o644) },
		"does not belong":      func(d string) error { return put(filepath.Join(d, "module.ts"), nil, 0o644) },
		"is no plain file":     func(d string) error { return os.Symlink("/etc/passwd", filepath.Join(d, "x.txt")) },
		"can be run":           func(d string) error { return put(filepath.Join(d, "x.txt"), nil, 0o755) },
		"built for \"development\"": func(d string) error {
			b, err := os.ReadFile(filepath.Join(d, "plugin.json"))
			return errors.Join(err, put(filepath.Join(d, "plugin.json"), bytes.Replace(b, []byte(`"production"`), []byte(`"development"`), 1), 0o644))
		},
		"has not put them in": func(d string) error {
			b, err := os.ReadFile(filepath.Join(source, "src/plugin.json"))
			return errors.Join(err, put(filepath.Join(d, "plugin.json"), b, 0o644))
		},
	} {
		dir := built(t, source)
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, f := range review.Built(dir, source) {
			found += f.String() + "\n"
		}
		if !strings.Contains(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	}
}

// The boards that the plugin brings are made by dashboards/gen.
func TestEveryBoardIsIncluded(t *testing.T) {
	boards, err := filepath.Glob("../../import/*.json")
	if err != nil || len(boards) == 0 {
		t.Fatalf("there are no boards: %v", err)
	}
	text, err := os.ReadFile("../src/plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range boards {
		if !strings.Contains(string(text), `"dashboards/`+filepath.Base(b)+`"`) {
			t.Errorf("plugin.json does not include %s", filepath.Base(b))
		}
	}
	if n := strings.Count(string(text), `"type": "dashboard"`); n != len(boards) {
		t.Errorf("%d boards are included, and there are %d", n, len(boards))
	}
}

// The two lists are written twice, in two languages.
func TestTheLegendIsTheSameInFrontAndBackEnd(t *testing.T) {
	text, err := os.ReadFile("../src/legend.ts")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "export const legend: Legend = ")
	if !ok {
		t.Fatal("src/legend.ts has no legend")
	}
	type meaning struct{ Text, Color string }
	var ts struct {
		State, Severity, Clock map[string]meaning
		Used                   []struct {
			From  float64
			Color string
		}
	}
	if err := json.NewDecoder(strings.NewReader(rest)).Decode(&ts); err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string]struct {
		goList []legend.Meaning
		ts     map[string]meaning
	}{"state": {legend.States(), ts.State}, "severity": {legend.Severities(), ts.Severity}, "clock": {legend.ClockStates(), ts.Clock}} {
		if len(pair.goList) != len(pair.ts) {
			t.Errorf("%s: %d here, %d there", name, len(pair.goList), len(pair.ts))
		}
		for _, m := range pair.goList {
			if pair.ts[m.Value] != (meaning{m.Text, m.Color}) {
				t.Errorf("%s %s: %v here, %v there", name, m.Value, m, pair.ts[m.Value])
			}
		}
	}
	for i, s := range legend.Used() {
		if i >= len(ts.Used) || ts.Used[i].From != s.From || ts.Used[i].Color != s.Color {
			t.Errorf("used: %v here, %v there", legend.Used(), ts.Used)
			break
		}
	}
}
