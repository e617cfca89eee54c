package profiles

import (
	"encoding/json"
	"errors"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// file is a profile as it is written; the schema explains each key.
type file struct {
	Profile  string   `json:"profile"`
	Title    text     `json:"title"`
	Includes []string `json:"includes"`
	Windows  []window `json:"windows"`
	Duties   []duty   `json:"duties"`
}

type window struct {
	Binds struct {
		Domains []plantroom.DomainName `json:"domains"`
		Rules   []plantroom.RuleID     `json:"rules"`
		Kinds   []string               `json:"kinds"`
		Causes  []string               `json:"causes"`
	} `json:"binds"`
	Severity plantroom.Severity   `json:"severity"`
	Clock    plantroom.ClockKind  `json:"clock"`
	Length   plantroom.Duration   `json:"length"`
	Calendar plantroom.CalendarID `json:"calendar"`
	From     plantroom.ClockStart `json:"from"`
	Until    plantroom.ClockStop  `json:"until"`
	Source   string               `json:"source"`
	Sure     plantroom.Certainty  `json:"sure"`
	Note     string               `json:"note"`
}

type duty struct {
	Text   text                `json:"text"`
	Source string              `json:"source"`
	Sure   plantroom.Certainty `json:"sure"`
	Note   string              `json:"note"`
}

// text is words, written plainly or by language.
type text plantroom.Text

func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &t.En)
	}
	return json.Unmarshal(b, (*plantroom.Text)(t))
}

// cite puts a source and what its certainty rests on into one line.
func cite(source, note string) string {
	if note == "" {
		return source
	}
	return source + " (" + note + ")"
}

// read checks a file and makes a profile of it. included are the profiles that
// it may build on, domains what it may name; nil: whatever it names.
func read(name string, src []byte, domains []plantroom.Domain, included []plantroom.Profile) (plantroom.Profile, error) {
	doc, err := yamldoc.Parse(name, src, Schema)
	if doc == nil {
		return plantroom.Profile{}, err
	}
	var f file
	if err := doc.Decode(&f); err != nil && !errors.As(err, new(yamldoc.Faults)) {
		return plantroom.Profile{}, err
	}
	c := checker{doc: doc, domains: domains, faults: doc.Faults()}
	p := plantroom.Profile{ID: f.Profile, Title: plantroom.Text(f.Title)}
	c.own(&f, included)
	c.include(&p, f.Includes, included)
	for i := range f.Windows {
		w := &f.Windows[i]
		c.window(i, w)
		p.Demands = append(p.Demands, plantroom.Demand{
			Binds: plantroom.Binds{Domains: w.Binds.Domains, Rules: w.Binds.Rules, Kinds: w.Binds.Kinds, Causes: w.Binds.Causes},
			Window: plantroom.Window{Clock: w.Clock, Severity: w.Severity, Length: w.Length, Calendar: w.Calendar,
				From: w.From, Until: w.Until, Source: cite(w.Source, w.Note), Sure: w.Sure},
		})
	}
	for _, d := range f.Duties {
		p.Duties = append(p.Duties, plantroom.Duty{Text: plantroom.Text(d.Text), Source: cite(d.Source, d.Note), Sure: d.Sure})
	}
	if err := c.faults.Err(); err != nil {
		return plantroom.Profile{}, err
	}
	return p, nil
}
