package source

import "testing"

func TestFiltersHoldTopicsAsMQTTSays(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a", false}, {"a/b", "a/b/c", false}, {"a", "a/b", false}, {"a/b", "a/B", false},
		{"+", "a", true}, {"+", "a/b", false}, {"a/+", "a/b", true}, {"a/+", "a/", true}, {"a/+", "a", false}, {"+/+", "/a", true},
		{"#", "a/b/c", true}, {"a/#", "a", true}, {"a/#", "a/b/c", true}, {"a/#", "ab", false}, {"a/b/#", "a", false},
		{"#", "$SYS/x", false}, {"+/x", "$SYS/x", false}, {"$SYS/#", "$SYS/x", true},
		{"$share/g/a/+", "a/b", true}, {"$share/g/a/+", "b/b", false},
	} {
		if got := matches(c.filter, c.topic); got != c.want {
			t.Errorf("%q holds %q: %v", c.filter, c.topic, got)
		}
	}
}
