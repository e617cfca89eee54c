package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom/services/app/config"
	"plantroom/services/httpapi"
)

func TestAnEstatesFileIsCheckedWithTheProfilesThatCameWithItAndNoOther(t *testing.T) {
	const law = "profile: ours\ntitle: Ours\nwindows: [{binds: {domains: [leaks]}, severity: low, clock: restore, length: 8h, from: raised, until: proved, source: bylaw, sure: verified}]\n"
	e := func(profile string) httpapi.File {
		return httpapi.File{Name: "estate.yaml", Text: "estate: e\nname: E\ntime_zone: Asia/Shanghai\nprofile: " + profile + "\ncurrency: CNY\nbuildings: [{id: b1, floors: 3}]\n" +
			"gateways: []\nassets: []\npeople: [{id: lin, name: Lin, role: manager, channels: [{channel: mqtt, to: lin}]}]\n"}
	}
	with := func(more string) httpapi.File {
		f := e("plain")
		f.Text += more
		return f
	}
	// A file of this machine, of which a check from outside must not tell anything.
	secret := filepath.Join(t.TempDir(), "secret.yaml")
	if err := os.WriteFile(secret, []byte("hush: hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ours := httpapi.File{Name: "ours.yaml", Text: law}
	broken := httpapi.File{Name: "ours.yaml", Text: strings.Replace(law, "[leaks]", "[pools]", 1)}
	for _, c := range []struct {
		files []httpapi.File
		want  string
	}{
		{[]httpapi.File{e("cn-urban")}, ""},
		{[]httpapi.File{e("ours.yaml"), ours}, ""},
		{[]httpapi.File{e("ours.yaml"), broken}, `ours.yaml:3:30: windows.0.binds.domains.0: there is no domain "pools"`},
		{[]httpapi.File{e("ours.yaml")}, `"ours.yaml" is not among the files`},
		{[]httpapi.File{e("/etc/passwd.yaml"), ours}, `"/etc/passwd.yaml" is not among the files`},
		{[]httpapi.File{e(secret), ours}, `is not among the files`},
		{[]httpapi.File{with("playbooks: [" + secret + "]\n")}, `is not among the files`},
		{[]httpapi.File{with("case_playbooks: [" + secret + "]\n")}, `is not among the files`},
		{[]httpapi.File{with("case_playbooks: [keys.yaml]\n"), {Name: "keys.yaml", Text: "case: keys\n"}}, `keys.yaml:1:`},
	} {
		_, err := checkFiles(c.files, config.Channels(), 0)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.files[0].Text, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the check tells what stands in a file of this machine: %v", c.files[0].Text, err)
		}
	}
}
