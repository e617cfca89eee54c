package node_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The examples in docs/node.md are bodies of the vectors.
func TestTheExamplesOfTheDescriptionAreVectors(t *testing.T) {
	text, err := os.ReadFile("../../docs/node.md")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for _, v := range vectors(t).Good {
		known[v.Body] = v.Kind
	}
	examples := regexp.MustCompile("(?ms)^```hex ([a-z]+)\n(.*?)^```").FindAllStringSubmatch(string(text), -1)
	comment := regexp.MustCompile(`#.*|\s`)
	for _, e := range examples {
		if body := comment.ReplaceAllString(e[2], ""); known[body] != e[1] {
			t.Errorf("%s: %s is not a vector of that kind", e[1], body)
		}
	}
	if len(examples) < 4 || !strings.Contains(string(text), "8,192") {
		t.Errorf("found %d examples", len(examples))
	}
}
