// Command plantroom-boards writes Grafana's boards, from the signals and rules
// of the watched domains.
package main

import (
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"plantroom"
	"plantroom/dashboards/gen"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

const usage = `plantroom-boards writes Grafana's boards.

  plantroom-boards DIR          the provisioned ones into DIR/boards, the importable ones into DIR/import
        --address URL           where browsers find Plantroom's pages (http://127.0.0.1:8080)
`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "plantroom-boards:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	set := flag.NewFlagSet("plantroom-boards", flag.ContinueOnError)
	set.Usage = func() { fmt.Fprint(out, usage) }
	address := set.String("address", gen.DefaultAddress, "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return plantroom.Errorf(plantroom.CodeInvalid, "name one directory, as in dashboards; --help says more")
	}
	if u, err := url.Parse(*address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil {
		return plantroom.Errorf(plantroom.CodeInvalid, "--address %q is not an address: write it as in https://plantroom.example.org", *address)
	}
	files, err := gen.Files(gen.Options{Domains: domains.All(), Devices: detect.Devices(), Address: strings.TrimSuffix(*address, "/")})
	if err != nil {
		return err
	}
	return write(set.Arg(0), files, out)
}

// write puts the files in place and removes boards that are not made any more.
func write(dir string, files map[string][]byte, out io.Writer) error {
	for _, folder := range []string{"boards", "import"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			return err
		}
		old, err := filepath.Glob(filepath.Join(dir, folder, "plantroom-*.json"))
		if err != nil {
			return err
		}
		for _, path := range old {
			if name, err := filepath.Rel(dir, path); err == nil && files[filepath.ToSlash(name)] == nil {
				if err := os.Remove(path); err != nil {
					return err
				}
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d boards in %s\n", len(files), dir)
	return nil
}
