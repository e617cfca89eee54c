// Package playbooks reads what has to be done about incidents, and how residents'
// cases are worked through: a YAML file for each playbook, with a JSON Schema for
// each of the two sorts. Those in the folders data and cases are the story's and are
// built in; an estate may bring its own.
//
// It deliberately attaches nothing to an order or a case and judges no proof:
// that is what packages dispatch and cases do.
package playbooks

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// Schema is the JSON Schema of a playbook's file.
//
//go:embed playbook.schema.json
var Schema []byte

//go:embed data/*.yaml
var data embed.FS

// builtIn reads the files in the folder data. A fault in them is one of the
// program itself.
var builtIn = sync.OnceValue(func() []plantroom.Playbook {
	entries, err := data.ReadDir("data")
	if err != nil {
		panic(err)
	}
	var all []plantroom.Playbook
	for _, e := range entries {
		src, err := data.ReadFile(path.Join("data", e.Name()))
		if err != nil {
			panic(err)
		}
		p, err := Parse(e.Name(), src, nil)
		if err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	return all
})

// All returns the playbooks that are built in, by their ids. The caller changes
// nothing in them.
func All() []plantroom.Playbook { return slices.Clone(builtIn()) }

// Load reads and checks the playbook at a path; see Parse. It reads no more than
// a file of YAML may have.
func Load(name string, domains []plantroom.Domain) (plantroom.Playbook, error) {
	src, err := readFile(name)
	if err != nil {
		return plantroom.Playbook{}, err
	}
	return Parse(name, src, domains)
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read the playbook: %w", err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, yamldoc.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read the playbook: %w", err)
	}
	return src, nil
}

// file is a playbook as it is written; the schema explains each key.
type file struct {
	Playbook string `json:"playbook"`
	Title    text   `json:"title"`
	Binds    struct {
		Domains []plantroom.DomainName `json:"domains"`
		Rules   []plantroom.RuleID     `json:"rules"`
		Kinds   []string               `json:"kinds"`
		Causes  []string               `json:"causes"`
	} `json:"binds"`
	Steps []struct {
		ID     string             `json:"id"`
		Title  text               `json:"title"`
		Role   string             `json:"role"`
		Within plantroom.Duration `json:"within"`
		Proof  string             `json:"proof"`
	} `json:"steps"`
}

// text is words, written plainly or by language.
type text plantroom.Text

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.En)
	}
	return json.Unmarshal(b, (*plantroom.Text)(t))
}

// Parse checks a playbook and makes one of it. domains say what it may name;
// nil: whatever it names. The error is a yamldoc.Faults with all that is wrong.
func Parse(name string, src []byte, domains []plantroom.Domain) (plantroom.Playbook, error) {
	doc, err := yamldoc.Parse(name, src, Schema)
	if doc == nil {
		return plantroom.Playbook{}, err
	}
	var f file
	if err := doc.Decode(&f); err != nil && !errors.As(err, new(yamldoc.Faults)) {
		return plantroom.Playbook{}, err
	}
	c := checker{doc: doc, faults: doc.Faults()}
	p := plantroom.Playbook{ID: f.Playbook, Title: plantroom.Text(f.Title), Binds: plantroom.Binds(f.Binds)}
	if domains != nil {
		c.binds(&p.Binds, domains)
	}
	seen := map[string]bool{}
	for i, s := range f.Steps {
		if at := fmt.Sprintf("/steps/%d/id", i); seen[s.ID] {
			c.fault(at, fmt.Sprintf("the step %q exists already", s.ID), "choose another id")
		}
		seen[s.ID] = true
		p.Steps = append(p.Steps, plantroom.Step{ID: s.ID, Title: plantroom.Text(s.Title), Role: s.Role, Within: s.Within, Proof: s.Proof})
	}
	if err := c.faults.Err(); err != nil {
		return plantroom.Playbook{}, err
	}
	return p, nil
}

// checker gathers what a schema cannot express.
type checker struct {
	doc    *yamldoc.Doc
	faults yamldoc.Faults
}

// fault notes what is wrong with a value that is readable.
func (c *checker) fault(path, problem, remedy string) {
	if c.doc.Sound(path) {
		c.faults = append(c.faults, c.doc.Fault(path, problem, remedy))
	}
}

// binds checks that what a playbook is for exists: otherwise it would be for
// nothing.
func (c *checker) binds(b *plantroom.Binds, domains []plantroom.Domain) {
	var names, rules, kinds, causes []string
	for _, d := range domains {
		names = append(names, string(d.Name))
		if slices.Contains(b.Domains, d.Name) {
			kinds = append(kinds, d.Kinds...)
			causes = slices.AppendSeq(causes, maps.Keys(d.Causes))
			for _, r := range d.Rules {
				rules = append(rules, string(r.ID))
			}
		}
	}
	known(c, "domains", "domain", b.Domains, names)
	known(c, "rules", "rule of its domains", b.Rules, rules)
	known(c, "kinds", "kind of asset in its domains", b.Kinds, kinds)
	slices.Sort(causes)
	known(c, "causes", "cause in its domains", b.Causes, causes)
}

func known[T ~string](c *checker, key, what string, names []T, there []string) {
	for i, n := range names {
		if !slices.Contains(there, string(n)) {
			c.fault(fmt.Sprintf("/binds/%s/%d", key, i), fmt.Sprintf("there is no %s %q", what, n), "use one of "+strings.Join(there, ", "))
		}
	}
}
