// Package packaging holds what is installed beside the programs: units, users,
// rules for devices, what the Debian packages are made of, and the tests of all
// that. It has no code of its own. The tests start no service manager and
// install nothing on the machine that they run on.
package packaging

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom/internal/parts"
)

// units are those that are shipped, with the exposure in tenths that
// systemd-analyze (252) finds. docs/operations.md names the figures.
var units = map[string]int{
	"gateway/plantroom-gateway.service": 20,
	"server/plantroom.service":          12,
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// settings returns what a unit's file says for a key, in order. Comments and
// sections are left out.
func settings(unit, key string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(key)+`=(.*)$`).FindAllStringSubmatch(unit, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestTheUnitsAreHardened(t *testing.T) {
	analyze := parts.Program(t, "systemd-analyze", "systemd")
	guide := read(t, "../docs/operations.md")
	for unit, exposure := range units {
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--no-pager", "--offline=true",
			fmt.Sprintf("--threshold=%d", exposure), unit).CombinedOutput()
		if err != nil {
			t.Errorf("%s is exposed more than %d tenths: %v\n%s", unit, exposure, err, out)
		}
		if figure := fmt.Sprintf("%d.%d", exposure/10, exposure%10); !strings.Contains(guide, figure) {
			t.Errorf("docs/operations.md does not name the exposure %s of %s", figure, unit)
		}
	}
}

// systemd knows every key and value. The programs, which are not installed
// here, are replaced by one that is.
func TestSystemdUnderstandsTheUnits(t *testing.T) {
	analyze := parts.Program(t, "systemd-analyze", "systemd")
	for unit := range units {
		text := regexp.MustCompile(`/usr/bin/plantroom[a-z-]*`).ReplaceAllString(read(t, unit), "/bin/true")
		copied := filepath.Join(t.TempDir(), filepath.Base(unit))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", "--recursive-errors=no", copied).CombinedOutput()
		if err != nil || strings.Contains(string(out), filepath.Base(unit)) {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}

// What a gateway needs to do its work under its unit, and what would be easy
// to take away by mistake.
func TestTheGatewaysUnitLetsTheGatewayWork(t *testing.T) {
	unit := read(t, "gateway/plantroom-gateway.service")
	for key, want := range map[string][]string{
		"Type":                   {"notify"},
		"ExecStart":              {"/usr/bin/plantroom-gateway run /etc/plantroom/gateway.yaml"},
		"ExecReload":             {"/bin/kill -HUP $MAINPID"},
		"ConditionPathExists":    {"/etc/plantroom/gateway.yaml"},
		"Restart":                {"always"},
		"StartLimitIntervalSec":  {"0"}, // never gives up for good
		"WatchdogSec":            {"60s"},
		"OOMPolicy":              {"continue"}, // a codec's end is not the gateway's
		"KillMode":               {"mixed"},    // frames at the codecs are answered first
		"User":                   {"plantroom-gateway"},
		"StateDirectory":         {"plantroom-gateway"},
		"ConfigurationDirectory": {"plantroom"},
		"SupplementaryGroups":    {"gpio i2c dialout"},
		"DeviceAllow":            {"char-gpiochip rw", "char-i2c rw", "char-tty[A-Z]* rw"},
		"NoNewPrivileges":        {"yes"},
		"MemoryDenyWriteExecute": {"yes"},
		"CapabilityBoundingSet":  {""},
		"SystemCallFilter":       {"@system-service", "~@privileged", "adjtimex"}, // with setpriority for the codecs' process
		"ProcSubset":             nil,                                             // the boot's number is in /proc/sys
		"ProtectClock":           nil,                                             // it would forbid to ask adjtimex
		"PrivateDevices":         nil,
	} {
		if got := settings(unit, key); !slices.Equal(got, want) {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for _, key := range []string{"After", "Wants", "Requires"} {
		if strings.Contains(strings.Join(settings(unit, key), " "), "network") {
			t.Errorf("the gateway waits for a network: %s", settings(unit, key))
		}
	}
}

// The groups in the unit are those that the user's file makes and the rules
// give devices to.
func TestTheGroupsAreTheSameEverywhere(t *testing.T) {
	unit, users := read(t, "gateway/plantroom-gateway.service"), read(t, "gateway/sysusers.conf")
	rules := read(t, "gateway/60-plantroom.rules")
	groups := strings.Fields(settings(unit, "SupplementaryGroups")[0])
	for _, g := range groups {
		for _, line := range []string{"\ng " + g + " - -\n", "\nm plantroom-gateway " + g + "\n"} {
			if !strings.Contains(users, line) {
				t.Errorf("sysusers.conf lacks %q", strings.TrimSpace(line))
			}
		}
	}
	for unit := range units {
		user := settings(read(t, unit), "User")[0]
		home := "/var/lib/" + settings(read(t, unit), "StateDirectory")[0]
		users := read(t, filepath.Join(filepath.Dir(unit), "sysusers.conf"))
		if !regexp.MustCompile(`(?m)^u ` + user + ` - "[^"]+" ` + home + ` -$`).MatchString(users) {
			t.Errorf("sysusers.conf beside %s makes no user %s with the home %s", unit, user, home)
		}
	}
	given := map[string]string{}
	line := regexp.MustCompile(`^SUBSYSTEM=="([a-z0-9-]+)", KERNEL=="([A-Za-z0-9|*-]+)", GROUP="([a-z0-9]+)", MODE="0660"$`)
	for text := range strings.Lines(rules) {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' {
			continue
		}
		m := line.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("the rule %q is not of the one form that they have", text)
		}
		if !slices.Contains(groups, m[3]) {
			t.Errorf("%q gives devices to %s, in which the gateway is not", text, m[3])
		}
		for kernel := range strings.SplitSeq(m[2], "|") {
			given[m[1]+" "+kernel] = m[3]
		}
	}
	for device, group := range map[string]string{"gpio gpiochip*": "gpio", "i2c-dev i2c-*": "i2c", "tty ttyUSB*": "dialout", "tty ttyACM*": "dialout", "tty ttyAMA*": "dialout"} {
		if given[device] != group {
			t.Errorf("%s belongs to %q, want %s", device, given[device], group)
		}
	}
}
