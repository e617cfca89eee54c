package scenario

import (
	"encoding/json"
	"fmt"
	"strings"

	"plantroom"
)

// Line is one line of the story.
type Line struct {
	At      plantroom.Instant  `json:"at"`
	Since   plantroom.Duration `json:"since"` // since the scenario's start
	Local   string             `json:"local"` // the estate's time of day
	Who     string             `json:"who"`   // world, stage, sensor, system, call, press, contractor:…
	Subject string             `json:"subject,omitempty"`
	Text    string             `json:"text"`
}

// Result is what came of a performance.
type Result struct {
	Title   string             `json:"title"`
	File    string             `json:"file"`
	Seed    uint64             `json:"seed"`
	Length  plantroom.Duration `json:"length"` // virtual
	Took    plantroom.Duration `json:"took"`   // real
	Checks  []Outcome          `json:"checks"`
	Numbers Numbers            `json:"numbers"`
}

// Outcome is what came of one expectation.
type Outcome struct {
	Line int    `json:"line"`
	Text string `json:"text"`
	OK   bool   `json:"ok"`
	When string `json:"when,omitempty"` // since the start
	Saw  string `json:"saw,omitempty"`  // what there was instead
}

// Numbers are the totals.
type Numbers struct {
	Accepted    int `json:"accepted"` // readings that gateways made durable
	Stored      int `json:"stored"`   // points in the time-series database
	Lost        int `json:"lost"`
	Quarantined int `json:"quarantined"`
	Incidents   int `json:"incidents"`
	Orders      int `json:"orders"`
	OpenOrders  int `json:"open_orders"`
	Calls       int `json:"calls"`
}

// OK reports whether every expectation was met.
func (r *Result) OK() bool {
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return true
}

func (p *play) result() *Result {
	r := &Result{Title: p.file.Title, File: p.file.doc.File(), Seed: p.seed(), Length: p.file.Length, Numbers: p.numbers(true)}
	for _, c := range p.checks {
		o := Outcome{Line: c.is.Line, Text: c.is.String(), OK: c.ok, Saw: c.saw}
		if !c.met.IsZero() {
			o.When = plantroom.Duration(c.met.Sub(p.start)).String()
		}
		r.Checks = append(r.Checks, o)
	}
	return r
}

func (p *play) numbers(withLost bool) Numbers {
	n := Numbers{Accepted: len(p.ok.all), Stored: len(p.server.tsdb.points), Quarantined: p.seen.quarantined,
		Incidents: len(p.seen.incidents), Orders: len(p.seen.orders), Calls: len(p.seen.calls)}
	for _, o := range p.seen.orders {
		if !o.State.Final() {
			n.OpenOrders++
		}
	}
	if withLost {
		n.Lost = p.lost()
	}
	return n
}

// lost counts readings that a gateway accepted and that are neither in the
// time-series database, nor in quarantine when the server was last looked at,
// nor still in the gateway's spool.
func (p *play) lost() int {
	n := 0
	for k, r := range p.ok.all {
		if _, stored := p.server.tsdb.points[pointKey{r.Device, r.Signal, r.At}]; stored || p.seen.aside[k] {
			continue
		}
		if s := p.sites[k.gateway]; s.dark || k.epoch == s.spool.Epoch() && k.seq >= s.spool.Base() && k.seq > s.ack.Stored {
			continue
		}
		n++
	}
	return n
}

// String writes an expectation as the file has it, on one line.
func (e *Expectation) String() string {
	when := "never"
	if e.By != nil {
		when = "by " + e.By.String()
	} else if e.At != nil {
		when = "at " + e.At.String()
	}
	for _, x := range []struct {
		name string
		set  bool
		v    any
	}{{"incident", e.Incident != nil, e.Incident}, {"order", e.Order != nil, e.Order}, {"clock", e.Clock != nil, e.Clock},
		{"call", e.Call != nil, e.Call}, {"count", e.Count != nil, e.Count}, {"reading", e.Reading != nil, e.Reading},
		{"statement", e.Statement != nil, e.Statement}, {"bundle", e.Bundle != nil, e.Bundle}} {
		if x.set {
			return when + "  " + x.name + " " + words(x.v)
		}
	}
	return when
}

// words lists the fields of an expectation that are given.
func words(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	var out []string
	var key string
	for depth := 0; ; {
		t, err := dec.Token()
		if err != nil {
			return strings.Join(out, " ")
		}
		if d, ok := t.(json.Delim); ok {
			if d == '{' {
				depth++
			}
			continue
		}
		if key == "" {
			key = fmt.Sprint(t)
			continue
		}
		if t != nil && t != "" && (t != "none" || key == "value") {
			out = append(out, key+"="+fmt.Sprint(t))
		}
		key = ""
	}
}
