package review

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Programs are the builds that have to be in a release.
var Programs = []string{"linux_amd64", "linux_arm64"}

// maxSize bounds the folder of a built plugin, in bytes: two programs of 25 MB, and little else.
const maxSize = 120 << 20

// Built checks the folder that goes into the zip. source is the folder of the
// sources that it was made from.
func Built(root, source string) []Finding {
	r := &report{root: root}
	p := r.plugin("plugin.json")
	if strings.Contains(p.Info.Version+p.Info.Updated, "%") || !regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(p.Info.Version) {
		r.add("plugin.json", "the version is %q and the date %q: the build has not put them in", p.Info.Version, p.Info.Updated)
	}
	if p.BuildMode != "production" {
		r.add("plugin.json", "the front end was built for %q: npm run build makes it for production", p.BuildMode)
	}
	for _, picture := range p.pictures() {
		if !r.exists(picture) {
			r.add("plugin.json", "names %s, which is not there", picture)
		}
	}
	for _, i := range p.Includes {
		if !r.exists(i.Path) {
			r.add("plugin.json", "includes %s, which is not there", i.Path)
		}
	}
	for _, name := range []string{"README.md", "CHANGELOG.md", "LICENSE"} {
		if got, want := r.read(name), (&report{root: source}).read(name); got != want {
			r.add(name, "is not that of the sources")
		}
	}
	if js := r.read("module.js"); js != "" && !strings.Contains(js, "define(") && !strings.Contains(js, "System.register") {
		r.add("module.js", "is no module that Grafana can load")
	}
	r.programs(p.Executable)
	r.manifest(source)
	r.everyFile()
	return r.list
}

func (r *report) programs(executable string) {
	for _, system := range Programs {
		name := executable + "_" + system
		info, err := os.Stat(filepath.Join(r.root, name))
		if err != nil {
			r.add(name, "is missing")
			continue
		}
		if info.Mode().Perm() != 0o755 {
			r.add(name, "has mode %o, and has to have 755", info.Mode().Perm())
		}
		if text := r.read(name); !strings.HasPrefix(text, "\x7fELF") {
			r.add(name, "is no program")
		}
	}
}

// manifest checks that the programs' sources are those that are there: mage
// writes the hash of each Go file.
func (r *report) manifest(source string) {
	const name = "go_plugin_build_manifest"
	for line := range strings.Lines(r.read(name)) {
		hash, file, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		b, err := os.ReadFile(filepath.Join(source, file))
		if err != nil {
			r.add(name, "names %s, which is not among the sources", file)
			continue
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != hash {
			r.add(name, "was made from another %s", file)
		}
	}
}

// plain are the kinds of files that a plugin consists of.
var plain = []string{".json", ".js", ".map", ".svg", ".png", ".md", ".txt", ".css", ".woff2"}

func (r *report) everyFile() {
	size := int64(0)
	err := filepath.WalkDir(r.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(r.root, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		size += info.Size()
		program := strings.HasPrefix(name, "gpx_")
		known := program || slices.Contains([]string{"LICENSE", "go_plugin_build_manifest", "MANIFEST.txt"}, name) || slices.Contains(plain, filepath.Ext(name))
		switch {
		case !info.Mode().IsRegular():
			r.add(name, "is no plain file")
		case !known:
			r.add(name, "does not belong into a plugin")
		case !program && name != "go_plugin_build_manifest" && info.Mode().Perm()&0o111 != 0:
			r.add(name, "can be run and is no program")
		}
		if filepath.Ext(name) == ".svg" {
			r.svg(name)
		}
		return nil
	})
	if err != nil {
		r.add(".", "cannot be read: %v", err)
	}
	if size > maxSize {
		r.add(".", "is %d MB", size>>20)
	}
}
