package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"plantroom/services/app/config"
)

// caseFlags are those of all that is done with residents' cases.
type caseFlags struct {
	json, all, record                         bool
	kind                                      string
	about, asset, order, contact, key         string
	by, responsible, with, note, ref, to, how string
	text, reason, outcome                     string
	cfg                                       *config.Config
	out                                       io.Writer
}

const caseUsage = "case list|playbooks FILE, case open FILE PLAYBOOK, case show|say|note|assign|close|reopen|forget FILE CASE, case tick FILE CASE STEP, case playbook FILE CASE PLAYBOOK; plantroom help lists the flags"

// residentsCase does something with residents' cases, through the API of a server
// that runs: what comes of it is told at once.
func residentsCase(args []string, out io.Writer) error {
	f := caseFlags{out: out}
	rest, err := f.parse(args)
	if err != nil {
		return err
	}
	wants := map[string]int{"list": 1, "playbooks": 1, "open": 2, "show": 2, "say": 2, "note": 2, "assign": 2, "close": 2, "reopen": 2, "forget": 2, "tick": 3, "playbook": 3}
	if len(rest) == 0 || wants[rest[0]] == 0 || len(rest) != 1+wants[rest[0]] {
		return usageError{errors.New(caseUsage)}
	}
	do, rest := rest[0], rest[1:]
	if f.cfg, err = load(rest[0]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch do {
	case "list":
		return f.list(ctx)
	case "playbooks":
		return f.playbooks(ctx)
	case "open":
		return f.open(ctx, rest[1])
	case "show":
		return f.show(ctx, rest[1])
	}
	return f.act(ctx, do, rest[1], slices.Concat(rest[2:], []string{""})[0])
}

func (f *caseFlags) parse(args []string) (rest []string, err error) {
	fs := flag.NewFlagSet("case", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	for name, to := range map[string]*bool{"json": &f.json, "all": &f.all, "record": &f.record} {
		fs.BoolVar(to, name, false, "")
	}
	for name, to := range map[string]*string{"kind": &f.kind, "about": &f.about, "asset": &f.asset, "order": &f.order, "contact": &f.contact, "key": &f.key,
		"by": &f.by, "responsible": &f.responsible, "with": &f.with, "note": &f.note, "ref": &f.ref, "to": &f.to, "how": &f.how,
		"text": &f.text, "reason": &f.reason, "outcome": &f.outcome} {
		fs.StringVar(to, name, "", "")
	}
	return interspersed(fs, args)
}

// read asks the server for something; with --json it is printed as it comes.
func (f *caseFlags) read(ctx context.Context, path string, v any) error {
	var raw json.RawMessage
	if err := askAPI(ctx, f.cfg, http.MethodGet, path, nil, &raw); err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// listed is the most cases that are listed.
const listed = 1000

func (f *caseFlags) list(ctx context.Context) error {
	q := url.Values{"limit": {fmt.Sprint(listed)}}
	if !f.all {
		q.Set("open", "true")
	}
	if f.kind != "" {
		q.Set("kind", f.kind)
	}
	if f.responsible != "" {
		q.Set("responsible", f.responsible)
	}
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := f.read(ctx, "/api/v1/cases?"+q.Encode(), &page); err != nil {
		return err
	}
	if f.json {
		return writeJSON(f.out, page.Items)
	}
	return f.table(page.Items)
}

func (f *caseFlags) playbooks(ctx context.Context) error {
	var page struct {
		Items []bookView `json:"items"`
	}
	if err := f.read(ctx, "/api/v1/case-playbooks", &page); err != nil {
		return err
	}
	if f.json {
		return writeJSON(f.out, page.Items)
	}
	return f.books(page.Items)
}

func (f *caseFlags) open(ctx context.Context, playbook string) error {
	body := map[string]any{"playbook": playbook, "text": f.text, "by": f.by}
	if f.about != "" {
		body["zones"] = strings.Split(f.about, ",")
	}
	for name, v := range map[string]string{"asset": f.asset, "order": f.order, "contact": f.contact, "key": f.key, "responsible": f.responsible} {
		if v != "" {
			body[name] = v
		}
	}
	return f.post(ctx, "/api/v1/cases", body, "opened")
}

// act does something about a case. Words go where the action has them.
func (f *caseFlags) act(ctx context.Context, do, id, what string) error {
	body := map[string]any{"by": f.by}
	for name, v := range map[string]string{"with": f.with, "note": f.note, "ref": f.ref, "to": f.to, "how": f.how, "text": f.text,
		"reason": f.reason, "outcome": f.outcome, "responsible": f.responsible} {
		if v != "" {
			body[name] = v
		}
	}
	path := "/api/v1/cases/" + url.PathEscape(id) + "/" + do
	said := do
	switch do {
	case "tick":
		path, said = "/api/v1/cases/"+url.PathEscape(id)+"/steps/"+url.PathEscape(what), "ticked "+what
	case "playbook":
		body["playbook"] = what
	}
	return f.post(ctx, path, body, said)
}

func (f *caseFlags) post(ctx context.Context, path string, body map[string]any, said string) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := askAPI(ctx, f.cfg, http.MethodPost, path, b, &raw); err != nil {
		return err
	}
	if f.json {
		return writeJSON(f.out, raw)
	}
	var c caseText
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	fmt.Fprintf(f.out, "%s: %s, in the ledger; %s\n", c.ID, said, c.stands(f.zone()))
	return nil
}

func (f *caseFlags) show(ctx context.Context, id string) error {
	path := "/api/v1/cases/" + url.PathEscape(id)
	if f.record {
		return f.showRecord(ctx, path+"/record")
	}
	var raw json.RawMessage
	if err := f.read(ctx, path, &raw); err != nil {
		return err
	}
	if f.json {
		return writeJSON(f.out, raw)
	}
	var c caseText
	if err := json.Unmarshal(raw, &c); err != nil {
		return err
	}
	return c.write(f.out, f.zone())
}

// zone is the estate's: an office reads times on its own clocks.
func (f *caseFlags) zone() *time.Location {
	zone, err := time.LoadLocation(f.cfg.Estate.Zone)
	if err != nil {
		return time.UTC // the file was checked; it cannot be
	}
	return zone
}
