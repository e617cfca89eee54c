package provider

import (
	"embed"
	"strings"
)

//go:embed examples/*.yaml
var shipped embed.FS

// Examples lists the templates that come with Plantroom, by name. Their shapes
// are those of the providers' documents; none was tried with an account.
func Examples() []string {
	files, err := shipped.ReadDir("examples")
	if err != nil {
		return nil // the folder is a part of the program
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}

// Example returns one of them as it is written.
func Example(name string) ([]byte, error) { return shipped.ReadFile("examples/" + name + ".yaml") }
