package packaging

import (
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machine is a root that is only a folder, and the commands that a maintainer
// script may use on it. They do nothing but note how they were called; any other
// command is not found, and the script fails.
type machine struct {
	t    *testing.T
	root string
	bin  string
}

// newMachine has some folders and files; names that end in a slash are folders.
func newMachine(t *testing.T, has ...string) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir(), bin: t.TempDir()}
	for _, name := range has {
		path := filepath.Join(m.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range []string{"systemd-sysusers", "udevadm", "deb-systemd-helper", "deb-systemd-invoke", "systemctl"} {
		m.command(command, "exit 0")
	}
	// cat is the shell's own here, and no call to speak of.
	if err := os.WriteFile(filepath.Join(m.bin, "cat"), []byte("#!/bin/sh\nwhile IFS= read -r line; do echo \"$line\"; done\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

// command sets what a command does after it has been noted.
func (m *machine) command(name, does string) {
	m.t.Helper()
	text := "#!/bin/sh\necho \"" + name + " $*\" >>" + m.bin + "/calls\n" + does + "\n"
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte(text), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// run runs a script as dpkg would, with the machine's root in the place of /,
// and returns what it printed and which commands it has called.
func (m *machine) run(script string, args ...string) (said string, calls []string) {
	m.t.Helper()
	text := read(m.t, script)
	for _, dir := range []string{"/run/", "/etc/", "/var/"} {
		text = strings.ReplaceAll(text, dir, m.root+dir)
	}
	copied := filepath.Join(m.bin, "script")
	if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
	before := m.files()
	_ = os.Remove(filepath.Join(m.bin, "calls")) // there is none before the first run
	cmd := exec.CommandContext(m.t.Context(), "/bin/sh", append([]string{copied}, args...)...)
	cmd.Env = []string{"PATH=" + m.bin}
	cmd.Dir = m.root
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "not found") {
		m.t.Errorf("%s %q: %v\n%s", script, args, err, out)
	}
	if after := m.files(); !slices.Equal(before, after) {
		m.t.Errorf("%s %q has changed files: there were %q, and are %q", script, args, before, after)
	}
	b, err := os.ReadFile(filepath.Join(m.bin, "calls"))
	if err != nil {
		return string(out), nil
	}
	return string(out), strings.Split(strings.TrimSpace(string(b)), "\n")
}

// files lists what is below the root.
func (m *machine) files() (all []string) {
	m.t.Helper()
	err := filepath.WalkDir(m.root, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return all
}

// services are the two packages' names, units and files.
var services = []struct{ folder, name, file, state string }{
	{"gateway", "plantroom-gateway", "etc/plantroom/gateway.yaml", "var/lib/plantroom-gateway/"},
	{"server", "plantroom", "etc/plantroom/plantroom.yaml", "var/lib/plantroom/"},
}

func TestTheFirstInstallationMakesTheUserEnablesTheServiceAndSaysWhatToDo(t *testing.T) {
	for _, s := range services {
		m := newMachine(t, "run/systemd/system/")
		want := []string{
			"systemd-sysusers " + s.name + ".conf",
			"deb-systemd-helper unmask " + s.name + ".service",
			"deb-systemd-helper --quiet was-enabled " + s.name + ".service",
			"deb-systemd-helper enable " + s.name + ".service",
			"systemctl --system daemon-reload",
			"deb-systemd-invoke start " + s.name + ".service",
		}
		for range 2 { // dpkg may run it again after something else has failed
			said, calls := m.run(s.folder+"/postinst", "configure", "")
			if !slices.Equal(calls, want) {
				t.Errorf("%s calls %q, want %q", s.name, calls, want)
			}
			for _, next := range []string{s.name + " init ", s.name + " check ", "systemctl restart " + s.name} {
				if !strings.Contains(said, next) {
					t.Errorf("%s does not say %q:\n%s", s.name, next, said)
				}
			}
		}
	}
}

func TestAnUpgradeRestartsTheServiceLastAndStopsItNever(t *testing.T) {
	for _, s := range services {
		m := newMachine(t, "run/systemd/system/", s.file, s.state+"spool/00000001.seg")
		if _, calls := m.run(s.folder+"/prerm", "upgrade", "1.1-1"); calls != nil {
			t.Errorf("before an upgrade %s calls %q", s.name, calls)
		}
		if _, calls := m.run(s.folder+"/postrm", "upgrade", "1.1-1"); calls != nil {
			t.Errorf("of the old package %s calls %q", s.name, calls)
		}
		said, calls := m.run(s.folder+"/postinst", "configure", "1.0-1")
		if len(calls) == 0 || calls[len(calls)-1] != "deb-systemd-invoke restart "+s.name+".service" {
			t.Errorf("after an upgrade %s calls %q", s.name, calls)
		}
		if said != "" {
			t.Errorf("%s has something to say to one that is set up: %s", s.name, said)
		}
	}
}

func TestAServiceThatWasSwitchedOffStaysOff(t *testing.T) {
	for _, s := range services {
		m := newMachine(t, "run/systemd/system/", s.file)
		m.command("deb-systemd-helper", `[ "$2" != was-enabled ]`)
		_, calls := m.run(s.folder+"/postinst", "configure", "1.0-1")
		if slices.Contains(calls, "deb-systemd-helper enable "+s.name+".service") {
			t.Errorf("%s is enabled against somebody's will: %q", s.name, calls)
		}
	}
}

// In a container or an image that is being built nothing runs.
func TestWithoutARunningSystemdNothingIsStarted(t *testing.T) {
	for _, s := range services {
		for _, script := range []string{"/postinst configure", "/prerm remove", "/postrm remove"} {
			name, arg, _ := strings.Cut(script, " ")
			_, calls := newMachine(t).run(s.folder+name, arg, "")
			for _, c := range calls {
				if !strings.HasPrefix(c, "systemd-sysusers ") && !strings.HasPrefix(c, "deb-systemd-helper ") {
					t.Errorf("%s%s calls %q", s.name, name, c)
				}
			}
		}
	}
}

// What a sensor has said and a person has written is nobody's to delete but the
// person's: run fails if a file is gone, and no script could call rm.
func TestRemoveAndPurgeKeepWhatIsNowhereElse(t *testing.T) {
	for _, s := range services {
		m := newMachine(t, "run/systemd/system/", s.file, s.state+"spool/00000001.seg")
		if _, calls := m.run(s.folder+"/prerm", "remove"); !slices.Equal(calls, []string{"deb-systemd-invoke stop " + s.name + ".service"}) {
			t.Errorf("%s is removed by %q: it has to be stopped", s.name, calls)
		}
		m.run(s.folder+"/postrm", "remove")
		said, calls := m.run(s.folder+"/postrm", "purge")
		if !slices.Equal(calls, []string{"deb-systemd-helper purge " + s.name + ".service"}) {
			t.Errorf("%s is purged by %q", s.name, calls)
		}
		for _, left := range []string{"/etc/plantroom is left", "/" + strings.TrimSuffix(s.state, "/") + " is left"} {
			if !strings.Contains(said, left) {
				t.Errorf("purge of %s does not say %q: %s", s.name, left, said)
			}
		}
	}
}

func TestDevicesThatAreThereGetTheirGroupsAtOnce(t *testing.T) {
	m := newMachine(t, "run/udev/")
	l, err := net.Listen("unix", filepath.Join(m.root, "run/udev/control"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, calls := m.run("gateway/postinst", "configure", "")
	for _, want := range []string{"udevadm control --reload", "udevadm trigger --subsystem-match=gpio", "udevadm trigger --subsystem-match=i2c-dev", "udevadm trigger --subsystem-match=tty"} {
		if !slices.Contains(calls, want) {
			t.Errorf("it does not call %q: %q", want, calls)
		}
	}
}
