package packaging

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plantroom/internal/parts"
)

// built are the packages of one build, by the package's name.
type built map[string]string

// build makes the programs and packages of this tree for amd64. out is where
// the packages go.
func build(t *testing.T, programs, out string) built {
	t.Helper()
	nfpm := os.Getenv("PLANTROOM_NFPM")
	if nfpm == "" {
		nfpm = "../.tools/bin/nfpm"
	}
	nfpm, err := filepath.Abs(nfpm)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(nfpm); err != nil {
		parts.Absent(t, "there is no nfpm: make .tools/bin/nfpm builds it, as make test and make release do: "+err.Error())
	}
	cmd := exec.CommandContext(t.Context(), "../scripts/package", programs, programs, "amd64", out)
	cmd.Env = append(os.Environ(), "NFPM="+nfpm, "VERSION=v1.2.3-4-gabcdef0", "SOURCE_DATE_EPOCH=1767225600")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	debs := built{}
	for _, deb := range strings.Fields(string(b)) {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		debs[name] = deb
	}
	return debs
}

// tell runs a command and returns what it prints.
func tell(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestTheDebianPackagesHoldWhatTheyHaveTo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the programs: not with -short")
	}
	dpkgDeb := parts.Program(t, "dpkg-deb", "dpkg")
	programs, out := t.TempDir(), t.TempDir()
	tell(t, "go", "build", "-o", programs+"/", "plantroom/services/cmd/plantroom", "plantroom/gateway/cmd/plantroom-gateway",
		"plantroom/gateway/cmd/plantroom-codec", "plantroom/gateway/cmd/plantroom-node")
	debs := build(t, programs, out)

	const program, file, folder = "-rwxr-xr-x", "-rw-r--r--", "drwxr-xr-x"
	for name, want := range map[string]map[string]string{
		"plantroom-gateway": {
			"/usr/bin/plantroom-gateway":                             program,
			"/usr/bin/plantroom-codec":                               program, // beside the gateway, which looks for it there
			"/usr/bin/plantroom-node":                                program,
			"/lib/systemd/system/plantroom-gateway.service":          file,
			"/lib/udev/rules.d/60-plantroom.rules":                   file,
			"/usr/lib/sysusers.d/plantroom-gateway.conf":             file,
			"/etc/plantroom/":                                        folder,
			"/usr/share/doc/plantroom-gateway/examples/gateway.yaml": file,
			"/usr/share/doc/plantroom-gateway/gateway.md":            file,
			"/usr/share/doc/plantroom-gateway/copyright":             file,
			"/usr/share/doc/plantroom-gateway/changelog.gz":          file,
			"/usr/share/doc/plantroom-gateway/changelog.Debian.gz":   file,
			"/usr/share/man/man8/plantroom-gateway.8.gz":             file,
			"/usr/share/man/man8/plantroom-codec.8.gz":               file,
			"/usr/share/man/man8/plantroom-node.8.gz":                file,
		},
		"plantroom": {
			"/usr/bin/plantroom":                     program,
			"/lib/systemd/system/plantroom.service":  file,
			"/usr/lib/sysusers.d/plantroom.conf":     file,
			"/etc/plantroom/":                        folder,
			"/usr/share/doc/plantroom/operations.md": file,
			"/usr/share/doc/plantroom/copyright":     file,
			"/usr/share/doc/plantroom/changelog.gz":  file,
			"/usr/share/man/man8/plantroom.8.gz":     file,
		},
	} {
		deb := debs[name]
		if deb == "" {
			t.Fatalf("no package %s was built: %v", name, debs)
		}
		has := map[string]string{}
		for line := range strings.Lines(tell(t, dpkgDeb, "-c", deb)) {
			f := strings.Fields(line)
			has[strings.TrimPrefix(f[5], ".")] = f[0]
			if f[1] != "root/root" {
				t.Errorf("%s: %s belongs to %s", name, f[5], f[1])
			}
			// Nothing is active before somebody has written it: no conffiles.
			if path := strings.TrimPrefix(f[5], "."); strings.HasPrefix(path, "/etc/") && !strings.HasSuffix(path, "/") {
				t.Errorf("%s ships the configuration %s", name, path)
			}
		}
		for path, mode := range want {
			if has[path] != mode {
				t.Errorf("%s: %s is %q, want %q", name, path, has[path], mode)
			}
		}
		control := tell(t, dpkgDeb, "-f", deb)
		for _, line := range []string{"Package: " + name, "Version: 1.2.3+4.abcdef0-1", "Architecture: amd64", "Depends: systemd"} {
			if !strings.Contains("\n"+control, "\n"+line+"\n") {
				t.Errorf("%s lacks %q:\n%s", name, line, control)
			}
		}
		for _, script := range []string{"postinst", "prerm", "postrm"} {
			folder := map[string]string{"plantroom": "server", "plantroom-gateway": "gateway"}[name]
			if tell(t, dpkgDeb, "-I", deb, script) != read(t, folder+"/"+script) {
				t.Errorf("%s has another %s", name, script)
			}
		}
	}

	again := build(t, programs, t.TempDir())
	for name, deb := range debs {
		if !bytes.Equal([]byte(read(t, deb)), []byte(read(t, again[name]))) {
			t.Errorf("two packages %s of the same programs differ", name)
		}
	}
}

// A later version is a greater one for dpkg, too.
func TestDebianSortsOurVersions(t *testing.T) {
	dpkg := parts.Program(t, "dpkg", "dpkg")
	script := read(t, "../scripts/package")
	naming := regexp.MustCompile(`(?s)\ncase \$VERSION in.*?\nesac\n`).FindString(script)
	version := func(git, epoch string) string {
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-euc", naming+`printf %s "$upstream-1"`)
		cmd.Env = append(os.Environ(), "VERSION="+git, "SOURCE_DATE_EPOCH="+epoch)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	list := []string{version("abcdef0", "1767225600"), version("0123456", "1767225601"), version("v0.9.0-rc1", "0"), version("v0.9.0", "0"),
		version("v0.9.0-3-gabcdef0", "0"), version("v0.9.0-12-g0123456", "0"), version("v0.10.0", "0")}
	for i := 1; i < len(list); i++ {
		if err := exec.CommandContext(t.Context(), dpkg, "--compare-versions", list[i-1], "lt", list[i]).Run(); err != nil {
			t.Errorf("%s does not come before %s", list[i-1], list[i])
		}
	}
}
