// Package httpapi is Plantroom's JSON API, version 1: what the estate is,
// what is wrong, who works on it, how the promises stand, and the commands an
// operator may give. openapi.yaml describes it and is served with it.
//
// It holds no rule of its own: commands go to the dispatch desk, everything
// else is read from the store. Access control is guard's, pages are web's.
package httpapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/cases"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/live"
	"plantroom/services/httpapi/problem"
	"plantroom/services/report"
	"plantroom/services/works"
)

// Reader gives a consistent snapshot of what is kept: a plantroom.Store.
type Reader interface {
	View(context.Context, func(plantroom.Tx) error) error
}

// Desk changes things on a human's behalf, each call in one transaction.
type Desk interface {
	// Command moves a work order; dispatch.Command names the codes.
	Command(context.Context, dispatch.Command) (plantroom.WorkOrder, error)
	// Task notes that a task of an order is done; dispatch.Desk.Task names the codes.
	Task(context.Context, dispatch.TaskDone) (plantroom.WorkOrder, error)
	// Proof keeps that an order has files of proof; dispatch.Desk.Proof names the codes.
	Proof(context.Context, dispatch.Handed) (plantroom.WorkOrder, error)
	// Retry sets a call that was given up to be sent again.
	Retry(ctx context.Context, actor string, id plantroom.MessageID) (plantroom.Call, error)
	// Statement takes a step about a statement; report.Request.Row names the codes.
	Statement(context.Context, plantroom.ContractID, report.Month, report.Request) (report.Statement, error)
	// DeclareWorks keeps planned works; works.Office.Declare names the codes.
	DeclareWorks(ctx context.Context, actor string, w plantroom.Works) (plantroom.Works, error)
	// DoWorks takes a step about planned works; works.Request names the codes.
	DoWorks(context.Context, works.Request) (plantroom.Works, error)
	// OpenCase opens a residents' case; cases.Desk.Open names the codes.
	OpenCase(context.Context, cases.Opening) (plantroom.Case, error)
	// DoCase does something about a residents' case; cases.Desk.Do names the codes.
	DoCase(context.Context, cases.Request) (plantroom.Case, error)
	// Alerts takes a message of another system in; alerts.Door.Take says how.
	Alerts(context.Context, alerts.Message) (alerts.Answer, error)
	// CasePlaybooks lists what a case can be opened with.
	CasePlaybooks() []plantroom.CasePlaybook
}

// Events streams what changes: a *live.Hub.
type Events interface {
	http.Handler // all of it
	// Only streams the events of these kinds.
	Only(kinds ...string) http.Handler
}

// Probe asks one part that the server depends on whether it works.
type Probe struct {
	Name  string
	Check func(context.Context) error
}

// Options of an API. All but Probes and Logger are required.
type Options struct {
	Estate func() *plantroom.Estate // the present one; a reload swaps it
	Store  Reader
	Desk   Desk

	Proofs    *handin.Taker      // files of proof
	Bundles   Bundles            // of evidence
	Gateways  Gateways           // sends them their files
	Calendars Calendars          // knows the links of feeds
	Events    Events             // the event stream, a *live.Hub
	History   History            // what boards ask of the past
	Spools    Spools             // what gateways say of themselves
	Domains   []plantroom.Domain // everything that is watched, for its names
	Check     Check
	Now       func() plantroom.Instant
	Probes    []Probe // further parts for /healthz; the store is always asked
	Logger    *slog.Logger
}

// API answers the routes below /api/v1, the feeds of the roster, and /healthz.
type API struct {
	opt    Options
	log    *slog.Logger
	feeds  feeds
	asking asking
	books  books

	checking sync.Mutex // see checkEstate
}

// New makes an API.
func New(opt Options) *API {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{opt: opt, log: opt.Logger}
}

// answer is a handler that has its query parameters checked and leaves its
// errors to the caller.
type answer func(w http.ResponseWriter, r *http.Request, q *query) error

// Routes lists every route with whom it serves. A viewer sees places, devices,
// incidents and numbers, and nothing that somebody has said or that tells of a
// person.
func (a *API) Routes() []guard.Route {
	operator := func(pattern string, f answer, params ...string) guard.Route {
		return guard.Route{Pattern: pattern, Need: guard.Operator, Handler: a.handler(f, params)}
	}
	viewer := func(pattern string, f answer, params ...string) guard.Route {
		return guard.Route{Pattern: pattern, Need: guard.Viewer, Handler: a.handler(f, params)}
	}
	return append(a.historyRoutes(), []guard.Route{
		{Pattern: "GET /healthz", Need: guard.Anyone, Handler: a.handler(a.health, nil)},
		viewer("GET /api/v1/openapi.yaml", a.openapi),
		viewer("GET /api/v1/summary", a.summary, "from", "to"),
		viewer("GET /api/v1/estate", a.estate),
		{Pattern: "POST /api/v1/estate/check", Need: guard.Operator, Body: maxConfiguration, Handler: a.handler(a.checkEstate, nil)},
		viewer("GET /api/v1/buildings", a.buildings, "limit", "after"),
		viewer("GET /api/v1/assets", a.assets, "building", "domain", "limit", "after"),
		operator("GET /api/v1/assets/{id}", a.asset),
		viewer("GET /api/v1/devices", a.devices, "asset", "gateway", "limit", "after"),
		operator("GET /api/v1/roster", a.roster, "days"),
		{Pattern: "GET /calendar/{token}", Need: guard.Anyone, Limited: true, Handler: http.HandlerFunc(a.calendar)},
		viewer("GET /api/v1/incidents", a.incidents, "open", "asset", "domain", "from", "to", "limit", "after"),
		viewer("GET /api/v1/incidents/{id}", a.incident),
		operator("GET /api/v1/orders", a.orders, "open", "asset", "domain", "building", "contractor", "rule", "state", "from", "to", "limit", "before"),
		operator("GET /api/v1/orders/{id}", a.order),
		operator("GET /api/v1/orders/{id}/candidates", a.candidates),
		operator("GET /api/v1/orders/{id}/timeline", a.timeline),
		operator("GET /api/v1/orders/{id}/calls", a.callsOf),
		operator("GET /api/v1/orders/{id}/proofs", a.proofsOf),
		{Pattern: "POST /api/v1/orders/{id}/proofs", Need: guard.Operator, Body: handin.MaxBody, Handler: a.handler(a.handIn, nil)},
		operator("GET /api/v1/orders/{id}/proofs/{sum}", a.proof),
		operator("GET /api/v1/orders/{id}/evidence", a.evidence, "redact"),
		operator("POST /api/v1/orders/{id}/{action}", a.command),
		operator("POST /api/v1/orders/{id}/tasks/{task}", a.task),
		operator("GET /api/v1/outbox", a.outbox, "state", "limit"),
		operator("GET /api/v1/outbox/{id}", a.call),
		operator("POST /api/v1/outbox/{id}/resend", a.resend),
		operator("GET /api/v1/quarantine", a.quarantine, "limit"),
		viewer("GET /api/v1/quarantine/count", a.quarantineCount),
		viewer("GET /api/v1/gaps", a.gaps, "gateway"),
		viewer("GET /api/v1/gateways", a.gateways),
		operator("GET /api/v1/gateways/{id}/configuration", a.configuration),
		{Pattern: "POST /api/v1/gateways/{id}/configuration", Need: guard.Operator, Body: maxConfiguration, Handler: a.handler(a.configure, nil)},
		operator("GET /api/v1/contracts/{id}/statements/{month}", a.statement),
		operator("POST /api/v1/contracts/{id}/statements/{month}/{action}", a.statementStep),
		operator("GET /api/v1/works", a.worksList, "limit"),
		operator("POST /api/v1/works", a.declareWorks),
		operator("GET /api/v1/works/{id}", a.worksOne),
		operator("POST /api/v1/works/{id}/{action}", a.worksStep),
		operator("GET /api/v1/cases", a.caseList, "open", "kind", "responsible", "limit", "before"),
		operator("POST /api/v1/cases", a.openCase),
		operator("GET /api/v1/case-playbooks", a.casePlaybooks),
		operator("GET /api/v1/cases/{id}", a.caseOne),
		operator("GET /api/v1/cases/{id}/record", a.caseRecord),
		operator("POST /api/v1/cases/{id}/steps/{task}", a.caseTask),
		operator("POST /api/v1/cases/{id}/{action}", a.caseAction),
		operator("GET /api/v1/ledger", a.ledgerPage, "after", "limit"),
		{Pattern: "POST /api/v1/alerts", Need: guard.Alerts, Body: alerts.MaxBody, Handler: a.handler(a.alerts, nil)},
		{Pattern: "GET /api/v1/events", Need: guard.Viewer, Handler: http.HandlerFunc(a.events)},
	}...)
}

// events streams what changes. To a viewer it does not say that a resident's
// case exists or that somebody was called.
func (a *API) events(w http.ResponseWriter, r *http.Request) {
	stream := http.Handler(a.opt.Events)
	if guard.Who(r.Context()).Is != guard.Operator {
		stream = a.opt.Events.Only(live.Order, live.Incident, live.Gateway, live.Quarantine)
	}
	stream.ServeHTTP(w, r)
}

// handler checks the query and turns an error into a problem.
func (a *API) handler(f answer, params []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q, err := parseQuery(r.URL.RawQuery, params)
		if err == nil {
			err = f(w, r, q)
		}
		if err != nil {
			problem.Write(w, r, a.log, err)
		}
	})
}

// list is the envelope of every list. Next is the cursor of the next page,
// absent on the last one.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"`
}

// listOf makes a list that is [] rather than null when it is empty.
func listOf[T any](items []T, next string) list[T] {
	if items == nil {
		items = []T{}
	}
	return list[T]{Items: items, Next: next}
}

// send writes a JSON body. It encodes first, so that a value that cannot be
// encoded becomes a 500 and not half an answer.
func send(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client may have gone; nobody is left to tell
	return nil
}

// pathID reads an identifier from the path, so that nonsense does not reach
// the store. Message ids are the outbox's own and are checked for size only.
func pathID(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if err := plantroom.ValidID(id); err != nil {
		return "", plantroom.Errorf(plantroom.CodeNotFound, "there is nothing called that: %w", err)
	}
	return id, nil
}
