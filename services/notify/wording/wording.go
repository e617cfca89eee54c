// Package wording turns a call into words for people: one line, a letter, or a
// short message that keeps its link.
//
// It reads the CloudEvents body that services/dispatch has written, and trusts
// none of it: whatever comes out is valid UTF-8 without control characters and
// of bounded length, so that a name in an estate file cannot add a header, a
// line or a parameter. A body that cannot be read costs its details, never the
// call: the subject line is always there.
//
// It speaks the language that the call names, English where it names none that it
// knows. It deliberately knows no channel; how a text is escaped is the business of
// whoever puts it somewhere.
package wording

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"plantroom"
)

// Bounds, in bytes of UTF-8, of what is taken over from a call.
const (
	maxBody = 256 << 10 // of a body that is read at all
	maxLine = 500       // of one line
	maxLink = 2000      // of a link, which is left out rather than cut
	maxStep = 40        // steps of a playbook
)

// Message is what a call says. Every field is one line; "" means that the call
// does not say.
type Message struct {
	ID       string
	Kind     string // as in order.dispatched
	Lang     string // en or zh: in which the call is said
	Subject  string // the call in one line
	Order    string
	Severity string // low, medium, high, life
	Gravity  string // the severity in words
	Cause    string // as in door close fault
	Asset    string
	Building string
	Floor    int
	Link     string // the job link of a contractor, or the order's page
	Job      bool   // Link answers for the contractor: accept, arrive, fix
	Steps    []string
}

// body is what is read of a call's event; services/dispatch.Event is the whole.
type body struct {
	Data struct {
		Lang  string `json:"lang"`
		Order struct {
			Severity string         `json:"severity"`
			Cause    string         `json:"cause"`
			Fault    plantroom.Text `json:"fault"`
		} `json:"order"`
		Asset struct {
			ID       string         `json:"id"`
			Name     plantroom.Text `json:"name"`
			Building plantroom.Text `json:"building"`
			Floor    int            `json:"floor"`
		} `json:"asset"`
		Playbook []struct {
			Title plantroom.Text `json:"title"`
		} `json:"playbook"`
		JobLink   string `json:"job_link"`
		OrderPage string `json:"order_page"`
	} `json:"data"`
}

// Read reads a call.
func Read(c plantroom.Call) Message {
	m := Message{Lang: "en", ID: Line(string(c.ID)), Kind: Line(c.Kind), Subject: Line(c.Subject), Order: Line(string(c.Order))}
	var b body
	if len(c.Body) > maxBody || json.Unmarshal(c.Body, &b) != nil {
		return m
	}
	d := &b.Data
	if d.Lang == "zh" {
		m.Lang = d.Lang
	}
	m.Severity, m.Cause = Line(d.Order.Severity), Line(strings.ReplaceAll(d.Order.Cause, "_", " "))
	m.Gravity = m.Severity
	if t, ok := sentences["severity."+m.Severity]; ok {
		m.Gravity = t.In(m.Lang)
	}
	if m.Lang == "zh" && d.Order.Fault.Zh != "" {
		m.Cause = Line(d.Order.Fault.Zh)
	}
	m.Asset, m.Building, m.Floor = Line(d.Asset.Name.In(m.Lang)), Line(d.Asset.Building.In(m.Lang)), d.Asset.Floor
	if m.Asset == "" {
		m.Asset = Line(d.Asset.ID)
	}
	m.Link, m.Job = link(d.JobLink), d.JobLink != ""
	if !m.Job {
		m.Link = link(d.OrderPage)
	}
	for _, s := range d.Playbook[:min(len(d.Playbook), maxStep)] {
		m.Steps = append(m.Steps, Line(s.Title.In(m.Lang)))
	}
	return m
}

// link returns a link, or nothing where it is none that a person could press.
func link(s string) string {
	if len(s) > maxLink || !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") || strings.ContainsFunc(s, unprintable) || strings.Contains(s, " ") {
		return ""
	}
	return s
}

// Letter is the call as plain text of several lines, for e-mail.
func (m Message) Letter() string {
	var b strings.Builder
	say := func(key string, args ...any) { fmt.Fprintf(&b, sentences[key].In(m.Lang), args...) }
	b.WriteString(m.Subject + "\n")
	if m.Asset != "" {
		say("where", m.Asset)
		if m.Building != "" {
			say("floor", m.Building, m.Floor)
		}
	}
	if m.Cause != "" {
		say("fault", m.Cause, m.Gravity)
	}
	if m.Order != "" && !strings.HasPrefix(m.Kind, "channel.") {
		key := "order"
		switch {
		case m.works():
			key = "works"
		case strings.HasPrefix(m.Kind, "case."):
			key = "case"
		}
		say(key, m.Order)
	}
	switch {
	case m.Link != "" && m.Job:
		say("job", m.Link)
	case m.Link != "":
		say("page", m.Link)
	}
	for i, s := range m.Steps {
		if i == 0 {
			say("steps")
		}
		fmt.Fprintf(&b, "%2d. %s\n", i+1, s)
	}
	say("end", m.ID)
	return b.String()
}

// works reports whether the call is about planned works, whose name stands in
// Order then. One kind is about an order that they have left over.
func (m *Message) works() bool { return strings.HasPrefix(m.Kind, "works.") && m.Kind != "works.left" }

// Short is the subject and the link in at most limit characters. It is the
// subject that is cut, so that the link can be pressed; a link that leaves less
// than 20 characters is left out.
func (m Message) Short(limit int) string {
	const least = 20
	room := limit - utf8.RuneCountInString(m.Link) - 1
	if m.Link == "" || room < least {
		return cut(m.Subject, limit)
	}
	return cut(m.Subject, room) + " " + m.Link
}

// cut takes at most n characters, the last of which says that there was more.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}

// Line makes one printable line of a text: control characters, line and
// paragraph separators and marks that turn the direction of writing become
// spaces, what is no UTF-8 goes, and so does what is beyond 500 bytes.
func Line(s string) string {
	if len(s) > 4*maxLine {
		s = s[:4*maxLine] // so that little is looked at of much
	}
	s = strings.Map(func(r rune) rune {
		if unprintable(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "")
	}
	return s
}

// unprintable holds for C0, C1, separators of lines, and format characters
// such as bidirectional overrides.
func unprintable(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
