// Package apitest is a small house to test the API and the pages against: the
// real SQLite store, the real dispatch desk and real job links over a small
// estate, with a clock that only the test moves.
//
// It runs no detector and delivers no call: a test says what the sensors have
// seen, and reads from the outbox what would have been sent.
package apitest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plantroom"
	"plantroom/internal/yamldoc"
	"plantroom/services/alerts"
	"plantroom/services/calendarlink"
	"plantroom/services/cases"
	"plantroom/services/detect"
	"plantroom/services/dispatch"
	"plantroom/services/domains"
	"plantroom/services/estate"
	"plantroom/services/evidence"
	"plantroom/services/gatewayconfig"
	"plantroom/services/history"
	"plantroom/services/httpapi"
	"plantroom/services/httpapi/guard"
	"plantroom/services/httpapi/handin"
	"plantroom/services/httpapi/live"
	"plantroom/services/joblink"
	"plantroom/services/outbox"
	"plantroom/services/playbooks"
	"plantroom/services/profiles"
	"plantroom/services/proofs"
	"plantroom/services/report"
	"plantroom/services/spools"
	"plantroom/services/store"
	"plantroom/services/works"
)

// Token is the operator's token in tests.
const Token = "correct-horse-battery-staple"

// House is one installation. It is the httpapi.Desk of its API.
type House struct {
	Store *store.SQLite
	Desk  *dispatch.Desk
	Works *works.Office
	Cases *cases.Desk
	Door  *alerts.Door
	Links *joblink.Key
	Sign  *gatewayconfig.Key
	Hub   *live.Hub
	Files *handin.Taker
	Told  spools.Board // what gateways say of themselves

	Calendars calendarlink.Book // links of feeds
	History   *history.Follower

	following sync.Mutex

	estate plantroom.Estate
	now    atomic.Int64
	t      testing.TB
}

// Start is the time at which a house starts: a Monday morning in Shanghai.
var Start = plantroom.At(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))

// New makes an empty house that is taken down with the test.
func New(t testing.TB) *House {
	t.Helper()
	h := &House{estate: Estate(), t: t, Hub: live.NewHub(live.Options{}), Calendars: calendarlink.Book{Dir: t.TempDir()}}
	h.now.Store(int64(Start))
	var err error
	if h.Store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "plantroom.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Hub.Close()
		if err := h.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	h.History = history.New(history.Options{Store: h.Store, Now: h.Now})
	dir, err := proofs.Open(filepath.Join(t.TempDir(), "proofs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	h.Files = handin.New(dir, nil)
	if h.Links, err = joblink.LoadOrCreateKey(filepath.Join(t.TempDir(), "job.key")); err != nil {
		t.Fatal(err)
	}
	if h.Sign, err = gatewayconfig.LoadOrCreateKey(filepath.Join(t.TempDir(), "gateway.key")); err != nil {
		t.Fatal(err)
	}
	h.Desk, err = dispatch.New(dispatch.Options{Estate: h.estate, Domains: append(domains.All(), alerts.Domain()), Playbooks: playbooks.All(), Links: h.Links, PublicURL: "http://plantroom.test"})
	if err != nil {
		t.Fatal(err)
	}
	if h.Works, err = works.New(h.estate, h.Desk); err != nil {
		t.Fatal(err)
	}
	h.Door = alerts.New(h.estate, h.Desk)
	if h.Cases, err = cases.New(h.estate, playbooks.Cases()); err != nil {
		t.Fatal(err)
	}
	return h
}

// Estate returns the house's estate.
func (h *House) Estate() *plantroom.Estate { return &h.estate }

// Now is the house's clock.
func (h *House) Now() plantroom.Instant { return plantroom.Instant(h.now.Load()) }

// Guard makes a guard that knows Token and is generous with requests.
func (h *House) Guard(opt guard.Options) *guard.Guard {
	h.t.Helper()
	if opt.Token == "" {
		opt.Token = Token
	}
	if opt.Limit == (guard.Rate{}) {
		opt.Limit = guard.Rate{Burst: 10_000, Every: time.Millisecond}
	}
	g, err := guard.New(opt)
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

// API makes the house's API.
func (h *House) API() *httpapi.API {
	return httpapi.New(httpapi.Options{Estate: h.Estate, Store: h.Store, Desk: h, Proofs: h.Files, Bundles: h, Gateways: h, Calendars: h.Calendars, Events: h.Hub, History: h, Spools: &h.Told, Domains: append(domains.All(), detect.Devices()),
		Check: h.check, Now: h.Now})
}

// Read lets the history follow what the house has done, and answers. It is
// httpapi.History.
func (h *House) Read(f func(*history.Table) error) (plantroom.Instant, error) {
	h.following.Lock()
	defer h.following.Unlock()
	if err := h.History.Step(context.Background()); err != nil {
		return 0, err
	}
	return h.History.Read(f)
}

// Pass lets time pass, a second at a time, and does what comes due.
func (h *House) Pass(d time.Duration) {
	h.t.Helper()
	for end := h.Now().Add(d); h.Now() < end; {
		h.now.Add(int64(time.Second))
		h.update(func(tx plantroom.Tx) error {
			if err := h.Works.Tick(tx, h.Now()); err != nil {
				return err
			}
			if _, err := h.Cases.Tick(tx, h.Now(), 100); err != nil {
				return err
			}
			_, err := h.Desk.Tick(tx, h.Now(), 100)
			return err
		})
	}
}

// Jump lets time pass at once, as for a server that was down, and does what has
// come due.
func (h *House) Jump(d time.Duration) {
	h.t.Helper()
	h.now.Add(int64(d))
	h.update(func(tx plantroom.Tx) error {
		_, err := h.Desk.Tick(tx, h.Now(), 100)
		return err
	})
}

// update runs f in a transaction that has to succeed.
func (h *House) update(f func(plantroom.Tx) error) {
	h.t.Helper()
	if err := h.Store.Update(context.Background(), f); err != nil {
		h.t.Fatal(err)
	}
}

// Command gives a command to the desk and publishes the change.
func (h *House) Command(ctx context.Context, cmd dispatch.Command) (o plantroom.WorkOrder, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		o, err = h.Desk.Command(tx, h.Now(), cmd)
		return err
	})
	if err == nil {
		h.Hub.Publish(live.Order, string(o.ID), h.Now())
	}
	return o, err
}

// Task notes that a task of an order is done.
func (h *House) Task(ctx context.Context, t dispatch.TaskDone) (o plantroom.WorkOrder, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		o, err = h.Desk.Task(tx, h.Now(), t)
		return err
	})
	return o, err
}

// Proof keeps that an order has files of proof.
func (h *House) Proof(ctx context.Context, p dispatch.Handed) (o plantroom.WorkOrder, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		o, err = h.Desk.Proof(tx, h.Now(), p)
		return err
	})
	return o, err
}

// Bundle makes a bundle of evidence, without series.
func (h *House) Bundle(ctx context.Context, order plantroom.OrderID, redact bool) (f *os.File, m evidence.Manifest, sum plantroom.Hash, err error) {
	if f, err = h.Files.Dir.Scratch(); err != nil {
		return nil, m, sum, err
	}
	err = h.Store.View(ctx, func(tx plantroom.Tx) (err error) {
		m, sum, err = evidence.Build(ctx, tx, order, f, evidence.Options{Redact: redact, Files: h.Files.Dir, NoTelemetry: "this house has no InfluxDB", Estate: h.estate.ID})
		return err
	})
	return f, m, sum, err
}

// DeclareWorks keeps planned works.
func (h *House) DeclareWorks(ctx context.Context, actor string, w plantroom.Works) (kept plantroom.Works, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		kept, err = h.Works.Declare(tx, h.Now(), actor, w)
		return err
	})
	return kept, err
}

// DoWorks takes a step about planned works.
func (h *House) DoWorks(ctx context.Context, r works.Request) (kept plantroom.Works, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		kept, err = h.Works.Do(tx, h.Now(), r)
		return err
	})
	return kept, err
}

// OpenCase opens a residents' case.
func (h *House) OpenCase(ctx context.Context, o cases.Opening) (c plantroom.Case, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = h.Cases.Open(tx, h.Now(), o)
		return err
	})
	return c, err
}

// DoCase does something about a residents' case.
func (h *House) DoCase(ctx context.Context, r cases.Request) (c plantroom.Case, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = h.Cases.Do(tx, h.Now(), r)
		return err
	})
	return c, err
}

// Alerts takes a message of another system in.
func (h *House) Alerts(ctx context.Context, m alerts.Message) (a alerts.Answer, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		a, err = h.Door.Take(tx, h.Now(), m)
		return err
	})
	return a, err
}

// CasePlaybooks lists what a case can be opened with.
func (h *House) CasePlaybooks() []plantroom.CasePlaybook { return h.Cases.Playbooks() }

// Statement takes a step about a statement.
func (h *House) Statement(ctx context.Context, id plantroom.ContractID, m report.Month, r report.Request) (s report.Statement, err error) {
	house, err := report.NewHouse(h.estate, nil)
	if err != nil {
		return s, err
	}
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		s, err = house.Do(tx, id, m, h.Now(), r)
		return err
	})
	return s, err
}

// Retry sets a dead call to be sent again.
func (h *House) Retry(ctx context.Context, actor string, id plantroom.MessageID) (c plantroom.Call, err error) {
	err = h.Store.Update(ctx, func(tx plantroom.Tx) (err error) {
		c, err = outbox.Retry(tx, h.Now(), actor, id)
		return err
	})
	return c, err
}

// check finds fault with an estate's file alone.
func (h *House) check(files []httpapi.File) (yamldoc.Faults, error) {
	f, err := estate.ReadText(files[0].Name, []byte(files[0].Text), estate.Known{Domains: domains.All(), Profiles: profiles.IDs()})
	if err != nil {
		return nil, err
	}
	refused, warnings := f.Lint(h.Now())
	return warnings, refused.Err()
}
