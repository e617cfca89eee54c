package gen

import (
	"encoding/json"

	"github.com/goccy/go-yaml"

	"plantroom"
)

// AlertTargets reads the queries of a file of alert rules, as
// dashboards/provisioning/alerting/rules.yaml is: those for Plantroom's data
// source and for InfluxDB. The Panel of each is the rule's uid. CodeInvalid: it
// is no such file.
func AlertTargets(text []byte) ([]Asked, error) {
	var f struct {
		Groups []struct {
			Rules []struct {
				UID  string `yaml:"uid"`
				Data []struct {
					DataSourceUID string         `yaml:"datasourceUid"`
					Model         map[string]any `yaml:"model"`
				} `yaml:"data"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(text, &f); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "read alert rules: %w", err)
	}
	var all []Asked
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			for _, d := range r.Data {
				t, err := decodeTarget(d.DataSourceUID, d.Model)
				if err != nil {
					return nil, plantroom.Errorf(plantroom.CodeInvalid, "read alert rule %s: %w", r.UID, err)
				}
				if t != nil {
					all = append(all, Asked{Board: "alerts", Panel: r.UID, Target: t})
				}
			}
		}
	}
	return all, nil
}

// decodeTarget makes a Target of a model, nil where it is of another data source.
func decodeTarget(source string, model map[string]any) (Target, error) {
	text, err := json.Marshal(model)
	if err != nil {
		return nil, err
	}
	switch source {
	case PlantroomUID:
		var q Query
		err := json.Unmarshal(text, &q)
		return q, err
	case InfluxUID:
		var q InfluxQuery
		err := json.Unmarshal(text, &q)
		return q, err
	}
	return nil, nil
}
