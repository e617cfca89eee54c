package binding

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzMatch compares the matcher with a regular expression of the same meaning.
func FuzzMatch(f *testing.F) {
	for _, c := range [][2]string{{"b1-*-leak", "b1-l1-leak"}, {"*", ""}, {"a*b*c", "aXbXbc"}, {"?", "ab"}, {"**", "x"}, {"test/*", "test/a/b"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 50 || len(s) > 200 || strings.ContainsFunc(pattern+s, func(r rune) bool { return r > 126 || r == '\n' }) {
			return
		}
		expr := regexp.QuoteMeta(pattern)
		expr = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(expr)
		if got, want := match(pattern, s), regexp.MustCompile("^"+expr+"$").MatchString(s); got != want {
			t.Errorf("match(%q, %q) is %v, want %v", pattern, s, got, want)
		}
	})
}
