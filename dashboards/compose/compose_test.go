// There is no container engine where the tests run: what is tested here is what
// the files say, and the scripts that need none.
package compose_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"plantroom/internal/yamldoc"
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

// What the guide says about the broker's rights is what the broker is given.
func TestTheBrokersRightsAreThoseOfTheGuide(t *testing.T) {
	if !strings.Contains(read(t, "../../docs/operations.md"), "```acl\n"+read(t, "mosquitto.acl")+"```") {
		t.Error("mosquitto.acl is not the access list in docs/operations.md, which is tested against a real mosquitto")
	}
}
