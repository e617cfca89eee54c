package cases_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/cases"

	"pgregory.net/rapid"
)

// errCrash stands for a process that ends before the commit.
var errCrash = errors.New("the process is killed")

// crashing runs a transaction that is lost before it is committed, and the one
// after the restart that takes its place.
func (h *house) crashing(crash bool, f func(plantroom.Tx) error) error {
	if crash {
		err := h.update(func(tx plantroom.Tx) error {
			if err := f(tx); err != nil {
				return err
			}
			return errCrash
		})
		if !errors.Is(err, errCrash) {
			return err
		}
		h.restart()
	}
	return h.update(f)
}

// TestNoLatenessIsToldTwiceAndNoneIsLostWhateverIsDoneAndWhereverItCrashes does
// anything in any order, with ticks that may be late by weeks, kills before any
// commit, and restarts. In the end each step that was open when its time had
// passed was told once, and the managers were once where half of its time had
// passed again; nothing else was told.
func TestNoLatenessIsToldTwiceAndNoneIsLostWhateverIsDoneAndWhereverItCrashes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := newHouse(t)
		defer h.close()
		h.mustOpen()
		crash := rapid.Map(rapid.IntRange(0, 4), func(n int) bool { return n == 4 })
		for range rapid.IntRange(1, 25).Draw(r, "acts") {
			h.now = h.now.Add(time.Duration(rapid.IntRange(1, 60*24*4).Draw(r, "minutes")) * time.Minute)
			act := rapid.SampledFrom([]string{"tick", "tick", "tick", "look", "answer", "ask", "note", "assign", "close", "reopen", "quarrel", "talk", "restart"}).Draw(r, "act")
			req := cases.Request{Case: h.id, Actor: "person:operator", By: "lin", Text: "words", With: "Ms Wu", Ref: "letter"}
			switch act {
			case "restart":
				h.restart()
				continue
			case "look", "answer", "ask":
				req.Do, req.Step = cases.Tick, act
			case "note":
				req.Do = cases.Note
			case "assign":
				req.Do, req.Responsible = cases.Assign, rapid.SampledFrom([]plantroom.PersonID{"sun", "li"}).Draw(r, "who")
			case "close":
				req.Do, req.Outcome = cases.Close, h.read().Outcomes[len(h.read().Outcomes)-1].ID
			case "reopen":
				req.Do = cases.Reopen
			case "quarrel", "talk":
				req.Do, req.Playbook = cases.Replan, act
			}
			err := h.crashing(crash.Draw(r, "crash"), func(tx plantroom.Tx) error {
				if act == "tick" {
					_, err := h.desk.Tick(tx, h.now, 100)
					return err
				}
				_, err := h.desk.Do(tx, h.now, req)
				return err
			})
			if code := plantroom.CodeOf(err); code == plantroom.CodeInternal || code == plantroom.CodeUnavailable {
				r.Fatal(err)
			}
		}
		h.tick()
		wantTold(r, h)
		c := h.read()
		if findings, err := cases.Check(&c, h.rows()); c.Forgotten.IsZero() && (err != nil || len(findings) > 0) {
			r.Errorf("%q, %v", findings, err)
		}
	})
}

// wantTold compares the ledger and the outbox with what the case's rounds come to.
func wantTold(r *rapid.T, h *house) {
	c := h.read()
	want := map[string]int{}
	expect := func(d plantroom.CaseDue, step string, until plantroom.Instant) {
		if d.At.IsZero() || until <= d.At {
			return
		}
		want[fmt.Sprint("case.late ", step, d.At)]++
		if until > d.Managers {
			want[fmt.Sprint("case.neglected ", step, d.At)]++
		}
	}
	round := func(tasks []plantroom.CaseTask, deadline plantroom.CaseDue, begun, ended plantroom.Instant) {
		for _, t := range tasks {
			until := ended
			if !t.Done.IsZero() {
				until = t.Done
			}
			if !t.Done.IsZero() && t.Done < begun {
				continue // carried over from the round before
			}
			expect(t.Due, t.ID, until)
		}
		expect(deadline, "", ended)
	}
	ended := h.now
	if !c.Closed.IsZero() {
		ended = c.Closed
	}
	round(c.Tasks, c.Deadline, c.Begun, ended)
	for _, e := range c.Earlier {
		round(e.Tasks, e.Deadline, e.Begun, e.Ended)
	}
	rows, calls := map[string]int{}, map[string]int{}
	for _, row := range h.rows() {
		var e struct {
			Step string
			Due  plantroom.Instant
		}
		if row.Kind == "case.late" || row.Kind == "case.neglected" {
			h.must(json.Unmarshal(row.Body, &e))
			rows[fmt.Sprint(row.Kind, " ", e.Step, e.Due)]++
		}
	}
	for _, call := range h.calls() {
		var e struct {
			Data struct {
				Case struct {
					Step string
					Due  plantroom.Instant
				}
			}
		}
		if call.Kind == "case.late" || call.Kind == "case.neglected" {
			h.must(json.Unmarshal(call.Body, &e))
			calls[fmt.Sprint(call.Kind, " ", e.Data.Case.Step, e.Data.Case.Due)]++
		}
	}
	if !maps.Equal(rows, want) || !maps.Equal(calls, want) {
		r.Errorf("want  %v\nrows  %v\ncalls %v", want, rows, calls)
	}
}
