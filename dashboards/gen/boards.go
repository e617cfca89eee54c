package gen

import (
	"bytes"
	"encoding/json"
	"path"

	"plantroom"
)

// Flavour is how a board names its data sources.
type Flavour int

// The flavours.
const (
	Provisioned Flavour = iota // by the uids of dashboards/provisioning
	Importable                 // asks for them
)

// DefaultAddress is where the boards look for Plantroom's own pages unless they
// are generated with another one: as plantroom init and the compose file have it.
const DefaultAddress = "http://127.0.0.1:8080"

// Options say what the boards are made from.
type Options struct {
	Domains []plantroom.Domain // services/domains.All()
	Devices plantroom.Domain   // services/detect.Devices()
	Address string             // of Plantroom's pages, for browsers; "": DefaultAddress
}

// Boards returns every board of a flavour, in the order in which people go
// through them.
func Boards(o Options, f Flavour) []Board {
	if o.Address == "" {
		o.Address = DefaultAddress
	}
	from := provisioned
	if f == Importable {
		from = importable
	}
	m := &maker{Options: o, from: from, flavour: f}
	list := []Board{m.overview()}
	for _, d := range o.Domains {
		list = append(list, m.domain(d))
	}
	return append(list, m.dispatch(), m.contractors(), m.asset(), m.quality())
}

// Files returns the boards by their paths: the provisioned ones in boards/, and the
// importable ones in import/, which no Grafana may find below the first.
func Files(o Options) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, in := range []struct {
		folder  string
		flavour Flavour
	}{{"boards", Provisioned}, {"import", Importable}} {
		for _, b := range Boards(o, in.flavour) {
			text, err := render(b)
			if err != nil {
				return nil, err
			}
			files[path.Join(in.folder, b.UID+".json")] = text
		}
	}
	return files, nil
}

func render(b Board) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	err := enc.Encode(b)
	return text.Bytes(), err
}

// Each calls f with every panel of a board, those in collapsed rows included.
func (b *Board) Each(f func(*Panel)) {
	for i := range b.Panels {
		p := &b.Panels[i]
		f(p)
		for j := range p.Panels {
			f(&p.Panels[j])
		}
	}
}

// Asked is a query with the place that it stands in.
type Asked struct {
	Board, Panel string
	Target       Target
}

// Targets lists all queries of boards, annotations included: what has to be
// answered by a stack that runs.
func Targets(boards []Board) []Asked {
	var all []Asked
	for i := range boards {
		b := &boards[i]
		for _, a := range b.Annotations.List {
			if a.Target.QueryType != "" {
				all = append(all, Asked{b.UID, "annotation " + a.Name, a.Target})
			}
		}
		b.Each(func(p *Panel) {
			for _, t := range p.Targets {
				all = append(all, Asked{b.UID, p.Title, t})
			}
		})
	}
	return all
}
