package broker

import (
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	tests := []struct {
		permitted, wanted string
		want              bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/c", false},
		{"a/b", "a/b/c", false},
		{"a/b", "a", false},
		{"a/b", "a/+", false},
		{"a/b", "#", false},
		{"a/+", "a/b", true},
		{"a/+", "a/+", true},
		{"a/+", "a/#", false},
		{"a/+", "a/b/c", false},
		{"a/+/c", "a/b/c", true},
		{"a/+/c", "a/b/+", false},
		{"a/#", "a/b/c", true},
		{"a/#", "a/+/c", true},
		{"a/#", "a/#", true},
		{"a/#", "a", true},
		{"a/#", "+", false},
		{"a/#", "b/#", false},
		{"a/#", "ab", false},
		{"#", "a/b", true},
		{"#", "$SYS/broker/clients", false},
		{"#", "$share/g/a", false},
		{"+/broker/clients", "$SYS/broker/clients", false},
		{"a/+", "", false},
		{"#", "", false},
	}
	for _, tt := range tests {
		if got := covers(tt.permitted, tt.wanted); got != tt.want {
			t.Errorf("covers(%q, %q) = %t", tt.permitted, tt.wanted, got)
		}
	}
}

// FuzzCovers: what a permitted filter covers, it covers for every topic that
// the wanted filter matches.
func FuzzCovers(f *testing.F) {
	f.Add("plantroom/1/e/#", "plantroom/1/e/g/+", "plantroom/1/e/g/up")
	f.Add("a/+", "a/+", "a/")
	f.Add("#", "+/+", "/")
	f.Fuzz(func(t *testing.T, permitted, wanted, topic string) {
		if strings.ContainsAny(topic, "+#") || hashInside(permitted) || hashInside(wanted) {
			return
		}
		if covers(permitted, wanted) && covers(wanted, topic) && !covers(permitted, topic) {
			t.Errorf("%q covers %q, which matches %q, which it does not cover", permitted, wanted, topic)
		}
	})
}

// hashInside reports whether # stands where MQTT does not permit it.
func hashInside(filter string) bool {
	levels := strings.Split(filter, "/")
	for i, l := range levels {
		if strings.Contains(l, "#") && (l != "#" || i != len(levels)-1) || strings.Contains(l, "+") && l != "+" {
			return true
		}
	}
	return false
}

func TestAClientIDBelongsToTheLongestUserName(t *testing.T) {
	a, err := newAccess([]Account{{Username: "gw", Password: "x"}, {Username: "gw-b1", Password: "x"}})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"gw": "gw", "gw-uplink": "gw", "gw-b1": "gw-b1", "gw-b1-uplink": "gw-b1", "gw-b2": "gw", "gwx": "", "": "", "-": "",
	} {
		if got := a.owner(id); got != want {
			t.Errorf("%q belongs to %q, want %q", id, got, want)
		}
	}
}
