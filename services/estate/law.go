package estate

import (
	"errors"
	"fmt"
	"path/filepath"
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
	path := e.Profile
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(c.doc.File()), path)
	}
	law, err := c.known.Profile(path)
	var faults yamldoc.Faults
	switch {
	case errors.As(err, &faults):
		c.elsewhere = append(c.elsewhere, faults...)
		return
	case err != nil:
		c.fault("/profile", err.Error(), "name a file that is there; paths are relative to this file")
		return
	}
	e.Profile, e.Law = law.ID, law
}

// lawCalendars checks that the estate has the calendars of its profile.
func (c *checker) lawCalendars(e *plantroom.Estate, calendars names) {
	for _, d := range e.Law.Demands {
		if d.Calendar != "" && !calendars.has[string(d.Calendar)] && !calendars.open {
			c.fault("/profile", fmt.Sprintf("the profile %q counts on the calendar %q, which this file has not", e.Law.ID, d.Calendar), "add it to calendars")
		}
	}
}
