package evidence

import (
	"slices"
	"strings"

	"plantroom"
	"plantroom/services/dispatch"
)

// hidden stands where a text was left out.
const hidden = "[redacted]"

// impersonal are the members of rows' bodies that tell of no person: numbers,
// times, ids of matters and firms, and words that the program has chosen.
// Whatever is not among them is left out of a redacted bundle. An id of a call is
// not among them: it is a hash of whom the call went to, and of what else is shown.
var impersonal = []string{"from", "to", "order", "incident", "severity", "cause", "clean", "contractor", "contract", "link", "choice",
	"clocks", "clock", "percent", "due", "late_by", "level", "code", "eta", "source_time", "terms", "via_link",
	"kind", "channel", "attempts", "playbook", "state", "do", "count", "last", "files"}

// shown says which fields of the order's rows a bundle shows.
func shown(redact bool) func(name, value string) bool {
	if !redact {
		return func(string, string) bool { return true }
	}
	return func(name, value string) bool {
		switch name {
		case "at", "kind", "subject":
			return true
		case "actor":
			return !strings.HasPrefix(value, "person:")
		case "body":
			return value == "" || value == "{}"
		case `"who"`:
			return strings.HasPrefix(value, `"contractor:`)
		}
		return slices.Contains(impersonal, strings.Trim(name, `"`))
	}
}

// shownTerms says which members of a row of terms concern an order: its rule,
// its asset, its domain's windows, the contracts that were weighed, and the
// playbooks whose steps it had, which are named.
func shownTerms(o *plantroom.WorkOrder, playbooks []string, redact bool) func(name, value string) bool {
	names := []string{"at", "kind", "subject", "actor", `"file"`, `"zone"`, `"currency"`, `"profile"`,
		`"` + dispatch.TermsRule + string(o.Rule) + `"`, `"` + dispatch.TermsAsset + string(o.Asset) + `"`, `"` + dispatch.TermsDefaults + string(o.Domain) + `"`,
		`"` + dispatch.TermsContract + string(o.Contract) + `"`}
	for _, c := range o.Choice {
		names = append(names, `"`+dispatch.TermsContract+string(c.Contract)+`"`)
	}
	of := func(playbook string) bool {
		return slices.ContainsFunc(playbooks, func(id string) bool {
			name := `"` + dispatch.TermsPlaybook + id
			return playbook == name+`"` || strings.HasPrefix(playbook, name+" ")
		})
	}
	if !redact && o.Ladder != "" {
		names = append(names, `"`+dispatch.TermsLadder+string(o.Ladder)+`"`) // names people
	}
	return func(name, _ string) bool {
		return slices.Contains(names, name) || of(name) || strings.HasPrefix(name, `"`+dispatch.TermsCalendar)
	}
}

// text leaves a text out of a redacted bundle, if there is one.
func text(redact bool, s string) string {
	if redact && s != "" {
		return hidden
	}
	return s
}

// who leaves people out, and shows firms.
func who(redact bool, s string) string {
	if strings.HasPrefix(s, "contractor:") || s == "system" || s == "sensor" || s == "grafana" {
		return s
	}
	return text(redact, s)
}

// callID leaves the id of a call to a person out, see impersonal.
func callID(redact bool, c *plantroom.Call) plantroom.MessageID {
	if redact && who(true, c.Who) == hidden {
		return ""
	}
	return c.ID
}

// redactOrder leaves people and what they wrote out of an order.
func redactOrder(o plantroom.WorkOrder) plantroom.WorkOrder {
	o.By, o.FixNote, o.Detail, o.Scope = text(true, o.By), text(true, o.FixNote), text(true, o.Detail), text(true, o.Scope)
	o.Ladder, o.OnCall = plantroom.LadderID(text(true, string(o.Ladder))), nil // whom it has called
	o.Tasks = slices.Clone(o.Tasks)
	for i := range o.Tasks {
		t := &o.Tasks[i]
		t.By, t.Note, t.Ref = text(true, t.By), text(true, t.Note), text(true, t.Ref)
	}
	o.Pauses = slices.Clone(o.Pauses)
	for i := range o.Pauses {
		p := &o.Pauses[i]
		p.By, p.Second, p.EndedBy = who(true, p.By), who(true, p.Second), who(true, p.EndedBy)
		p.Reason, p.Proof = text(true, p.Reason), text(true, p.Proof)
	}
	return o
}
