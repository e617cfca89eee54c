package works

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestEverySentenceAboutWorksIsThereInEveryLanguage(t *testing.T) {
	verbs := func(s string) []string {
		all := regexp.MustCompile(`%(?:\[\d+\])?[a-z]`).FindAllString(s, -1)
		for i, v := range all {
			all[i] = v[len(v)-1:]
		}
		slices.Sort(all)
		return all
	}
	for key, s := range sentences {
		if s.En == "" || s.Zh == "" || !slices.Equal(verbs(s.En), verbs(s.Zh)) {
			t.Errorf("%s: en %q, zh %q", key, s.En, s.Zh)
		}
	}
	asked := map[string]bool{"minute": true}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		src, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:\.say\(|tellResidents\("[a-z.]+", )"([a-z_]+)"`).FindAllStringSubmatch(string(src), -1) {
			asked[m[1]] = true
		}
	}
	for key := range asked {
		if _, ok := sentences[key]; !ok {
			t.Errorf("a call says %q, which there is not", key)
		}
	}
	for key := range sentences {
		if !asked[key] {
			t.Errorf("no call says %q", key)
		}
	}
}

func TestWorksAreToldOfWholeInOneLanguage(t *testing.T) {
	o, err := New(plantroom.Estate{Zone: "Asia/Shanghai"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := o.decide(0, plantroom.Works{ID: "painting", Title: plantroom.Text{En: "Painting", Zh: "粉刷"}})
	if got := d.say("posters", d.title(), "8:00 – 9:00", 3, 40); got.En != "painting Painting, 8:00 – 9:00: 3 of 40 residents have no address: put a notice up" || got.Zh != "painting 粉刷，8:00 – 9:00：40户中有3户无联系方式，请张贴通知" {
		t.Errorf("%q", got)
	}
	if got := d.say("overdue", d.say("overrun", d.title(), "18:00"), length(4*time.Hour)); strings.Contains(got.Zh, "4h") || !strings.HasSuffix(got.Zh, "已超 4小时") {
		t.Errorf("%q", got)
	}
}
