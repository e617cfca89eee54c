package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"plantroom"
	"plantroom/services/report"
)

// languages lists what the pages speak; the first is the fallback.
func languages() []string { return []string{"en", "zh"} }

// langCookie remembers the choice of a visitor. It holds no secret.
const langCookie = "lang"

// wordsFor chooses the language: ?lang= (remembered), the cookie, then what
// the browser asks for.
func (p *Pages) wordsFor(w http.ResponseWriter, r *http.Request) words {
	say := words{lang: languages()[0], now: p.opt.Now(), zone: time.UTC}
	if z, err := time.LoadLocation(p.opt.Estate().Zone); err == nil {
		say.zone = z
	}
	if asked := r.URL.Query().Get("lang"); slices.Contains(languages(), asked) {
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: asked, Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, SameSite: http.SameSiteLaxMode})
		say.lang = asked
		return say
	}
	if c, err := r.Cookie(langCookie); err == nil && slices.Contains(languages(), c.Value) {
		say.lang = c.Value
		return say
	}
	for tag := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ = strings.Cut(strings.TrimSpace(tag), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if slices.Contains(languages(), primary) {
			say.lang = primary
			break
		}
	}
	return say
}

// words says things in one language, as of one instant, in the estate's zone.
type words struct {
	lang string
	zone *time.Location
	now  plantroom.Instant
}

// t returns a sentence of the catalogue, with args put in.
func (s words) t(key string, args ...any) string { return translate(s.lang, key, args...) }

// count returns a sentence for a number of things: where the language has one of
// its own for a single thing, that.
func (s words) count(key string, n int) string {
	if n == 1 {
		return s.t(key + ".one")
	}
	return s.t(key)
}

// translate shows the key itself where the catalogue lacks it, so that the
// fault is seen; a test makes sure that it never happens to a fixed key.
func translate(lang, key string, args ...any) string {
	text, ok := catalogue[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return text.In(lang)
	}
	return fmt.Sprintf(text.In(lang), args...)
}

// slug says a word of a domain's vocabulary: translated where the catalogue
// has it, else with spaces for underscores.
func (s words) slug(prefix, word string) string {
	if _, ok := catalogue[prefix+"."+word]; ok {
		return s.t(prefix + "." + word)
	}
	return strings.ReplaceAll(word, "_", " ")
}

// moment shows a time of day, with the day where it is not today's.
func (s words) moment(at plantroom.Instant) string {
	if at.IsZero() {
		return "–"
	}
	t, today := at.Time().In(s.zone), s.now.Time().In(s.zone)
	layout := s.t("time.day")
	switch {
	case t.Year() == today.Year() && t.YearDay() == today.YearDay():
		layout = "15:04"
	case t.Year() != today.Year():
		layout = s.t("time.year")
	}
	return t.Format(layout)
}

// precise shows a time of day to the second, with the day.
func (s words) precise(at plantroom.Instant) string {
	if at.IsZero() {
		return "–"
	}
	return at.Time().In(s.zone).Format(s.t("time.precise"))
}

// stamp shows a time of day with its whole date, for what is kept and printed.
func (s words) stamp(at plantroom.Instant) string {
	if at.IsZero() {
		return "–"
	}
	return at.Time().In(s.zone).Format(s.t("time.year"))
}

// date shows a day with its year.
func (s words) date(at plantroom.Instant) string {
	return at.Time().In(s.zone).Format(s.t("time.date"))
}

// month names a month with its year.
func (s words) month(m report.Month) string {
	return time.Date(m.Year, m.Month, 1, 0, 0, 0, 0, time.UTC).Format(s.t("time.month"))
}

// exact shows a length of time to the minute, or to the second below ten minutes,
// however long it is: money may hang on it.
func (s words) exact(d time.Duration) string {
	if d = d.Abs(); d < 2*time.Hour {
		return s.span(d)
	}
	if minutes := int(d.Round(time.Minute).Minutes()); minutes%60 != 0 {
		return s.t("span.hours", minutes/60, minutes%60)
	}
	return s.t("span.full_hours", int(d.Round(time.Minute).Hours()))
}

// span shows a length of time in its two largest units; the sign is dropped.
func (s words) span(d time.Duration) string {
	d = d.Abs()
	days, hours, minutes := int(d.Hours())/24, int(d.Hours()), int(d.Minutes())
	switch {
	case d < time.Minute:
		return s.t("span.seconds", int(d.Seconds()))
	case d < 10*time.Minute && d%time.Minute >= time.Second:
		return s.t("span.minutes_seconds", minutes, int(d.Seconds())%60)
	case d < 2*time.Hour:
		return s.t("span.minutes", minutes)
	case d < 48*time.Hour && d%time.Hour < time.Minute:
		return s.t("span.full_hours", hours)
	case d < 48*time.Hour:
		return s.t("span.hours", hours, minutes%60)
	}
	return s.t("span.days", days, hours%24)
}

// ago says how long ago something was.
func (s words) ago(at plantroom.Instant) string { return s.t("time.ago", s.span(s.now.Sub(at))) }

// who names an actor of the ledger or a receiver of a call.
func (s words) who(e *plantroom.Estate, actor string) string {
	kind, id, _ := strings.Cut(actor, ":")
	switch kind {
	case "contractor":
		return contractorName(e, plantroom.ContractorID(id), s.lang)
	case "person":
		if name := personName(e, plantroom.PersonID(id)); name != id {
			return name
		}
	}
	return s.slug("actor", actor)
}

func contractorName(e *plantroom.Estate, id plantroom.ContractorID, lang string) string {
	for _, c := range e.Contractors {
		if c.ID == id {
			return c.Name.In(lang)
		}
	}
	return string(id)
}

func personName(e *plantroom.Estate, id plantroom.PersonID) string {
	for _, p := range e.People {
		if p.ID == id {
			return p.Name
		}
	}
	return string(id)
}

// rule says a rule's title.
func (p *Pages) rule(say words, id plantroom.RuleID) string {
	if t, ok := p.rules[id]; ok {
		return t.In(say.lang)
	}
	return say.slug("rule", string(id))
}

// fault says what is wrong: the cause, or the rule where no cause is known.
func (p *Pages) fault(say words, rule plantroom.RuleID, cause string) string {
	if cause == "" {
		return p.rule(say, rule)
	}
	if _, ok := catalogue["cause."+cause]; !ok && p.cause[cause].In(say.lang) != "" {
		return p.cause[cause].In(say.lang)
	}
	return say.slug("cause", cause)
}
