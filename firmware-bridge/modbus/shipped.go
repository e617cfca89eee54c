package modbus

import (
	"bytes"
	"embed"
	"encoding/json"
	"slices"
	"strings"

	"plantroom"
)

//go:embed maps/*.json
var files embed.FS

// names lists the shipped maps; a test fails for a file that is not here.
var names = []string{
	"aqualeak-10k",   // leak-sensing cable with distance
	"coils-8",        // a board whose 8 contacts are read as coils
	"contacts-8",     // a board of 8 discrete inputs
	"eastron-sdm120", // single-phase energy meter
	"eastron-sdm630", // three-phase energy meter
}

// Names lists the shipped maps.
func Names() []string { return slices.Clone(names) }

// ByName returns a shipped map; CodeNotFound lists the names that exist.
func ByName(name string) (*Map, error) {
	if !slices.Contains(names, name) {
		return nil, plantroom.Errorf(plantroom.CodeNotFound, "there is no register map %.40q: use one of %s, or a file like ./meter.yaml", name, strings.Join(names, ", "))
	}
	src, err := files.ReadFile("maps/" + name + ".json")
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	m := &Map{}
	if err := dec.Decode(m); err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInternal, "the shipped map %s: %w", name, err)
	}
	return m, nil
}
