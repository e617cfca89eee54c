package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestNoPageLinksToAnotherSiteBecauseItsAddressSaysSo: a browser takes //host for
// another site, and a link to our own site can be written so that its path is that.
func TestNoPageLinksToAnotherSiteBecauseItsAddressSaysSo(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/%2fevil.example/x", "/%5cevil.example", "/%2F%2Fevil.example"} {
		r := s.get(path)
		for _, out := range []string{`href="//evil`, `href="/\evil`, `href="///evil`} {
			if strings.Contains(r.text, out) {
				t.Errorf("%s: the page has %s", path, out)
			}
		}
	}
}

func TestOnlyFilesMeantForIt(t *testing.T) {
	s := newSite(t)
	s.get("/static/%2e%2e%2ftemplates%2fjob.html").wants(t, http.StatusNotFound, "not:define")
}
