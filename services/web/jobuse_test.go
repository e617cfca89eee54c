package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/joblink"
)

// told lists what the ledger says of presses and lookings, as
// "kind by actor: state do by reason via".
func (s *site) told(subject string) []string {
	s.t.Helper()
	var rows []plantroom.LedgerRow
	if err := s.Store.View(s.t.Context(), func(tx plantroom.Tx) (err error) { rows, err = tx.LedgerOf(subject); return err }); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		var b struct {
			State, Do, By, Reason string
			Via                   int `json:"via_link"`
			Count                 int
		}
		if err := json.Unmarshal(r.Body, &b); err != nil {
			s.t.Fatal(err)
		}
		if strings.HasPrefix(r.Kind, "link.") || b.Via > 0 {
			out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%s by %s: %s %s %s %s %d %d", r.Kind, r.Actor, b.State, b.Do, b.By, b.Reason, b.Via, b.Count)), " "))
		}
	}
	return out
}

func wantTold(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the ledger tells\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestEveryUseOfAJobLinkStandsInTheLedger(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	seen := seenOf(t, s.get(job))
	s.press(job+"/accept", "seen", seen)
	s.press(job+"/accept", "seen", seen, "by", "Li")
	s.press(job+"/accept", "seen", seen, "by", "Li")
	s.press(job+"/accept", "seen", seen, "by", "Wu")
	s.press(job+"/undo", "seen", "acknowledged/Li")
	s.press(job+"/decline", "seen", "dispatched/", "reason", "busy")
	s.get(job)
	s.press(job+"/accept", "seen", seen, "by", "Li")
	wantTold(t, s.told(string(o.ID)),
		"link.opened by contractor:quicklift: dispatched 0 0",
		"link.refused by contractor:quicklift: dispatched acknowledge need_name 0 0",
		"order.acknowledge by contractor:quicklift: Li 1 0",
		"link.opened by contractor:quicklift: acknowledged 0 0", // the redirect
		"link.repeated by contractor:quicklift: acknowledged acknowledge Li 0 0",
		"link.refused by contractor:quicklift: acknowledged acknowledge Wu first 0 0",
		"order.unacknowledge by contractor:quicklift: Li 1 0",
		"order.decline by contractor:quicklift: busy 1 0",
		"link.refused by contractor:quicklift: dispatched declined 0 0",
		"link.refused by contractor:quicklift: dispatched acknowledge Li declined 0 0")
}

func TestAPressOnALinkThatIsOverIsRefusedAndWrittenDown(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.Clear(o)
	s.Prove(o)
	s.Pass(dispatch.CloseAfter + time.Second)
	if got := s.Order(o.ID); got.State != plantroom.Closed {
		t.Fatalf("it is %s", got.State)
	}
	s.press(job+"/arrive", "seen", "dispatched/", "by", "Li").wants(t, http.StatusConflict)
	s.Jump(dispatch.LinkLife)
	s.press(job+"/accept", "by", "Li").wants(t, http.StatusGone, "This link has expired")
	wantTold(t, s.told(string(o.ID)),
		"link.refused by contractor:quicklift: closed arrive Li moved 0 0",
		"link.refused by contractor:quicklift: acknowledge Li expired 0 0")
}

func TestForgedLinksAreCountedAndFillNoLedger(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	ends := dispatch.LinkExpires(&o)
	for range 500 {
		s.press("/job/nonsense/accept", "by", "Eve")
		s.get("/job/" + s.Links.Sign("wo-999999", o.Contractor, 1, ends))
	}
	s.Pass(joblink.StrangeEvery)
	s.get("/job/nonsense")
	wantTold(t, s.told(joblink.Strangers),
		"link.refused by unknown: acknowledge forged 0 1",
		"link.refused by unknown: forged 0 1000")
	wantTold(t, s.told(string(o.ID)))
}

func TestAFloodThroughAGoodLinkFillsNoLedger(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	for n := range 3 * joblink.MostUses {
		s.get(job)
		s.press(job+"/fix", "seen", "nothing", "by", fmt.Sprint("flood ", n))
	}
	got := s.told(string(o.ID))
	if len(got) > 2*joblink.MostUses {
		t.Errorf("%d rows of %d uses", len(got), 6*joblink.MostUses)
	}
	// And the button that matters still stands there.
	s.press(job+"/accept", "seen", "dispatched/", "by", "Li").wants(t, http.StatusOK, "Accepted by Li")
	if got = s.told(string(o.ID)); !slices.Contains(got, "order.acknowledge by contractor:quicklift: Li 1 0") {
		t.Errorf("after the flood the acceptance is not told: %q", got[len(got)-2:])
	}
}

// fullDisk is a ledger that nothing can be written to.
type fullDisk struct{}

func (fullDisk) Note(context.Context, plantroom.Instant, joblink.Use) error {
	return errors.New("disk full")
}

func TestATechnicianWorksOnWhereUsesCannotBeWrittenDown(t *testing.T) {
	s := newSiteWith(t, fullDisk{})
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li").wants(t, http.StatusOK, "Accepted by Li")
}

// TestOfTwoRacingPressesTheLedgerNamesBoth: one wins, the other is shown who,
// and both stand in the ledger.
func TestOfTwoRacingPressesTheLedgerNamesBoth(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	names := []string{"Li", "Wu"}
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { s.press(job+"/accept", "seen", "dispatched/", "by", name) })
	}
	all.Wait()
	winner := s.Order(o.ID).By
	loser := names[1-slices.Index(names, winner)]
	got := s.told(string(o.ID))
	for _, want := range []string{"order.acknowledge by contractor:quicklift: " + winner + " 1 0",
		"link.refused by contractor:quicklift: acknowledged acknowledge " + loser + " first 0 0"} {
		if !slices.Contains(got, want) {
			t.Errorf("the ledger lacks %q: %q", want, got)
		}
	}
}
