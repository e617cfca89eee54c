package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/profiles"
)

// listProfiles lists the jurisdictions that are built in, or shows one of them or
// that of a file.
func listProfiles(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("profiles", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	asJSON := fs.Bool("json", false, "")
	var names []string
	for rest := args; len(rest) > 0; rest = fs.Args() { // flags may stand behind names
		if err := fs.Parse(rest); err != nil {
			return usageError{err}
		}
		if fs.NArg() == 0 {
			break
		}
		names = append(names, fs.Arg(0))
		if err := fs.Parse(fs.Args()[1:]); err != nil {
			return usageError{err}
		}
	}
	switch {
	case len(names) == 0 && *asJSON:
		return writeJSON(out, viewsOf(profiles.All()))
	case len(names) == 0:
		return profiles.Table(out, profiles.All())
	case len(names) != 2 || names[0] != "show":
		return usageError{errors.New("profiles lists them, and profiles show NAME|FILE shows one")}
	}
	p, err := profileNamed(names[1])
	if err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(out, viewsOf([]plantroom.Profile{p})[0])
	}
	return profiles.Show(out, p)
}

// profileNamed finds a profile that is built in, or reads that of a file.
func profileNamed(name string) (plantroom.Profile, error) {
	if strings.HasSuffix(name, ".yaml") {
		p, err := profiles.Load(name, app.Domains())
		if errors.Is(err, os.ErrNotExist) {
			return p, usageError{err}
		}
		return p, err
	}
	p, err := profiles.ByID(name)
	if err != nil {
		return p, usageError{fmt.Errorf("%w; a file of your own ends in .yaml", err)}
	}
	return p, nil
}

// The profiles as JSON; the keys are those of the file.
type (
	profileView struct {
		Profile string         `json:"profile"`
		Title   plantroom.Text `json:"title"`
		Windows []windowView   `json:"windows"`
		Duties  []dutyView     `json:"duties"`
	}
	windowView struct {
		Binds    bindsView            `json:"binds"`
		Severity plantroom.Severity   `json:"severity"`
		Clock    plantroom.ClockKind  `json:"clock"`
		Length   plantroom.Duration   `json:"length"`
		Calendar plantroom.CalendarID `json:"calendar,omitempty"`
		From     plantroom.ClockStart `json:"from"`
		Until    plantroom.ClockStop  `json:"until"`
		Source   string               `json:"source"`
		Sure     plantroom.Certainty  `json:"sure"`
	}
	bindsView struct {
		Domains []plantroom.DomainName `json:"domains,omitempty"`
		Rules   []plantroom.RuleID     `json:"rules,omitempty"`
		Kinds   []string               `json:"kinds,omitempty"`
		Causes  []string               `json:"causes,omitempty"`
	}
	dutyView struct {
		Text   plantroom.Text      `json:"text"`
		Source string              `json:"source"`
		Sure   plantroom.Certainty `json:"sure"`
	}
)

func viewsOf(all []plantroom.Profile) []profileView {
	var out []profileView
	for _, p := range all {
		v := profileView{Profile: p.ID, Title: p.Title, Windows: []windowView{}, Duties: []dutyView{}}
		for i := range p.Demands {
			d := &p.Demands[i]
			v.Windows = append(v.Windows, windowView{bindsView{d.Domains, d.Rules, d.Kinds, d.Causes}, d.Severity, d.Clock, d.Length, d.Calendar,
				d.From, d.Keeps(), d.Source, d.Sure})
		}
		for _, d := range p.Duties {
			v.Duties = append(v.Duties, dutyView(d))
		}
		out = append(out, v)
	}
	return out
}

func writeJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
