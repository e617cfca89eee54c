package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"plantroom/internal/yamldoc"
	"plantroom/services/notify/provider"
)

// Provider is a channel that a template describes.
type Provider struct {
	ID       string            `json:"id"`       // the channel's name
	Template string            `json:"template"` // of those that come with Plantroom, or a path that ends in .yaml
	Settings map[string]string `json:"settings"`
	Secrets  map[string]string `json:"secrets"` // files, by name

	Parsed *provider.Template `json:"-"`
}

// resolve makes paths relative to a directory.
func (p *Provider) resolve(dir string) {
	if p.isFile() {
		own(&p.Template, dir)
	}
	for name, path := range p.Secrets {
		own(&path, dir)
		p.Secrets[name] = path
	}
}

func (p *Provider) isFile() bool { return strings.HasSuffix(p.Template, ".yaml") }

// source reads the template.
func (p *Provider) source() (name string, src []byte, err error) {
	if p.isFile() {
		src, err = os.ReadFile(p.Template)
		return p.Template, src, err
	}
	src, err = provider.Example(p.Template)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("no template is called %q", p.Template)
	}
	return p.Template + ".yaml", src, err
}

func (k *checker) providers(list []Provider) {
	seen := map[string]bool{"webhook": true, "mqtt": true, "email": true}
	for i := range list {
		p, at := &list[i], fmt.Sprintf("/providers/%d", i)
		if seen[p.ID] {
			k.fault(at+"/id", fmt.Sprintf("a channel is called %q already", p.ID), "choose another id")
		}
		seen[p.ID] = true
		name, src, err := p.source()
		if err != nil {
			k.fault(at+"/template", err.Error(), "use one of "+strings.Join(provider.Examples(), ", ")+", or name a file of your own that ends in .yaml; paths are relative to this file")
			continue
		}
		t, err := provider.Parse(name, src)
		var faults yamldoc.Faults
		switch {
		case errors.As(err, &faults):
			k.more = append(k.more, faults...)
		case err != nil:
			k.fault(at+"/template", err.Error(), "correct the template")
		default:
			p.Parsed = t
			k.provider(at, p)
		}
	}
}

// provider checks that a template gets what it needs, and nothing else.
func (k *checker) provider(at string, p *Provider) {
	k.wanted(at+"/settings", "setting", p.Parsed.Settings, p.Settings)
	k.wanted(at+"/secrets", "secret", p.Parsed.Secrets, p.Secrets)
	for _, name := range slices.Sorted(maps.Keys(p.Secrets)) {
		k.readable(at+"/secrets/"+yamldoc.Escape(name), p.Secrets[name], "its first line has to be the secret; paths are relative to this file")
	}
	complete := !slices.ContainsFunc(p.Parsed.Settings, func(n string) bool { return p.Settings[n] == "" })
	if err := p.Parsed.CheckSettings(p.Settings); err != nil && complete {
		k.fault(at+"/settings", err.Error(), "correct the setting that stands for the server")
	}
}

func (k *checker) wanted(at, what string, want []string, given map[string]string) {
	for _, n := range want {
		if given[n] == "" {
			k.fault(strings.TrimSuffix(at, "/"+what+"s"), fmt.Sprintf("the template wants a %s %q", what, n), fmt.Sprintf("add it, as in %ss: {%s: …}", what, n))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(want, n) {
			k.fault(at+"/"+yamldoc.Escape(n), fmt.Sprintf("the template has no %s %q", what, n), "take it away"+orUse(want))
		}
	}
}

func orUse(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return ", or use one of " + strings.Join(list, ", ")
}

// SecretFile is where a secret of the provider is.
func (p *Provider) SecretFile(name string) string { return filepath.Clean(p.Secrets[name]) }
