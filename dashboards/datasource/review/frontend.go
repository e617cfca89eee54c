package review

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// refused is what a front end may not hold.
var refused = []struct {
	in   *regexp.Regexp
	what string
}{
	{regexp.MustCompile(`\bconsole\.\w+\s*\(`), "writes to the console"},
	{regexp.MustCompile(`\btestDatasource\s*\(`), "has a testDatasource of its own: the backend's health check is asked"},
	{regexp.MustCompile(`dangerouslySetInnerHTML|\.innerHTML\s*=|document\.write`), "writes HTML"},
	{regexp.MustCompile(`\beval\s*\(|new Function\s*\(`), "runs text"},
	{regexp.MustCompile(`\b(localStorage|sessionStorage)\b`), "keeps things in the browser"},
	{regexp.MustCompile(`\bfetch\s*\(|XMLHttpRequest`), "asks a server past Grafana"},
	{regexp.MustCompile(`from ['"](angular|@grafana/toolkit|jquery)['"]`), "uses what Grafana has given up"},
}

// active is what makes a picture do something.
var active = regexp.MustCompile(`(?i)<script|<foreignObject|\son\w+\s*=|javascript:|<!ENTITY|<!DOCTYPE|<iframe|(href|src)\s*=\s*["'](https?:|//|data:)`)

// frontEnd checks the sources of the front end, its tests left out.
func (r *report) frontEnd(dir string) {
	err := filepath.WalkDir(filepath.Join(r.root, dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(r.root, path)
		switch ext := filepath.Ext(path); {
		case ext == ".svg":
			r.svg(name)
		case ext != ".ts" && ext != ".tsx" || strings.Contains(path, ".test."):
		default:
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, rule := range refused {
				if at := rule.in.FindIndex(b); at != nil {
					r.add(name, "line %d %s", 1+strings.Count(string(b[:at[0]]), "\n"), rule.what)
				}
			}
		}
		return nil
	})
	if err != nil {
		r.add(dir, "cannot be read: %v", err)
	}
}

func (r *report) svg(name string) {
	text := r.read(name)
	if hit := active.FindString(text); hit != "" {
		r.add(name, "holds %q: a picture only shows", strings.TrimSpace(hit))
	}
	if !strings.Contains(text, "<svg") {
		r.add(name, "is no picture")
	}
}
