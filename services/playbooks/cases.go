package playbooks

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// CaseSchema is the JSON Schema of a case playbook's file.
//
//go:embed case.schema.json
var CaseSchema []byte

//go:embed cases/*.yaml
var caseData embed.FS

// LongestCase bounds each length of a case playbook: ten years, the product's
// own number.
const LongestCase = 10 * 366 * 24 * time.Hour

// builtInCases reads the files in the folder cases. A fault in them is one of
// the program itself.
var builtInCases = sync.OnceValue(func() []plantroom.CasePlaybook {
	entries, err := caseData.ReadDir("cases")
	if err != nil {
		panic(err)
	}
	var all []plantroom.CasePlaybook
	for _, e := range entries {
		src, err := caseData.ReadFile(path.Join("cases", e.Name()))
		if err != nil {
			panic(err)
		}
		p, err := ParseCase(e.Name(), src)
		if err != nil {
			panic(err)
		}
		all = append(all, p)
	}
	return all
})

// Cases returns the case playbooks that are built in, by their ids. The caller
// changes nothing in them.
func Cases() []plantroom.CasePlaybook { return slices.Clone(builtInCases()) }

// LoadCase reads and checks the case playbook at a path; see ParseCase. It reads
// no more than a file of YAML may have.
func LoadCase(name string) (plantroom.CasePlaybook, error) {
	src, err := readFile(name)
	if err != nil {
		return plantroom.CasePlaybook{}, err
	}
	return ParseCase(name, src)
}

// caseFile is a case playbook as it is written; the schema explains each key.
type caseFile struct {
	Case    string              `json:"case"`
	Kind    plantroom.CaseKind  `json:"kind"`
	Class   string              `json:"class"`
	Title   text                `json:"title"`
	Private bool                `json:"private"`
	Within  plantroom.Duration  `json:"within"`
	Hours   string              `json:"hours"`
	Keep    plantroom.Duration  `json:"keep"`
	Source  string              `json:"source"`
	Sure    plantroom.Certainty `json:"sure"`
	Never   []text              `json:"never"`
	Steps   []struct {
		ID     string             `json:"id"`
		Title  text               `json:"title"`
		Role   string             `json:"role"`
		After  string             `json:"after"`
		Wait   plantroom.Duration `json:"wait"`
		Within plantroom.Duration `json:"within"`
		Hours  string             `json:"hours"`
		Proof  string             `json:"proof"`
	} `json:"steps"`
	Outcomes []struct {
		ID    string   `json:"id"`
		Title text     `json:"title"`
		Needs []string `json:"needs"`
	} `json:"outcomes"`
}

// around is the word for time that counts around the clock.
const around = "all"

// ParseCase checks a case playbook and makes one of it. The error is a
// yamldoc.Faults with all that is wrong.
func ParseCase(name string, src []byte) (plantroom.CasePlaybook, error) {
	doc, err := yamldoc.Parse(name, src, CaseSchema)
	if doc == nil {
		return plantroom.CasePlaybook{}, err
	}
	var f caseFile
	if err := doc.Decode(&f); err != nil && !errors.As(err, new(yamldoc.Faults)) {
		return plantroom.CasePlaybook{}, err
	}
	c := checker{doc: doc, faults: doc.Faults()}
	c.caseFile(&f)
	if err := c.faults.Err(); err != nil {
		return plantroom.CasePlaybook{}, err
	}
	p := plantroom.CasePlaybook{ID: f.Case, Kind: f.Kind, Class: f.Class, Title: plantroom.Text(f.Title), Private: f.Private,
		Within: f.Within, Always: f.Hours == around, Keep: f.Keep, Source: f.Source, Sure: f.Sure}
	for _, t := range f.Never {
		p.Never = append(p.Never, plantroom.Text(t))
	}
	for _, s := range f.Steps {
		p.Steps = append(p.Steps, plantroom.CaseStep{Step: plantroom.Step{ID: s.ID, Title: plantroom.Text(s.Title), Proof: s.Proof, Role: s.Role, Within: s.Within},
			Always: s.Hours == around, After: s.After, Wait: s.Wait})
	}
	for _, o := range f.Outcomes {
		p.Outcomes = append(p.Outcomes, plantroom.CaseOutcome{ID: o.ID, Title: plantroom.Text(o.Title), Needs: o.Needs})
	}
	return p, nil
}

// caseFile checks what a schema cannot express.
func (c *checker) caseFile(f *caseFile) {
	switch {
	case f.Kind == plantroom.Arrears && f.Class == "":
		c.fault("/kind", "arrears are of a class", "add class: and why somebody does not pay, as in class: cannot_pay")
	case f.Kind != plantroom.Arrears && f.Class != "":
		c.fault("/class", fmt.Sprintf("a case of the kind %s has no class", f.Kind), "take it away: only arrears have classes")
	}
	c.length("/within", f.Within, true)
	c.length("/keep", f.Keep, true)
	seen := map[string]bool{}
	for i, s := range f.Steps {
		at := fmt.Sprintf("/steps/%d", i)
		if seen[s.ID] {
			c.fault(at+"/id", fmt.Sprintf("the step %q exists already", s.ID), "choose another id")
		}
		if s.After != "" && !seen[s.After] {
			c.fault(at+"/after", fmt.Sprintf("there is no step %q before this one", s.After), "name a step that stands above it")
		}
		c.length(at+"/wait", s.Wait, false)
		c.length(at+"/within", s.Within, false)
		seen[s.ID] = true
	}
	ends := map[string]bool{}
	for i, o := range f.Outcomes {
		at := fmt.Sprintf("/outcomes/%d", i)
		if ends[o.ID] {
			c.fault(at+"/id", fmt.Sprintf("the outcome %q exists already", o.ID), "choose another id")
		}
		ends[o.ID] = true
		for j, n := range o.Needs {
			if !seen[n] {
				c.fault(fmt.Sprintf("%s/needs/%d", at, j), fmt.Sprintf("there is no step %q", n), "name one of the steps")
			}
		}
	}
}

func (c *checker) length(path string, d plantroom.Duration, needed bool) {
	switch {
	case time.Duration(d) > LongestCase:
		c.fault(path, fmt.Sprintf("%s is longer than ten years", d), "use a shorter time")
	case needed && d <= 0:
		c.fault(path, "it is no time at all", "use a length of time, as in 80h")
	}
}
