package web_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/httpapi/apitest"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// seenOf reads what the forms of a job page were made for.
func seenOf(t *testing.T, r reply) string {
	t.Helper()
	_, after, ok := strings.Cut(r.text, `name="seen" value="`)
	seen, _, _ := strings.Cut(after, `"`)
	if !ok {
		t.Fatalf("no form on the page:\n%s", r.text)
	}
	return seen
}

func TestATechnicianAcceptsArrivesAndFixesWithoutSigningIn(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	r := s.get(job)
	r.wants(t, http.StatusOK, "Door does not close", "Lift 1, block 1", "Block 1", "I am going", "5 min left of 5 min", "What to do", "Estate office, 555 0100")
	if got := s.Order(o.ID); got.Version != o.Version {
		t.Fatal("looking at the job has changed it")
	}
	s.Pass(time.Minute)
	r = s.press(job+"/accept", "seen", seenOf(t, r), "by", "Li Qiang", "eta", "10")
	r.wants(t, http.StatusOK, "Accepted by Li Qiang", "I have arrived", "I cannot go after all")
	if got := s.Order(o.ID); got.State != plantroom.Acknowledged || got.By != "Li Qiang" || got.ETA != s.Now().Add(10*time.Minute) {
		t.Errorf("after accepting: %s by %q, there by %s", got.State, got.By, got.ETA)
	}
	r = s.press(job+"/arrive", "seen", seenOf(t, r))
	r.wants(t, http.StatusOK, "It is fixed", "not:I have arrived")
	s.press(job+"/fix", "seen", seenOf(t, r), "note", "door roller replaced").wants(t, http.StatusOK, "The sensor is now checking", `http-equiv="refresh"`)
	s.Clear(o)
	s.Cycle(o)
	s.get(job).wants(t, http.StatusOK, "clean cycles seen: 1 of 3")
	s.Prove(o)
	s.get(job).wants(t, http.StatusOK, "The sensor proved the repair at 10:01")
}

func TestTheJobPageAsksForAName(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	seen := seenOf(t, s.get(job))
	s.press(job+"/accept", "seen", seen, "by", "  ").wants(t, http.StatusBadRequest, "Please give your name")
	s.press(job+"/decline", "seen", seen, "reason", "").wants(t, http.StatusBadRequest, "Please say why")
	if got := s.Order(o.ID); got.State != plantroom.Dispatched {
		t.Errorf("it is %s", got.State)
	}
}

func TestAnAcknowledgementCanBeTakenBack(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.press(job+"/undo", "seen", seenOf(t, r)).wants(t, http.StatusOK, "I am going")
	if got := s.Order(o.ID); got.State != plantroom.Dispatched || got.By != "" {
		t.Errorf("it is %s by %q", got.State, got.By)
	}
}

func TestDecliningGivesTheJobToTheNextAndThanks(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.press(job+"/decline", "seen", seenOf(t, s.get(job)), "reason", "both on another job").wants(t, http.StatusGone, "You have declined this job")
	if got := s.Order(o.ID); got.Contractor != "grandlift" {
		t.Errorf("it is with %s", got.Contractor)
	}
	s.get(s.JobPath(s.Order(o.ID))).wants(t, http.StatusOK, "I am going")
}

func TestAFalseFixIsSaidPlainly(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.press(job+"/fix", "seen", seenOf(t, r)).wants(t, http.StatusOK, "The sensor is now checking")
	s.Pass(3 * time.Minute)
	s.get(job).wants(t, http.StatusOK, "The sensor does not agree.", "door does not close", "It is fixed")
}

func TestAClaimWaitsForASensorThatIsHeard(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.press(job+"/fix", "seen", seenOf(t, r)).wants(t, http.StatusOK, "The sensor is now checking")
	s.signIn()
	s.get("/").wants(t, http.StatusOK, "the sensor has yet to agree")
	s.Open(apitest.Fault{Rule: "gateway.silent", Asset: "gw-b1", Cause: "silent", Severity: plantroom.High})
	s.Pass(3 * time.Minute)
	s.get("/").wants(t, http.StatusOK, "the sensor is silent and can neither prove nor contradict it")
	s.get(job).wants(t, http.StatusOK, "The sensor cannot be heard at present", "not:The sensor does not agree.")
}

func TestLinksThatLeadNowhereSayWhy(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	good := s.JobPath(o)
	s.get("/job/nonsense").wants(t, http.StatusNotFound, "This link is not valid", "not:Lift 1")
	s.get(good[:len(good)-4]).wants(t, http.StatusNotFound, "This link is not valid")
	sign := func(id plantroom.OrderID, c plantroom.ContractorID, generation int, expires plantroom.Instant) string {
		return "/job/" + s.Links.Sign(id, c, generation, expires)
	}
	ends := dispatch.LinkExpires(&o)
	s.get(sign(o.ID, o.Contractor, o.Link, s.Now())).wants(t, http.StatusGone, "This link has expired", "not:Lift 1")
	s.get(sign("wo-999999", o.Contractor, 1, ends)).wants(t, http.StatusNotFound, "This link is not valid")
	s.get(sign(o.ID, "grandlift", o.Link, ends)).wants(t, http.StatusGone, "This job has moved on", "not:Lift 1")
	s.get(sign(o.ID, o.Contractor, o.Link-1, ends)).wants(t, http.StatusGone, "This job has moved on")
	s.press(sign(o.ID, "grandlift", o.Link, ends)+"/accept", "by", "Eve").wants(t, http.StatusGone, "This job has moved on")
	// Of an order that had the same number before a backup was restored.
	earlier := sign(o.ID, o.Contractor, o.Link, o.Raised.Add(dispatch.LinkLife-time.Hour))
	s.get(earlier).wants(t, http.StatusNotFound, "This link is not valid", "not:Lift 1")
	s.press(earlier+"/accept", "by", "Eve").wants(t, http.StatusNotFound, "This link is not valid")
	s.press("/job/nonsense/accept", "by", "Eve").wants(t, http.StatusNotFound, "This link is not valid")
	s.press(good+"/prove", "by", "Eve").wants(t, http.StatusNotFound)
	if got := s.Order(o.ID); got.State != plantroom.Dispatched {
		t.Errorf("it is %s", got.State)
	}
}

// TestOfTwoWhoPressAtOnceOneWinsAndTheOtherSeesWho lets several technicians
// of one firm press the same button at the same moment.
func TestOfTwoWhoPressAtOnceOneWinsAndTheOtherSeesWho(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	seen := seenOf(t, s.get(job))
	names := []string{"Li Qiang", "Wu Gang", "Sun Jie", "Qian Bo"}
	replies := make([]reply, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		all.Go(func() { replies[i] = s.press(job+"/accept", "seen", seen, "by", name) })
	}
	all.Wait()
	winner := s.Order(o.ID).By
	won := 0
	for i, r := range replies {
		if names[i] == winner {
			won++
			r.wants(t, http.StatusOK, "Accepted by "+winner)
			continue
		}
		r.wants(t, http.StatusConflict, winner+" was first, at 10:00. You need not go.")
	}
	if won != 1 {
		t.Errorf("%d winners", won)
	}
}

func TestASecondPressOfTheSameFingerIsNoFault(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	seen := seenOf(t, s.get(job))
	for range 2 {
		s.press(job+"/accept", "seen", seen, "by", "Li Qiang").wants(t, http.StatusOK, "Accepted by Li Qiang")
	}
	for range 2 {
		s.press(job+"/arrive", "seen", "acknowledged/Li Qiang").wants(t, http.StatusOK, "It is fixed")
	}
	if v := s.Order(o.ID).Version; v != o.Version+2 {
		t.Errorf("four presses moved the order from version %d to %d", o.Version, v)
	}
}

// TestATickOfAClockDoesNotRefuseAPress: marks change the order's version
// while the technician reads the page.
func TestATickOfAClockDoesNotRefuseAPress(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	seen := seenOf(t, s.get(job))
	s.Pass(4 * time.Minute)
	if s.Order(o.ID).Version == o.Version {
		t.Fatal("nothing has ticked: the test tests nothing")
	}
	s.press(job+"/accept", "seen", seen, "by", "Li Qiang").wants(t, http.StatusOK, "Accepted by Li Qiang")
}

func TestAFormOfAnotherSiteCannotPress(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+s.JobPath(o)+"/accept", strings.NewReader("by=Eve"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := s.Order(o.ID); resp.StatusCode != http.StatusForbidden || got.State != plantroom.Dispatched {
		t.Errorf("%s, and it is %s", resp.Status, got.State)
	}
}
