// Package review holds the plugin to what Grafana's reviewers refuse, as far as
// it can be seen in files: the rules of their validator cannot be run here,
// since that is no module that the proxy has. It runs nothing and mends nothing.
package review

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Finding is what is wrong, and where.
type Finding struct{ Where, What string }

func (f Finding) String() string { return f.Where + ": " + f.What }

// report collects findings.
type report struct {
	root string
	list []Finding
}

func (r *report) add(where, format string, args ...any) {
	r.list = append(r.list, Finding{where, fmt.Sprintf(format, args...)})
}

// read returns a file's text; one that cannot be read is a finding.
func (r *report) read(name string) string {
	b, err := os.ReadFile(filepath.Join(r.root, name))
	if err != nil {
		r.add(name, "is missing")
	}
	return string(b)
}

func (r *report) exists(name string) bool {
	_, err := os.Stat(filepath.Join(r.root, name))
	return err == nil
}

// Source checks the folder of the sources.
func Source(root string) []Finding {
	r := &report{root: root}
	p := r.plugin("src/plugin.json")
	if p.Info.Version != "%VERSION%" || p.Info.Updated != "%TODAY%" {
		r.add("src/plugin.json", "version and updated are put in by the build: write %%VERSION%% and %%TODAY%%")
	}
	for _, picture := range p.pictures() {
		if !r.exists(filepath.Join("src", picture)) {
			r.add("src/plugin.json", "names %s, which is not in src", picture)
		}
	}
	r.papers()
	r.modules()
	r.backend()
	r.frontEnd("src")
	return r.list
}

// description is what we look at in a plugin.json.
type description struct {
	BuildMode  string `json:"buildMode"` // of a built one: production or development
	ID         string `json:"id"`
	Type       string `json:"type"`
	Name       string `json:"name"`
	Backend    bool   `json:"backend"`
	Executable string `json:"executable"`
	Alerting   bool   `json:"alerting"`
	Streaming  bool   `json:"streaming"`
	Category   string `json:"category"`
	Info       struct {
		Description string            `json:"description"`
		Version     string            `json:"version"`
		Updated     string            `json:"updated"`
		Keywords    []string          `json:"keywords"`
		Author      map[string]string `json:"author"`
		Logos       map[string]string `json:"logos"`
		Links       []struct {
			Name, URL string
		} `json:"links"`
		Screenshots []struct {
			Name, Path string
		} `json:"screenshots"`
	} `json:"info"`
	Includes []struct {
		Type, Name, Path string
	} `json:"includes"`
	Dependencies map[string]any `json:"dependencies"`
}

func (d *description) pictures() []string {
	var list []string
	for _, logo := range []string{"small", "large"} {
		list = append(list, d.Info.Logos[logo])
	}
	for _, s := range d.Info.Screenshots {
		list = append(list, s.Path)
	}
	return list
}

// keys are those that Grafana's schema of plugin.json has, as far as a data source uses them.
var keys = []string{"$schema", "type", "name", "id", "category", "backend", "executable", "metrics", "logs", "annotations", "alerting", "streaming",
	"tracing", "queryOptions", "info", "includes", "dependencies", "routes", "skipDataQuery", "multiValueFilterOperators", "iam", "languages",
	"buildMode"} // the last is the build's own word, of create-plugin's webpack

var (
	idForm     = regexp.MustCompile(`^[0-9a-z]+(-[0-9a-z]+)*-datasource$`)
	dependency = regexp.MustCompile(`^>=\d+\.\d+\.\d+`)
)

func (r *report) plugin(name string) description {
	var d description
	text := r.read(name)
	if text == "" {
		return d
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		r.add(name, "is no JSON: %v", err)
		return d
	}
	for key := range all {
		if !slices.Contains(keys, key) {
			r.add(name, "has the key %q, which Grafana does not know", key)
		}
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		r.add(name, "has a field of another kind: %v", err)
	}
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			r.add(name, format, args...)
		}
	}
	wrong(!idForm.MatchString(d.ID) || strings.Count(d.ID, "-") < 2, "the id %q is not <organisation>-<name>-datasource in small letters", d.ID)
	wrong(d.Type != "datasource", "the type is %q", d.Type)
	wrong(d.Name == "" || strings.Contains(strings.ToLower(d.Name), "grafana"), "the name %q is empty or has Grafana in it", d.Name)
	wrong(!d.Backend || d.Executable == "", "a data source that can be alerted on needs backend and executable")
	wrong(d.Executable != "" && d.Executable != "gpx_"+strings.ReplaceAll(d.ID, "-", "_"), "the executable %q is not gpx_ and the id", d.Executable)
	wrong(!d.Alerting || !d.Streaming, "alerting or streaming is not declared, and both are built")
	wrong(d.Category != "iot", "the category is %q", d.Category)
	wrong(len(d.Info.Description) < 20, "the description is empty or a word")
	wrong(d.Info.Author["name"] == "", "there is no author")
	wrong(len(d.Info.Keywords) == 0, "there are no keywords")
	wrong(d.Info.Logos["small"] == "" || d.Info.Logos["large"] == "", "there is no logo")
	wrong(!dependency.MatchString(fmt.Sprint(d.Dependencies["grafanaDependency"])), "grafanaDependency does not say from which version on")
	for _, l := range d.Info.Links {
		wrong(!strings.HasPrefix(l.URL, "https://"), "the link %q is not https", l.Name)
	}
	for _, i := range d.Includes {
		wrong(i.Type != "dashboard" || i.Name == "" || !strings.HasPrefix(i.Path, "dashboards/"), "the include %q is not a dashboard below dashboards/", i.Path)
	}
	return d
}

// templates are what create-plugin leaves for an author to write.
var templates = []string{"Lorem ipsum", "This is a starter", "Grafana data source plugin template", "FIXME", "TODO", "Initial release.", "[Fill", "{{", "plugin template", "Getting started\n\n### Backend"}

// papers checks what a person reads first.
func (r *report) papers() {
	for name, least := range map[string]int{"README.md": 1500, "CHANGELOG.md": 200, "LICENSE": 5000} {
		text := r.read(name)
		if text != "" && len(text) < least {
			r.add(name, "is too short to say anything")
		}
		for _, t := range templates {
			if name != "LICENSE" && strings.Contains(text, t) {
				r.add(name, "holds %q of a template", t)
			}
		}
	}
	if text := r.read("LICENSE"); text != "" && !(strings.Contains(text, "Apache License") && strings.Contains(text, "Version 2.0, January 2004")) || strings.Contains(text, "{yyyy}") || strings.Contains(text, "[yyyy]") {
		r.add("LICENSE", "is not the Apache licence with a year and an owner")
	}
	if !r.exists("package.json") {
		return // the backend is built and tested without the front end's folder
	}
	var p struct{ Version string }
	if err := json.Unmarshal([]byte(r.read("package.json")), &p); err != nil || !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(p.Version) {
		r.add("package.json", "the version %q is not of three numbers", p.Version)
	} else if !strings.Contains(r.read("CHANGELOG.md"), "## "+p.Version) {
		r.add("CHANGELOG.md", "does not tell of version %s", p.Version)
	}
}

// modules checks what the backend is built from.
func (r *report) modules() {
	text := r.read("go.mod")
	if strings.Contains(text, "\nreplace ") {
		r.add("go.mod", "replaces a module: nobody else can build that")
	}
	if !strings.Contains(text, "github.com/grafana/grafana-plugin-sdk-go v0.298.0") {
		r.add("go.mod", "does not pin the SDK")
	}
	if !strings.Contains(r.read("Magefile.go"), "grafana-plugin-sdk-go/build") {
		r.add("Magefile.go", "is not built with the SDK's targets")
	}
}
