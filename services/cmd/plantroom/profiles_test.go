package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestProfilesAreListedAsAnAlignedTable(t *testing.T) {
	code, out, errs := plantroomWith("profiles")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if code != exitOK || errs != "" || len(lines) < 9 || !strings.HasPrefix(lines[0], "profile ") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	column := strings.Index(lines[0], "window")
	for _, l := range lines[1:] {
		if cell := []rune(l)[column:]; l[0] == ' ' || cell[0] == ' ' || []rune(l)[column-1] != ' ' {
			t.Errorf("not aligned: %q", l)
		}
	}
	want := "cn-urban           lift.entrapment                 life      attend   30m from raised until attended    secondary  China, municipalities and cities with districts"
	if !slices.Contains(lines, want) {
		t.Errorf("no line %q in\n%s", want, out)
	}
}

func TestOneProfileIsShownWithSourcesAndDuties(t *testing.T) {
	code, out, _ := plantroomWith("profiles", "show", "uk-high-rise")
	for _, want := range []string{"uk-high-rise: England", "24h from occurred until proved", "lifts of kind firefighters", "reg. 7: a firefighters' lift", "sure           verified", "duty    report the fault"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit code %d, no %q in\n%s", code, want, out)
		}
	}
	file := filepath.Join(t.TempDir(), "ours.yaml")
	src := "profile: ours\ntitle: Ours\nincludes: [cn-urban]\nwindows: []\n"
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"profiles", "show", file, "--json"}, {"profiles", "--json", "show", file}} {
		code, out, errs := plantroomWith(args...)
		var v profileView
		if err := json.Unmarshal([]byte(out), &v); code != exitOK || err != nil || v.Profile != "ours" || len(v.Windows) != 1 || v.Windows[0].Binds.Rules[0] != "lift.entrapment" {
			t.Errorf("%v: exit code %d, %v\n%s%s", args, code, err, out, errs)
		}
	}
	for _, c := range []struct{ args, errs string }{
		{"profiles show mars", `profile "mars" is not one of plain,`},
		{"profiles show mars.yaml", "mars.yaml: no such file"},
		{"profiles list", "profiles show NAME|FILE shows one"},
	} {
		if code, _, errs := plantroomWith(strings.Fields(c.args)...); code != exitUsage || !strings.Contains(errs, c.errs) {
			t.Errorf("%s: exit code %d, %s", c.args, code, errs)
		}
	}
	var all []profileView
	if code, out, _ := plantroomWith("profiles", "--json"); code != exitOK || json.Unmarshal([]byte(out), &all) != nil || len(all) < 8 || all[0].Profile != "plain" {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
