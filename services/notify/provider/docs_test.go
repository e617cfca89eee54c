package provider_test

import (
	"os"
	"strings"
	"testing"

	"plantroom/services/notify/provider"
)

// The guide's own template is one, and its table lists what comes with Plantroom.
func TestTheGuideIsRight(t *testing.T) {
	b, err := os.ReadFile("../../../docs/channels.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(b)
	found := 0
	for _, block := range strings.Split(guide, "```yml\n")[1:] {
		if src, _, _ := strings.Cut(block, "```"); strings.HasPrefix(src, "about:") {
			found++
			if _, err := provider.Parse("docs/channels.md", []byte(src)); err != nil {
				t.Error(err)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d templates in the guide, want 1", found)
	}
	for _, name := range provider.Examples() {
		src, _ := provider.Example(name)
		tpl, err := provider.Parse(name, src)
		if err != nil {
			t.Fatal(err)
		}
		settings := "–"
		if len(tpl.Settings) > 0 {
			settings = "`" + strings.Join(tpl.Settings, "`, `") + "`"
		}
		row := "| `" + name + "` | "
		at := strings.Index(guide, row)
		if at < 0 {
			t.Errorf("%s is not in the guide", name)
			continue
		}
		line, _, _ := strings.Cut(guide[at:], "\n")
		if !strings.Contains(line, "| "+settings+"; `") {
			t.Errorf("%s wants %s, and the guide says %s", name, settings, line)
		}
		for _, s := range tpl.Secrets {
			if !strings.Contains(line, "`"+s+"`") {
				t.Errorf("%s wants the secret %s, and the guide says %s", name, s, line)
			}
		}
		cell := strings.Split(line, " | ")
		if to := strings.Trim(strings.TrimSuffix(cell[len(cell)-1], " |"), "`"); to[0] == '+' || to[0] >= '0' && to[0] <= '9' {
			if err := tpl.CheckAddress(to); err != nil {
				t.Errorf("%s: the guide's address: %v", name, err)
			}
		}
	}
}
