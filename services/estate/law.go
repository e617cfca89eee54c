package estate

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"plantroom"
	"plantroom/internal/yamldoc"
)

// profile checks the jurisdiction's profile, and reads one of the estate's own:
// what ends in .yaml is a file beside the estate's.
func (c *checker) profile(e *plantroom.Estate) {
	own := strings.HasSuffix(e.Profile, ".yaml")
	switch {
	case !own:
		c.oneOf("/profile", "profile", e.Profile, c.known.Profiles)
		return
	case c.known.Profile == nil:
		c.fault("/profile", "a profile of one's own cannot be read here", "use one of "+strings.Join(c.known.Profiles, ", "))
		return
	}
	law, err := c.known.Profile(c.beside(e.Profile))
	if !c.readable("/profile", err) {
		return
	}
	e.Profile, e.Law = law.ID, law
}

// beside is where a file lies that the estate's names.
func (c *checker) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.doc.File()), path)
}

// readable notes what is wrong with a file that the estate's names, and reports
// whether nothing is.
func (c *checker) readable(path string, err error) bool {
	var faults yamldoc.Faults
	switch {
	case errors.As(err, &faults):
		c.elsewhere = append(c.elsewhere, faults...)
	case err != nil:
		c.fault(path, err.Error(), "name a file that is there; paths are relative to this file")
	}
	return err == nil
}

// playbooks reads those of the estate's own.
func (c *checker) playbooks(e *plantroom.Estate, f file) {
	for i, name := range f.Playbooks {
		at := fmt.Sprintf("/playbooks/%d", i)
		switch {
		case !c.doc.Sound(at):
			continue
		case c.known.Playbook == nil:
			c.fault(at, "a playbook of one's own cannot be read here", "take it away")
			continue
		}
		p, err := c.known.Playbook(c.beside(name))
		if !c.readable(at, err) {
			continue
		}
		if slices.ContainsFunc(e.Playbooks, func(q plantroom.Playbook) bool { return q.ID == p.ID }) {
			c.fault(at, fmt.Sprintf("there is a playbook %q already", p.ID), "give one of them another id")
		}
		e.Playbooks = append(e.Playbooks, p)
	}
}

// caseBooks reads the playbooks of the estate's own for residents' cases.
func (c *checker) caseBooks(e *plantroom.Estate, f file) {
	e.CaseHours = f.CaseHours
	for i, name := range f.CaseBooks {
		at := fmt.Sprintf("/case_playbooks/%d", i)
		switch {
		case !c.doc.Sound(at):
			continue
		case c.known.CasePlaybook == nil:
			c.fault(at, "a playbook of one's own cannot be read here", "take it away")
			continue
		}
		p, err := c.known.CasePlaybook(c.beside(name))
		if !c.readable(at, err) {
			continue
		}
		if slices.ContainsFunc(e.CasePlaybooks, func(q plantroom.CasePlaybook) bool { return q.ID == p.ID }) {
			c.fault(at, fmt.Sprintf("there is a playbook %q already", p.ID), "give one of them another id")
		}
		e.CasePlaybooks = append(e.CasePlaybooks, p)
	}
}

// lawCalendars checks that the estate has the calendars of its profile.
func (c *checker) lawCalendars(e *plantroom.Estate, calendars names) {
	for _, d := range e.Law.Demands {
		if d.Calendar != "" && !calendars.has[string(d.Calendar)] && !calendars.open {
			c.fault("/profile", fmt.Sprintf("the profile %q counts on the calendar %q, which this file has not", e.Law.ID, d.Calendar), "add it to calendars")
		}
	}
}
