package access

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
		if got := Covers(tt.permitted, tt.wanted); got != tt.want {
			t.Errorf("Covers(%q, %q) = %t", tt.permitted, tt.wanted, got)
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
		if strings.ContainsAny(topic, "+#") || !ValidFilter(permitted) || !ValidFilter(wanted) {
			return
		}
		if Covers(permitted, wanted) && Covers(wanted, topic) && !Covers(permitted, topic) {
			t.Errorf("%q covers %q, which matches %q, which it does not cover", permitted, wanted, topic)
		}
	})
}

func TestAFilterIsOne(t *testing.T) {
	for filter, want := range map[string]bool{
		"a": true, "a/b": true, "#": true, "+": true, "a/+/b/#": true, "/": true, "a//b": true, "$share/g/a": true,
		"": false, "#/a": false, "a#": false, "a/b+": false, "a/#/b": false, "+a": false, "a\x00b": false,
		strings.Repeat("x", 65_536): false,
	} {
		if got := ValidFilter(filter); got != want {
			t.Errorf("%.20q is a filter: %t", filter, got)
		}
	}
}

func TestAClientIDBelongsToTheLongestName(t *testing.T) {
	names := map[string]bool{"gw": true, "gw-b1": true}
	for id, want := range map[string]string{
		"gw": "gw", "gw-uplink": "gw", "gw-b1": "gw-b1", "gw-b1-uplink": "gw-b1", "gw-b2": "gw", "gwx": "", "": "", "-": "",
	} {
		if got := Owner(id, func(name string) bool { return names[name] }); got != want {
			t.Errorf("%q belongs to %q, want %q", id, got, want)
		}
	}
}

func BenchmarkCovers(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if !Covers("plantroom-device/+", "plantroom-device/b1-bin-1-level") {
			b.Fatal("not covered")
		}
	}
}
