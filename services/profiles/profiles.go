// Package profiles reads what jurisdictions demand: a YAML file for each, with
// a JSON Schema. Those in the folder data are built in; an estate may bring one
// of its own.
//
// It deliberately applies nothing: which window binds an order is decided in
// package sla. The windows are as found in the sources that they name, with the
// certainty that stands beside; they are no legal advice.
package profiles

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// Schema is the JSON Schema of a profile's file.
//
//go:embed profile.schema.json
var Schema []byte

//go:embed data/*.yaml
var data embed.FS

// Plain is the profile of an estate that names none: no demands by law.
const Plain = "plain"

// builtIn reads the files in the folder data, Plain first. A fault in them is
// one of the program itself.
var builtIn = sync.OnceValue(func() []plantroom.Profile {
	entries, err := data.ReadDir("data")
	if err != nil {
		panic(err)
	}
	var all []plantroom.Profile
	for _, e := range entries {
		src, err := data.ReadFile(path.Join("data", e.Name()))
		if err != nil {
			panic(err)
		}
		p, err := read(e.Name(), src, nil, nil)
		if err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	i := slices.IndexFunc(all, func(p plantroom.Profile) bool { return p.ID == Plain })
	return slices.Concat(all[i:i+1], all[:i], all[i+1:])
})

// All returns the profiles that are built in, Plain first and the others by
// their ids. The caller changes nothing in it.
func All() []plantroom.Profile { return slices.Clone(builtIn()) }

// ByID returns a profile that is built in; "" is Plain. An unknown id is
// CodeNotFound, and the error lists those there are.
func ByID(id string) (plantroom.Profile, error) {
	if id == "" {
		id = Plain
	}
	all := builtIn()
	if i := find(all, id); i >= 0 {
		return all[i], nil
	}
	return plantroom.Profile{}, plantroom.Errorf(plantroom.CodeNotFound, "profile %.80q is not one of %s", id, strings.Join(IDs(), ", "))
}

func find(all []plantroom.Profile, id string) int {
	return slices.IndexFunc(all, func(p plantroom.Profile) bool { return p.ID == id })
}

// Of returns the profile of an estate: its own where it brings one. The errors
// are those of ByID.
func Of(e *plantroom.Estate) (plantroom.Profile, error) {
	if e.Law.ID != "" {
		return e.Law, nil
	}
	return ByID(e.Profile)
}

// IDs returns the ids of All.
func IDs() []string {
	var ids []string
	for _, p := range builtIn() {
		ids = append(ids, p.ID)
	}
	return ids
}

// Load reads and checks the profile at a path; see Parse. It reads no more than
// a file of YAML may have.
func Load(name string, domains []plantroom.Domain) (plantroom.Profile, error) {
	f, err := os.Open(name)
	if err != nil {
		return plantroom.Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, yamldoc.MaxSize+1))
	if err != nil {
		return plantroom.Profile{}, fmt.Errorf("read the profile: %w", err)
	}
	return Parse(name, src, domains)
}

// Parse checks a profile of one's own, which may include those that are built
// in and name what the domains have. The error is a yamldoc.Faults with all that
// is wrong.
func Parse(name string, src []byte, domains []plantroom.Domain) (plantroom.Profile, error) {
	return read(name, src, domains, builtIn())
}
