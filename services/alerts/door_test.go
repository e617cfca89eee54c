package alerts_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/dispatch"
)

func TestAnAlertBecomesOneOrderHoweverOftenItIsSent(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", time.Minute)
	r := h.becomes(alerts.Raised, hot)
	for range 3 { // retries, and the other replica
		again := h.becomes(alerts.Repeated, hot)
		if again.Order != r.Order || again.Incident != r.Incident || r.Order == "" {
			t.Errorf("a repeat names %s of %s, the first %s of %s", again.Order, again.Incident, r.Order, r.Incident)
		}
	}
	if got := outcomes(h.send(hot, hot)); got != "repeated repeated" {
		t.Errorf("twice in one message: %s", got)
	}
	h.reload() // a restart
	h.pass(4 * time.Hour)
	h.becomes(alerts.Repeated, hot) // Grafana's usual repeat
	h.counts(1, 1, 1)
	o := h.orders()[0]
	if o.Asset != "b1-l1" || o.Building != "b1" || o.Domain != plantroom.AlertsDomain || o.Rule != alerts.RuleGrafana || o.Severity != plantroom.Medium ||
		o.Contractor != "office" || o.Detail != "Motor hot: 91 degrees" || o.Occurred != start.Add(-time.Minute) || len(o.Tasks) != 3 {
		t.Errorf("the order is %+v", o)
	}
	if n := h.ledger("alert.raised"); n != 1 || h.ledger("incident.opened") != 1 {
		t.Errorf("%d rows tell of the alert", n)
	}
	for _, row := range view(h, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.LedgerOf(string(r.Incident)) }) {
		if row.Actor != alerts.Actor {
			t.Errorf("%s is said to be the word of %s", row.Kind, row.Actor)
		}
	}
}

func TestResolvedProvesTheRepair(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 0)
	h.becomes(alerts.Raised, hot)
	h.pass(20 * time.Minute)
	over := h.resolved(hot, 30*time.Second)
	h.becomes(alerts.Resolved, over)
	in := h.incidents()[0]
	if at := h.now.Add(-30 * time.Second); in.State != plantroom.IncidentClosed || in.Cleared != at || in.Proved != at || in.Closed != h.now {
		t.Errorf("the incident is %+v", in)
	}
	if o := h.orders()[0]; o.State != plantroom.Verified {
		t.Errorf("the order is %s", o.State)
	}
	h.becomes(alerts.Repeated, over)
	h.becomes(alerts.Stale, hot) // a repeat of the beginning that was under way
	h.pass(dispatch.CloseAfter)
	h.counts(1, 0, 1)
	if o := h.orders()[0]; o.State != plantroom.Closed || h.ledger("alert.resolved") != 1 {
		t.Errorf("the order is %s, and %d rows tell of the end", o.State, h.ledger("alert.resolved"))
	}
	rows := view(h, func(tx plantroom.Tx) ([]plantroom.LedgerRow, error) { return tx.LedgerOf(string(h.orders()[0].ID)) })
	for _, r := range rows {
		if r.Kind == "order.prove" && r.Actor != alerts.Actor {
			t.Errorf("the repair was proved by %s", r.Actor)
		}
	}
	for _, c := range view(h, func(tx plantroom.Tx) ([]plantroom.Call, error) { return tx.CallsOf(h.orders()[0].ID) }) {
		if c.Kind == "order.verified" && (!strings.Contains(c.Subject, "Grafana says that it is resolved") || strings.Contains(c.Subject, "sensor")) {
			t.Errorf("the contractor is told: %s", c.Subject)
		}
	}
}

// Within the contract's time it is the same order that goes on, afterwards a new one.
func TestAnAlertThatFiresAnewIsANewEpisode(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 0)
	h.becomes(alerts.Raised, hot)
	h.pass(10 * time.Minute)
	h.becomes(alerts.Resolved, h.resolved(hot, 0))
	h.pass(time.Hour)
	again := h.fires("a1", 0)
	first := h.orders()[0].ID
	if r := h.becomes(alerts.Raised, again); r.Order != first {
		t.Errorf("within four hours of the repair it is %s, want %s again", r.Order, first)
	}
	if o := h.orders()[0]; o.Reopens != 1 {
		t.Errorf("the order was reopened %d times", o.Reopens)
	}
	h.pass(10 * time.Minute)
	h.becomes(alerts.Resolved, h.resolved(again, 0))
	h.pass(5 * time.Hour)
	if r := h.becomes(alerts.Raised, h.fires("a1", 0)); r.Order == first {
		t.Error("five hours after the repair it is the old order")
	}
	h.counts(3, 1, 2)
}

// What fires on one asset is one matter: whoever goes there sees all of it.
func TestFurtherAlertsOnAnAssetJoinItsIncident(t *testing.T) {
	h := newHouse(t)
	hot, shakes, slow := h.fires("a1", 0), h.fires("a2", 0), h.fires("a3", 0)
	shakes.Severity, shakes.Name = "high", "Car shakes"
	slow.Severity = "low"
	h.becomes(alerts.Raised, hot)
	if r := h.becomes(alerts.Joined, shakes); r.Order != h.orders()[0].ID {
		t.Errorf("it joined %s", r.Order)
	}
	if o := h.orders()[0]; o.Severity != plantroom.High || !strings.Contains(o.Detail, "Car shakes") {
		t.Errorf("with a graver one the order is %s: %s", o.Severity, o.Detail)
	}
	h.becomes(alerts.Joined, slow)
	if o := h.orders()[0]; o.Severity != plantroom.High {
		t.Errorf("with a lesser one the order is %s", o.Severity)
	}
	if in := h.incidents()[0]; in.Severity != plantroom.High || !strings.Contains(in.Detail, "Car shakes") {
		t.Errorf("with a lesser one the incident is %s: %s", in.Severity, in.Detail)
	}
	other := h.fires("b1", 0)
	other.Asset = "b1-l2"
	if r := h.becomes(alerts.Raised, other); r.Order == h.orders()[1].ID {
		t.Error("one on another asset has no order of its own")
	}
	h.pass(10 * time.Minute)
	h.becomes(alerts.Eased, h.resolved(shakes, time.Minute))
	h.becomes(alerts.Eased, h.resolved(hot, 5*time.Minute))
	h.counts(2, 2, 2)
	h.becomes(alerts.Resolved, h.resolved(slow, 3*time.Minute)) // the last that is heard of, but not the last that ended
	for _, in := range h.incidents() {
		if in.Asset == "b1-l1" && in.Proved != h.now.Add(-time.Minute) {
			t.Errorf("it was over at %s, want when the last alert ended, at %s", in.Proved, h.now.Add(-time.Minute))
		}
	}
	h.counts(2, 1, 2)
	for kind, want := range map[string]int{"alert.raised": 2, "alert.joined": 2, "alert.eased": 2, "alert.resolved": 1} {
		if got := h.ledger(kind); got != want {
			t.Errorf("%d rows %s, want %d", got, kind, want)
		}
	}
}

func TestWordsOutOfOrderRaiseNothingTwice(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 20*time.Minute)
	over := h.resolved(hot, 5*time.Minute)
	h.becomes(alerts.Unheard, over)
	h.becomes(alerts.Repeated, over)
	h.becomes(alerts.Stale, hot)         // it had been delayed
	next := h.fires("a1", 4*time.Minute) // nor is the beginning of the next time heard before its end
	h.becomes(alerts.Unheard, h.resolved(next, 3*time.Minute))
	h.becomes(alerts.Stale, next)
	brief := h.fires("a1", 2*time.Minute)
	h.becomes(alerts.Unheard, h.resolved(brief, 2*time.Minute)) // over as it began
	h.becomes(alerts.Stale, brief)
	h.counts(0, 0, 0)

	// It fires anew, and the end of the first time comes once more.
	h.pass(time.Minute)
	anew := h.fires("a1", 30*time.Second)
	h.becomes(alerts.Raised, anew)
	h.becomes(alerts.Stale, over)
	h.counts(1, 1, 1)

	// It fires anew again, and that it had ended was never heard.
	h.pass(time.Hour)
	third := h.fires("a1", time.Minute)
	h.becomes(alerts.GoesOn, third)
	h.becomes(alerts.Repeated, anew)
	h.becomes(alerts.Stale, h.resolved(anew, 50*time.Minute)) // which is heard now
	h.counts(1, 1, 1)
	h.becomes(alerts.Resolved, h.resolved(third, 0))
	h.counts(1, 0, 1)
}

// Two replicas evaluate a rule some seconds apart; only one of them sends the end.
func TestTwoReplicasOfGrafanaAreOne(t *testing.T) {
	h := newHouse(t)
	one, two := h.fires("a1", time.Minute), h.fires("a1", 50*time.Second)
	h.becomes(alerts.Raised, one)
	h.becomes(alerts.GoesOn, two)
	h.becomes(alerts.Repeated, one)
	h.pass(10 * time.Minute)
	h.becomes(alerts.Resolved, h.resolved(one, 0))
	h.becomes(alerts.Repeated, h.resolved(two, 0))
	h.becomes(alerts.Stale, two)
	h.counts(1, 0, 1)
}

// Within one message, an alert that ended and fires again before anybody heard.
func TestTheOrderWithinAMessageCounts(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", time.Hour)
	h.becomes(alerts.Raised, hot)
	if got := outcomes(h.send(h.resolved(hot, 30*time.Minute), h.fires("a1", time.Minute))); got != "resolved raised" {
		t.Errorf("%s", got)
	}
	h.counts(2, 1, 1)
}

// Another alert on the asset, heard when the first one's incident is closed, began
// at the very same moment: it is not that incident over again.
func TestTwoEpisodesAreNeverOne(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 10*time.Minute)
	shakes := hot
	shakes.Fingerprint = "a2"
	h.becomes(alerts.Raised, hot)
	h.becomes(alerts.Resolved, h.resolved(hot, time.Minute))
	r := h.becomes(alerts.Raised, shakes)
	if all := h.incidents(); len(all) != 2 || all[0].ID != r.Incident || all[0].Episode <= all[1].Episode {
		t.Errorf("incidents %+v", all)
	}
	h.becomes(alerts.Resolved, h.resolved(shakes, 5*time.Minute))
	if in := h.incidents()[0]; in.Proved != h.now.Add(-5*time.Minute) {
		t.Errorf("the second one was over at %s, want when its own alert ended", in.Proved)
	}
	h.counts(2, 0, 1)
}

func TestAClockThatIsAheadMakesNoOrderOfTheFuture(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", -3*time.Hour)
	h.becomes(alerts.Raised, hot)
	if in := h.incidents()[0]; in.Episode != h.now || !strings.Contains(in.Detail, "clock is 3h0m0s ahead") {
		t.Errorf("the incident is of %s: %s", in.Episode, in.Detail)
	}
	h.becomes(alerts.Repeated, hot)
	h.pass(10 * time.Minute)
	h.becomes(alerts.Resolved, h.resolved(hot, -3*time.Hour))
	if in := h.incidents()[0]; in.Proved != h.now {
		t.Errorf("it was over at %s, want no later than now, %s", in.Proved, h.now)
	}
	h.pass(10 * time.Minute)
	h.becomes(alerts.Raised, h.fires("a1", -3*time.Hour)) // told apart on the sender's own clock
	h.counts(2, 1, 1)
}

func TestAResolvedAlertWithoutItsEndEndsNow(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 0)
	h.becomes(alerts.Raised, hot)
	h.pass(10 * time.Minute)
	hot.Status = "resolved"
	h.becomes(alerts.Resolved, hot)
	if in := h.incidents()[0]; in.Proved != h.now {
		t.Errorf("proved at %s", in.Proved)
	}
}

// What cannot be used is told, and keeps out nothing else in the message.
func TestEachAlertThatCannotBeUsedIsToldWhy(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name, says string
		change     func(*alerts.Alert)
	}{
		{"an unknown asset", `there is no asset or gateway b9-l9`, func(a *alerts.Alert) { a.Asset = "b9-l9" }},
		{"no asset", "it has no label asset", func(a *alerts.Alert) { a.Asset = "" }},
		{"a name for an id", `the label asset is "Lift 1"`, func(a *alerts.Alert) { a.Asset = "Lift 1" }},
		{"danger to life", "judged by Plantroom's own rules only", func(a *alerts.Alert) { a.Severity = "life" }},
		{"another house's severity", `the label severity is "critical": use low, medium or high`, func(a *alerts.Alert) { a.Severity = "critical" }},
		{"an unknown status", `the status is "pending"`, func(a *alerts.Alert) { a.Status = "pending" }},
		{"no status", `the status is ""`, func(a *alerts.Alert) { a.Status = "" }},
		{"no beginning", "startsAt is missing", func(a *alerts.Alert) { a.Starts = "0001-01-01T00:00:00Z" }},
		{"no time", `startsAt is "noon"`, func(a *alerts.Alert) { a.Starts = "noon" }},
		{"a clock of long ago", "before 2020", func(a *alerts.Alert) { a.Starts = "1970-01-01T00:00:01Z" }},
		{"a clock of tomorrow", "ahead of Plantroom", func(a *alerts.Alert) { a.Starts = h.now.Add(alerts.MaxAhead + time.Second).String() }},
		{"a year that there is not", "startsAt is", func(a *alerts.Alert) { a.Starts = "9999-01-01T00:00:00Z" }},
		{"an end of tomorrow", "endsAt is", func(a *alerts.Alert) { *a = h.resolved(*a, -48*time.Hour) }},
		{"no fingerprint", `the fingerprint is ""`, func(a *alerts.Alert) { a.Fingerprint = "" }},
		{"a fingerprint of another kind", "the fingerprint is", func(a *alerts.Alert) { a.Fingerprint = "a/../b" }},
		{"a long fingerprint", "the fingerprint is", func(a *alerts.Alert) { a.Fingerprint = strings.Repeat("a", 65) }},
	} {
		bad, good := h.fires("bad", 0), h.fires("good", 0)
		good.Asset = "b1-l2"
		c.change(&bad)
		rs := h.send(bad, good)
		if rs[0].Outcome != alerts.Refused || !strings.Contains(rs[0].Message, c.says) || rs[0].Order != "" {
			t.Errorf("%s: %s, %q", c.name, rs[0].Outcome, rs[0].Message)
		}
		if rs[1].Outcome != alerts.Raised && rs[1].Outcome != alerts.Repeated {
			t.Errorf("beside %s, a good one is %s", c.name, rs[1].Outcome)
		}
	}
	h.counts(1, 1, 1)
	n := h.ledger("alert.refused")
	if n != 16 {
		t.Errorf("%d refusals stand in the ledger", n)
	}
	// It is sent again and again until somebody corrects it.
	bad := h.fires("bad", 0)
	bad.Asset = "b9-l9"
	for range 20 {
		h.becomes(alerts.Refused, bad)
	}
	if got := h.ledger("alert.refused"); got != n {
		t.Errorf("a refusal that is repeated makes %d more rows", got-n)
	}
	h.pass(24 * time.Hour)
	h.becomes(alerts.Refused, bad)
	if got := h.ledger("alert.refused"); got != n+1 {
		t.Errorf("a day later it makes %d rows, want one that reminds", got-n)
	}
}

func TestAFloodOfRefusalsDoesNotFillTheLedger(t *testing.T) {
	h := newHouse(t)
	for _, p := range prints(300) {
		bad := h.fires(p, 0)
		bad.Asset = "b9-l9"
		h.becomes(alerts.Refused, bad)
	}
	if n := h.ledger("alert.refused"); n != 128 {
		t.Errorf("%d rows", n)
	}
}

func TestTheButtonTestOfGrafanaIsNoFailure(t *testing.T) {
	h := newHouse(t)
	h.becomes(alerts.Tested, alerts.Alert{Status: "firing", Name: "TestAlert", Summary: "Notification test", Fingerprint: "57c6d9296de2ad39", Starts: h.now.String()})
	h.counts(0, 0, 0)
}

func TestAGatewayCanHaveAlerts(t *testing.T) {
	h := newHouse(t)
	disk := h.fires("a1", 0)
	disk.Asset = "gw-b1"
	h.becomes(alerts.Raised, disk)
	if o := h.orders()[0]; o.Asset != "gw-b1" || o.Building != "b1" || o.Contractor != "office" {
		t.Errorf("the order is %+v", o)
	}
}

// The asset has gone from the estate's file while its alert fires.
func TestAnAlertOnAnAssetThatIsGoneCanStillEnd(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 0)
	h.becomes(alerts.Raised, hot)
	h.estate.Assets = h.estate.Assets[1:]
	h.reload()
	h.pass(10 * time.Minute)
	h.becomes(alerts.Refused, hot)
	h.becomes(alerts.Resolved, h.resolved(hot, 0))
	h.becomes(alerts.Refused, h.resolved(hot, 0))
	h.counts(1, 0, 1)
}

func TestWhatIsKeptOfAnAssetIsBounded(t *testing.T) {
	h := newHouse(t)
	var all []alerts.Alert
	for _, p := range prints(alerts.MaxPerAsset + 1) {
		all = append(all, h.fires(p, 0))
	}
	rs := h.send(all...)
	if last := rs[alerts.MaxPerAsset]; last.Outcome != alerts.Refused || !strings.Contains(last.Message, "its order is out") {
		t.Errorf("one more than are kept: %s %q", last.Outcome, last.Message)
	}
	h.pass(time.Minute)
	h.becomes(alerts.Eased, h.resolved(all[0], 0))
	h.becomes(alerts.Joined, all[alerts.MaxPerAsset]) // the place of the one that is over
	h.becomes(alerts.Refused, all[0])                 // which fires, as far as anybody knows
	h.counts(1, 1, 1)
	for _, a := range all[1:] {
		h.send(h.resolved(a, 0))
	}
	h.counts(1, 0, 1)
}

// The office cancels the order. Grafana's word that it is over is heard all the
// same, and the next time is a new order.
func TestACancelledOrderDoesNotStandInTheWay(t *testing.T) {
	h := newHouse(t)
	hot := h.fires("a1", 0)
	r := h.becomes(alerts.Raised, hot)
	h.command(dispatch.Command{Order: r.Order, Do: plantroom.DoCancel, Actor: "person:lin", Reason: "a test"})
	h.becomes(alerts.Repeated, hot)
	h.pass(time.Minute)
	h.becomes(alerts.Resolved, h.resolved(hot, 0))
	h.pass(time.Minute)
	if next := h.becomes(alerts.Raised, h.fires("a1", 0)); next.Order == r.Order {
		t.Error("the cancelled order goes on")
	}
	h.counts(2, 1, 2)
}

// A contractor's word stands for as long as Grafana may need to tell that it is so.
func TestAWordThatGrafanaDoesNotBearOutFallsLaterThanOneThatASensorContradicts(t *testing.T) {
	h := newHouse(t)
	r := h.becomes(alerts.Raised, h.fires("a1", 0))
	for _, do := range []plantroom.OrderAction{plantroom.DoAcknowledge, plantroom.DoArrive, plantroom.DoFix} {
		h.command(dispatch.Command{Order: r.Order, Do: do, Actor: "contractor:office"})
	}
	h.pass(dispatch.ContradictAlertAfter - time.Second)
	if o := h.orders()[0]; o.State != plantroom.Restored {
		t.Errorf("before a quarter of an hour the order is %s", o.State)
	}
	h.pass(time.Second)
	if o := h.orders()[0]; o.State != plantroom.Attended || o.Contradicted != 1 {
		t.Errorf("after it the order is %s", o.State)
	}
}

func (h *house) command(c dispatch.Command) {
	h.t.Helper()
	if err := h.store.Update(h.t.Context(), func(tx plantroom.Tx) error { _, err := h.desk.Command(tx, h.now, c); return err }); err != nil {
		h.t.Fatal(err)
	}
}
