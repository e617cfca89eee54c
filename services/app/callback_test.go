package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
)

// desk is a contractor's: it takes calls, and answers on the links in them.
type desk struct {
	*house
	links chan [2]string // order, path of its job page
}

func newDesk(t *testing.T) *desk {
	d := &desk{links: make(chan [2]string, 64)}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		var e struct {
			Type, Subject string
			Data          struct {
				Link string `json:"job_link"`
			}
		}
		if err == nil {
			err = json.Unmarshal(b, &e)
		}
		if err != nil {
			t.Error(err)
		}
		if e.Type == "plantroom.order.dispatched" {
			d.links <- [2]string{e.Subject, e.Data.Link[strings.Index(e.Data.Link, "/job/"):]}
		}
	}))
	t.Cleanup(receiver.Close)
	d.house = newHouse(t, func(f *files) { f.Webhook, f.Lifts = receiver.URL+"/calls", []string{"b1-l2"} }).withInflux().start()
	return d
}

// dispatched waits for the next order that the contractor is given.
func (d *desk) dispatched() (order, job string) {
	d.t.Helper()
	select {
	case l := <-d.links:
		return l[0], l[1]
	case <-time.After(time.Minute):
		d.t.Fatalf("no order was given to the contractor:\n%s", d.log)
		return "", ""
	}
}

// fills opens a job page and gives its form with a name filled in.
func (d *desk) fills(job, name string) url.Values {
	d.t.Helper()
	status, _, body := d.request("GET", job, "")
	_, rest, found := strings.Cut(body, `name="seen" value="`)
	if seen, _, _ := strings.Cut(rest, `"`); found && status == http.StatusOK {
		return url.Values{"seen": {seen}, "by": {name}}
	}
	d.t.Fatalf("the job page: %d\n%s", status, body)
	return nil
}

// press presses a button of a job page.
func (d *desk) press(path string, fields url.Values) (status int, body string) {
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.URL()+path, strings.NewReader(fields.Encode()))
	if err != nil {
		d.t.Error(err)
		return 0, ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := browser.Do(req)
	if err != nil {
		d.t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Error(err)
	}
	return resp.StatusCode, string(b)
}

// stands says how an order stands, and which rows of the ledger begin with "link.".
func (d *desk) stands(order, subject string) (o plantroom.WorkOrder, uses string) {
	d.t.Helper()
	for _, one := range d.orders() {
		if string(one.ID) == order {
			o = one
		}
	}
	_, _, body := d.request("GET", "/api/v1/ledger?limit=1000", d.token())
	var list struct {
		Items []struct {
			Kind, Subject string
			Body          json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		d.t.Fatal(err)
	}
	for _, r := range list.Items {
		if r.Subject == subject && strings.HasPrefix(r.Kind, "link.") {
			uses += r.Kind + string(r.Body) + "\n"
		}
	}
	return o, uses
}

// TestACallbackThatIsForgedReplayedLateOrForAnOrderThatIsOverChangesNothing plays it
// from outside, on a server that runs: refused, written down, and nothing changed.
func TestACallbackThatIsForgedReplayedLateOrForAnOrderThatIsOverChangesNothing(t *testing.T) {
	d := newDesk(t)
	g := d.gateway("gw-b1")
	g.take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), d.now()))
	order, job := d.dispatched()
	li, nobody, wu := d.fills(job, "Li"), d.fills(job, ""), d.fills(job, "Wu")
	refused := func(what, path string, fields url.Values, subject, row string, state plantroom.OrderState) {
		t.Helper()
		before, _ := d.stands(order, subject)
		status, body := d.press(path, fields)
		after, uses := d.stands(order, subject)
		if status < 400 || status >= 500 {
			t.Errorf("%s: answered %d:\n%s", what, status, body)
		}
		if after.State != state || after.Acknowledged != before.Acknowledged || after.Attended != before.Attended {
			t.Errorf("%s: the order is %s, want %s as before", what, after.State, state)
		}
		if !strings.Contains(uses, row) {
			t.Errorf("%s: no row of %s has %s:\n%s", what, subject, row, uses)
		}
	}
	forged := []byte(job)
	forged[len(forged)-10] ^= 1
	if forged[len(forged)-10] == '_' || forged[len(forged)-10] == '-' {
		forged[len(forged)-10] = 'A'
	}
	refused("forged", string(forged)+"/accept", li, "job-links", "forged", plantroom.Dispatched)
	refused("without a name", job+"/accept", nobody, order, "need_name", plantroom.Dispatched)

	if status, body := d.press(job+"/accept", li); status >= 400 {
		t.Fatalf("the real one is refused with %d:\n%s", status, body)
	}
	accepted, _ := d.stands(order, order)
	if status, _ := d.press(job+"/accept", li); status >= 400 { // a second press of the same finger is no fault
		t.Errorf("replayed: answered %d", status)
	}
	if again, uses := d.stands(order, order); again.State != plantroom.Acknowledged || again.Acknowledged != accepted.Acknowledged || !strings.Contains(uses, "link.repeated") {
		t.Errorf("replayed: the order is %s, acknowledged at %s and then at %s:\n%s", again.State, accepted.Acknowledged, again.Acknowledged, uses)
	}
	refused("somebody else was first", job+"/accept", wu, order, `"first"`, plantroom.Acknowledged)
	if _, body := d.press(job+"/accept", wu); !strings.Contains(body, "Li") {
		t.Errorf("the second does not see who was first:\n%s", body)
	}

	there := d.fills(job, "Li")
	d.pass(8 * 24 * time.Hour)
	refused("late", job+"/arrive", there, order, "expired", plantroom.Acknowledged)
	d.pass(-8 * 24 * time.Hour)

	g.take(reading("b1-l2-box", "fault", plantroom.String("door_close_fault"), d.now()))
	order, job = d.dispatched()
	li = d.fills(job, "Li")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL()+"/api/v1/orders/"+order+"/cancel", strings.NewReader(`{"by":"lin","reason":"a drill"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	refused("an order that is over", job+"/accept", li, order, "cancelled", plantroom.Cancelled)
}

// TestOfTwoWhoAcceptAtOnceOnAServerThatRunsOneWinsAndTheOtherSeesWho.
func TestOfTwoWhoAcceptAtOnceOnAServerThatRunsOneWinsAndTheOtherSeesWho(t *testing.T) {
	d := newDesk(t)
	d.gateway("gw-b1").take(reading("b1-l1-box", "fault", plantroom.String("door_close_fault"), d.now()))
	order, job := d.dispatched()
	names := []string{"Li Qiang", "Wu Gang"}
	forms := []url.Values{d.fills(job, names[0]), d.fills(job, names[1])}
	type answer struct {
		status int
		body   string
	}
	answers := make([]answer, len(names))
	var both sync.WaitGroup
	for i := range names {
		both.Go(func() { answers[i].status, answers[i].body = d.press(job+"/accept", forms[i]) })
	}
	both.Wait()
	won := 0
	if answers[1].status < 400 {
		won = 1
	}
	if w, l := answers[won], answers[1-won]; w.status >= 400 || l.status != http.StatusConflict || !strings.Contains(l.body, names[won]) {
		t.Fatalf("%s: %d, %s: %d\n%s", names[won], w.status, names[1-won], l.status, l.body)
	}
	if o, _ := d.stands(order, order); o.State != plantroom.Acknowledged {
		t.Errorf("the order is %s", o.State)
	}
}
