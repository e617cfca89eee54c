package web

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"plantroom"
)

// What other packages have put into English words, and keep so (the basis of a
// window, the reasons of the window check, why something was refused), is said in
// the visitor's language here: by the form of the sentence.

// phrase is the form of such a sentence and the catalogue's key that says the
// same. What its groups hold is put in: as it is or, of a group with a name, as
// part has it.
type phrase struct {
	form *regexp.Regexp
	key  string
}

func form(key, pattern string) phrase { return phrase{regexp.MustCompile(`^` + pattern + `$`), key} }

// rephrase says a sentence of a table in the visitor's language. One that the
// table does not have stays as it is.
func (s words) rephrase(text string, table []phrase) string {
	if s.lang == languages()[0] {
		return text
	}
	for _, f := range table {
		m := f.form.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		args := make([]any, 0, len(m)-1)
		for i, name := range f.form.SubexpNames()[1:] {
			args = append(args, s.part(name, m[i+1], table))
		}
		return s.t(f.key, args...)
	}
	return text
}

// weekday is how dispatch writes a time of another day.
const weekday = "Mon 2 Jan 15:04"

// part says what a named group of a phrase holds.
func (s words) part(name, text string, table []phrase) string {
	switch name {
	case "say":
		return s.rephrase(text, table)
	case "length":
		if d, err := time.ParseDuration(text); err == nil {
			return s.exact(d)
		}
	case "at":
		if t, err := time.Parse(weekday, text); err == nil {
			return t.Format(s.t("time.day"))
		}
	case "severity", "state", "action", "from", "until", "role", "clock":
		return s.slug(name, text)
	case "lacks", "done", "over":
		return s.slug(name, strings.ReplaceAll(strings.ReplaceAll(text, ",", ""), " ", "_"))
	}
	return text
}

// basis says which promise a window is.
func (s words) basis(text string) string { return s.rephrase(text, basisPhrases) }

// reason says what the window check found.
func (s words) reason(text string) string { return s.rephrase(text, reasonPhrases) }

// unhinted leaves out what an operator is told to do: it names the server's files,
// and is no business of whoever has a job link.
func unhinted(err error) error {
	var e *plantroom.Error
	if !errors.As(err, &e) || e.Hint == "" {
		return err
	}
	return &plantroom.Error{Code: e.Code, Message: e.Message}
}

var (
	writtenTime  = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)
	writtenActor = regexp.MustCompile(`\b(?:person|contractor):[a-z0-9][a-z0-9_.-]*`)
)

// refusal says why something was refused: on the clocks of the estate, and with
// the names of whom it names.
func (p *Pages) refusal(s words, err error) string {
	text := writtenTime.ReplaceAllStringFunc(plantroom.MessageOf(err), func(t string) string {
		var at plantroom.Instant
		if at.UnmarshalText([]byte(t)) != nil {
			return t
		}
		return s.moment(at)
	})
	text = writtenActor.ReplaceAllStringFunc(text, func(actor string) string { return s.who(p.opt.Estate(), actor) })
	return s.rephrase(text, refusalPhrases)
}
