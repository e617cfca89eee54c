// There is no container engine where the tests run: what is tested here is what
// the files say, and the scripts that need none.
package compose_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"plantroom/internal/yamldoc"
	"plantroom/services/app"
	"plantroom/services/app/config"
)

// file is the part of the compose format that ours uses: a key that is not here
// is misspelt, or has to be looked up in the specification first.
type file struct {
	Name     string             `yaml:"name"`
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image       string            `yaml:"image"`
	Build       *build            `yaml:"build"`
	Entrypoint  []string          `yaml:"entrypoint"`
	Command     []string          `yaml:"command"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Ports       []string          `yaml:"ports"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
	Healthcheck *struct {
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Retries  int      `yaml:"retries"`
	} `yaml:"healthcheck"`
	Restart string `yaml:"restart"`
}

type build struct {
	Context    string `yaml:"context"`
	Dockerfile string `yaml:"dockerfile"`
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func composed(t *testing.T) file {
	t.Helper()
	var f file
	if err := yaml.UnmarshalWithOptions([]byte(read(t, "../compose.yaml")), &f, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if len(f.Services) != 6 {
		t.Fatalf("%d services", len(f.Services))
	}
	return f
}

func TestEverythingThatPeopleReachIsOnLoopback(t *testing.T) {
	ports := 0
	for name, s := range composed(t).Services {
		for _, p := range s.Ports {
			ports++
			parts := strings.Split(p, ":")
			if len(parts) != 3 || !net.ParseIP(parts[0]).IsLoopback() {
				t.Errorf("%s publishes %s", name, p)
			}
		}
	}
	if ports != 3 {
		t.Errorf("%d ports", ports)
	}
}

func TestImagesHaveVersionsAndServicesAreHealthChecked(t *testing.T) {
	services := composed(t).Services
	for name, s := range services {
		if s.Build == nil && !regexp.MustCompile(`^[a-z/-]+:\d+\.\d+[\d.]*$`).MatchString(s.Image) {
			t.Errorf("%s is of the image %q", name, s.Image)
		}
		if once := s.Restart == "no"; once == (s.Healthcheck != nil) {
			t.Errorf("%s: restart %q, and a health check: %t", name, s.Restart, s.Healthcheck != nil)
		}
		for other, d := range s.DependsOn {
			want := "service_healthy"
			if services[other].Restart == "no" {
				want = "service_completed_successfully"
			}
			if _, ok := services[other]; !ok || d.Condition != want {
				t.Errorf("%s waits until %s is %q", name, other, d.Condition)
			}
		}
	}
	if !strings.HasPrefix(services["grafana"].Image, "grafana/grafana:13.2") || !strings.HasPrefix(services["influxdb"].Image, "influxdb:2.7") {
		t.Errorf("Grafana is %s, InfluxDB %s", services["grafana"].Image, services["influxdb"].Image)
	}
}

// built are the mounts that a build makes: they are in no repository.
var built = []string{"./datasource/dist"}

func TestEveryFileThatIsNamedIsThere(t *testing.T) {
	f := composed(t)
	sources := 0
	for name, s := range f.Services {
		for _, v := range s.Volumes {
			from, to, _ := strings.Cut(v, ":")
			if !strings.HasPrefix(from, ".") {
				if _, ok := f.Volumes[from]; !ok {
					t.Errorf("%s uses the volume %s, which is not declared", name, from)
				}
				continue
			}
			if !strings.HasSuffix(to, ":ro") {
				t.Errorf("%s can write to %s", name, from)
			}
			if slices.Contains(built, from) {
				continue
			}
			sources++
			if _, err := os.Stat(filepath.Join("..", from)); err != nil {
				t.Errorf("%s mounts %s: %v", name, from, err)
			}
		}
		if s.Build != nil {
			if _, err := os.Stat(filepath.Join("..", s.Build.Context, s.Build.Dockerfile)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if sources < 8 {
		t.Errorf("only %d mounts found", sources)
	}
	copied := regexp.MustCompile(`(?m)^COPY (dashboards/.*) /plantroom/$`).FindStringSubmatch(read(t, "Dockerfile"))
	if copied == nil {
		t.Fatal("the image gets no files of ours")
	}
	for _, path := range strings.Fields(copied[1]) {
		if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
			t.Errorf("Dockerfile: %v", err)
		}
	}
	for _, folder := range []string{"./services/cmd/plantroom", "./sim/cmd/plantroom-sim"} {
		if !strings.Contains(read(t, "Dockerfile"), folder) {
			t.Errorf("the image does not build %s", folder)
		}
	}
}

// The files of provisioning and the server's file find what they name.
func TestGrafanaFindsWhatItsFilesName(t *testing.T) {
	s := composed(t).Services["grafana"]
	telemetry := 0
	for _, v := range s.Volumes {
		if strings.Contains(v, "datasources/influx-") {
			telemetry++
		}
	}
	if telemetry != 1 {
		t.Errorf("%d files for one data source of telemetry are mounted", telemetry)
	}
	needed := regexp.MustCompile(`\$([A-Z][A-Z0-9_]+)`)
	for _, path := range []string{"datasources/plantroom.yaml", "datasources/influx-1.yaml", "alerting/contact-points.yaml", "alerting/rules.yaml", "alerting/policies.yaml", "dashboards/boards.yaml"} {
		for _, m := range needed.FindAllStringSubmatch(strings.ReplaceAll(read(t, "../provisioning/"+path), "$$", ""), -1) {
			if s.Environment[m[1]] == "" {
				t.Errorf("%s wants %s, which Grafana is not given", path, m[1])
			}
		}
	}
	boards := regexp.MustCompile(`(?m)^ +path: (\S+)$`).FindStringSubmatch(read(t, "../provisioning/dashboards/boards.yaml"))
	if boards == nil || !slices.Contains(s.Volumes, "./boards:"+boards[1]+":ro") {
		t.Errorf("the boards are looked for in %v and mounted as %v", boards, s.Volumes)
	}
	if s.Environment["GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS"] != "plantroom-facilities-datasource" {
		t.Error("the data source may not be loaded")
	}
}

// Grafana reads all files below the folder of boards. Where it finds a uid or a title
// twice there, it takes none of them.
func TestGrafanaFindsEachBoardOnce(t *testing.T) {
	seen := map[string]string{}
	err := filepath.WalkDir("../boards", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var board struct{ UID, Title string }
		if err := json.Unmarshal([]byte(read(t, path)), &board); err != nil || board.UID == "" || board.Title == "" {
			t.Errorf("%s: %v", path, err)
		}
		for _, name := range []string{board.UID, board.Title} {
			if other := seen[name]; other != "" {
				t.Errorf("%s and %s are both %q", path, other, name)
			}
			seen[name] = path
		}
		return nil
	})
	if err != nil || len(seen) < 18 {
		t.Errorf("%d names of boards, %v", len(seen), err)
	}
}

var reference = regexp.MustCompile(`\$\{([A-Z_]+)([^}]*)\}`)

func TestNoPasswordHasADefault(t *testing.T) {
	text := read(t, "../compose.yaml")
	names := map[string]bool{}
	for _, m := range reference.FindAllStringSubmatch(text, -1) {
		names[m[1]] = true
		if !strings.HasPrefix(m[2], ":?") || len(m[2]) < 10 {
			t.Errorf("%s does not stop what is not set", m[0])
		}
	}
	for name, s := range composed(t).Services {
		for key, value := range s.Environment {
			if regexp.MustCompile(`PASSWORD|TOKEN|SECRET`).MatchString(key) && !reference.MatchString(value) {
				t.Errorf("%s: %s is %q in the file", name, key, value)
			}
		}
	}
	var example []string
	for line := range strings.Lines(read(t, "../.env.example")) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		example = append(example, key)
		if value != "" {
			t.Errorf(".env.example has a value for %s", key)
		}
		if !names[key] {
			t.Errorf(".env.example names %s, which nobody wants", key)
		}
		delete(names, key)
	}
	if len(names) > 0 || len(example) < 6 {
		t.Errorf(".env.example lacks %v", names)
	}
}

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

// The server's file has the form that the server reads, and leads to the parts of
// the arrangement.
func TestTheServersFileIsOne(t *testing.T) {
	text := read(t, "plantroom.yaml")
	if !bytes.Contains(config.Schema, []byte(`"viewer_token_file"`)) { // a server without the tokens for Grafana
		text = regexp.MustCompile(`(?m)^  (viewer|alerts)_token_file: .*\n`).ReplaceAllString(text, "")
	}
	doc, err := yamldoc.Parse("plantroom.yaml", []byte(text), config.Schema)
	if err != nil {
		t.Fatal(err)
	}
	var c config.Config
	if err := doc.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if c.Broker.URL != "tcp://mosquitto:1883" || c.InfluxDB.URL != "http://influxdb:8086" {
		t.Errorf("%+v", c)
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

// What the guide says about the broker's rights is what the broker is given.
func TestTheBrokersRightsAreThoseOfTheGuide(t *testing.T) {
	if !strings.Contains(read(t, "../../docs/operations.md"), "```acl\n"+read(t, "mosquitto.acl")+"```") {
		t.Error("mosquitto.acl is not the access list in docs/operations.md, which is tested against a real mosquitto")
	}
}
