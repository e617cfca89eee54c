package gen_test

import (
	"regexp"
	"testing"

	"plantroom/dashboards/gen"
)

// sourceFile is the part of Grafana's provisioning schema of data sources that
// our files use.
type sourceFile struct {
	APIVersion  int `yaml:"apiVersion"`
	DataSources []struct {
		Name     string            `yaml:"name"`
		UID      string            `yaml:"uid"`
		Type     string            `yaml:"type"`
		Access   string            `yaml:"access"`
		URL      string            `yaml:"url"`
		User     string            `yaml:"user"`
		Editable bool              `yaml:"editable"`
		JSON     map[string]string `yaml:"jsonData"`
		Secure   map[string]string `yaml:"secureJsonData"`
	} `yaml:"datasources"`
}

// The three files for InfluxDB make the same data source, each for one version,
// and no file holds a secret or an address.
func TestTheFilesOfDataSourcesDifferOnlyInTheWayIn(t *testing.T) {
	for file, want := range map[string]gen.Ref{
		"plantroom.yaml": {Type: gen.PlantroomPlugin, UID: gen.PlantroomUID},
		"influx-1.yaml":  {Type: gen.InfluxPlugin, UID: gen.InfluxUID},
		"influx-2.yaml":  {Type: gen.InfluxPlugin, UID: gen.InfluxUID},
		"influx-3.yaml":  {Type: gen.InfluxPlugin, UID: gen.InfluxUID},
	} {
		t.Run(file, func(t *testing.T) {
			var f sourceFile
			readStrictly(t, "../provisioning/datasources/"+file, &f)
			if len(f.DataSources) != 1 || f.APIVersion != 1 {
				t.Fatalf("%+v", f)
			}
			d := f.DataSources[0]
			if (gen.Ref{Type: d.Type, UID: d.UID}) != want || d.Access != "proxy" || d.Editable {
				t.Errorf("it makes %+v", d)
			}
			variable := regexp.MustCompile(`^(Token |Bearer )?\$[A-Z_]+$`)
			if len(d.Secure) == 0 || !variable.MatchString(d.URL) {
				t.Errorf("address %q, %d secrets", d.URL, len(d.Secure))
			}
			for key, value := range d.Secure {
				if !variable.MatchString(value) {
					t.Errorf("%s is not from the environment", key)
				}
			}
			if want.Type == gen.InfluxPlugin && (d.JSON["version"] != "InfluxQL" || !variable.MatchString(d.JSON["dbName"]) || d.JSON["httpMode"] != "POST") {
				t.Errorf("it asks %v", d.JSON)
			}
		})
	}
}
