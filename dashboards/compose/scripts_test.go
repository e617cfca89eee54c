package compose_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom/services/app"
	"plantroom/services/app/config"
)

func TestTheScriptMakesEverySecretAtRandomAndOverwritesNone(t *testing.T) {
	dir := t.TempDir()
	for from, to := range map[string]string{"secrets": "compose/secrets", "../.env.example": ".env.example"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, to)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), []byte(read(t, from)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(dir, "compose", "secrets")
	if out, err := exec.CommandContext(t.Context(), script).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	made := read(t, filepath.Join(dir, ".env"))
	if info, err := os.Stat(filepath.Join(dir, ".env")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v may be read as %v", err, info.Mode())
	}
	seen := map[string]bool{}
	for line := range strings.Lines(made) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(value) || seen[value] {
			t.Errorf("%s is %q", key, value)
		}
		seen[value] = true
	}
	if want := strings.Count(read(t, "../.env.example"), "=\n"); len(seen) != want {
		t.Errorf("%d secrets, want %d", len(seen), want)
	}
	if out, err := exec.CommandContext(t.Context(), script).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("there already")) {
		t.Errorf("the second time: %v: %s", err, out)
	}
	if read(t, filepath.Join(dir, ".env")) != made {
		t.Error("it was overwritten")
	}
}

func TestTheScriptsAreShell(t *testing.T) {
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) < 4 {
		t.Fatal(scripts, err)
	}
	for _, s := range append(scripts, "secrets") {
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", s).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", s, err, out)
		}
	}
}

// inside runs a script as it would run in its container, with folders of our own in
// the place of /plantroom and the others, and stand-ins for the programs. It returns
// what the last stand-in was told to do.
func inside(t *testing.T, script string, folders map[string]string, env ...string) string {
	t.Helper()
	dir := t.TempDir()
	ours, bin, said := filepath.Join(dir, "plantroom"), filepath.Join(dir, "bin"), filepath.Join(dir, "said")
	folders["/plantroom"] = ours
	estate, err := filepath.Abs("../../sim/estates/story/estate.yaml")
	if err != nil {
		t.Fatal(err)
	}
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob("*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text := read(t, name)
		for was, is := range folders {
			text = regexp.MustCompile(`(^|[^\w.])`+was+`/`).ReplaceAllString(text, "${1}"+is+"/")
			text = regexp.MustCompile(`( )`+was+`( |\n)`).ReplaceAllString(text, "${1}"+is+"${2}")
		}
		put(filepath.Join(ours, name), text)
	}
	for _, program := range []string{"plantroom", "plantroom-sim", "mosquitto"} {
		put(filepath.Join(bin, program), "#!/bin/sh\necho "+program+` "$@" >`+said+"\n"+
			`[ "$1" != estate ] || { mkdir -p "$3" && cp `+estate+` "$3/estate.yaml"; }`+"\n")
	}
	put(filepath.Join(bin, "chown"), "#!/bin/sh\n")
	put(filepath.Join(bin, "mosquitto_passwd"), `#!/bin/sh
[ "$2" != -c ] || { shift; : >"$2"; }
echo "$3:$4" >>"$2"
`)
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join(ours, script))
	cmd.Env = append([]string{"PATH=" + bin + ":/usr/bin:/bin", "TMPDIR=" + dir}, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return strings.TrimSpace(read(t, said))
}

// The server starts with what the scripts have put into its folder: its own check
// finds no fault in the file, nor in the estate's, and nobody is called by a webhook.
func TestTheServerFindsItsFilesWhereTheScriptsPutThem(t *testing.T) {
	data := t.TempDir()
	secrets := []string{"INFLUXDB_TOKEN=token-of-influxdb", "MQTT_SERVER_PASSWORD=password-of-the-server", "PLANTROOM_VIEWER_TOKEN=viewer-token-0123456789", "PLANTROOM_ALERTS_TOKEN=alerts-token-0123456789"}
	for script, want := range map[string]string{"backfill.sh": "plantroom-sim backfill " + data + "/plantroom.yaml --once", "serve.sh": "plantroom serve " + data + "/plantroom.yaml"} {
		if got := inside(t, script, map[string]string{"/data": data}, secrets...); got != want {
			t.Errorf("%s does %q, want %q", script, got, want)
		}
	}
	c, err := config.Load(filepath.Join(data, "plantroom.yaml"), app.Known())
	if err != nil {
		t.Fatal(err)
	}
	if c.Estate.ID != "story" || strings.Contains(read(t, filepath.Join(data, "estate.yaml")), "webhook") {
		t.Errorf("the estate is %s, or has webhooks that nobody takes", c.Estate.ID)
	}
	for _, name := range []string{"viewer-token", "alerts-token", "mqtt-password", "influxdb-token"} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// The site has an account for each gateway and one for calls, the token where the server
// keeps it, and a health page for each gateway, which is what is looked at.
func TestTheSiteIsGivenWhatItNeeds(t *testing.T) {
	site, server := composed(t).Services["site"], composed(t).Services["plantroom"]
	data := t.TempDir()
	got := inside(t, "site.sh", map[string]string{"/data": data}, "MQTT_GATEWAY_PASSWORD=password-of-gateways")
	for _, want := range []string{"plantroom-sim site ", "--broker tcp://mosquitto:1883 ", "--password-file " + data + "/mqtt-password ", "--server http://plantroom:8080 ", "--dir " + data + " ",
		"--token-file /server/store/secrets/operator-token "} {
		if !strings.Contains(got+" ", want) {
			t.Errorf("it does %q, without %q", got, want)
		}
	}
	if text := read(t, filepath.Join(data, "mqtt-password")); text != "password-of-gateways\n" {
		t.Errorf("the password is %q", text)
	}
	if !slices.Contains(site.Volumes, "plantroom-data:/server:ro") || !slices.Contains(server.Volumes, "plantroom-data:/data") || !strings.Contains(read(t, "plantroom.yaml"), "\ndata: store\n") {
		t.Error("the token is not where the site looks for it")
	}
	gateways := regexp.MustCompile(`(?m)^  - \{id: (gw-\w+),`).FindAllStringSubmatch(read(t, "../../sim/estates/story/estate.yaml"), -1)
	broker := t.TempDir()
	if got := inside(t, "mosquitto.sh", map[string]string{"/mosquitto": broker}, "MQTT_SERVER_PASSWORD=s", "MQTT_GATEWAY_PASSWORD=g"); !strings.HasPrefix(got, "mosquitto -c ") {
		t.Errorf("the broker is started with %q", got)
	}
	users, ports := "plantroom:s\n", ""
	for i, g := range gateways {
		users += g[1] + ":g\n"
		ports += fmt.Sprintf(" %d", 9101+i)
	}
	if text := read(t, filepath.Join(broker, "passwords")); text != users+"contractors:g\n" || len(gateways) != 4 {
		t.Errorf("the broker's users are %q", text)
	}
	if text := read(t, filepath.Join(broker, "plantroom.acl")); text != read(t, "mosquitto.acl")+read(t, "contractors.acl") {
		t.Errorf("their rights are %q", text)
	}
	if !strings.Contains(site.Healthcheck.Test[1], "for port in"+ports+";") || !strings.Contains(got, "--health 9101") {
		t.Errorf("it is looked at with %q", site.Healthcheck.Test)
	}
}
