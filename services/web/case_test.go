package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/cases"
)

func TestACaseIsOpenedOnAFormAndWorkedThroughOnItsPage(t *testing.T) {
	s := newSite(t)
	s.signIn()
	s.get("/cases").wants(t, http.StatusOK, "No case is open.", "Open a case")
	form := s.get("/cases/new")
	form.wants(t, http.StatusOK, `<select name="playbook" required><option value=""></option>`, "Complaint", "Arrears: cannot pay", "Lin Mei", "not:Chen &lt;Bo&gt;")
	key := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(form.text)[1]
	fields := []string{"key", key, "playbook", "complaint", "zones", "b1-12a", "contact", "Chen <Bo>", "text", "the lift is <loud>", "by", "sun", "responsible", "lin"}
	s.press("/cases", append(fields, "zones", "b9")...).wants(t, http.StatusBadRequest, "no flat or place", "the lift is &lt;loud&gt;", `value="lin" selected`)
	for range 2 { // pressed twice: one case
		s.press("/cases", fields...).wants(t, http.StatusOK, "case-000001", "the lift is &lt;loud&gt;", "About b1-12a", "Never: Close it because nobody has asked again")
	}
	s.get("/cases").wants(t, http.StatusOK, "case-000001", "Lin Mei", "not:case-000002", "not:b1-12a", "not:loud")
	s.press("/cases/case-000001/steps/acknowledge", "by", "sun").wants(t, http.StatusBadRequest, "lacks a name")
	s.press("/cases/case-000001/steps/acknowledge", "by", "sun", "with", "Ms Chen").wants(t, http.StatusOK, "Sun Jie · Ms Chen")
	s.press("/cases/case-000001/steps/asked", "by", "lin", "with", "x").wants(t, http.StatusConflict, "comes after answer")
	s.press("/cases/case-000001/say", "by", "lin", "to", "Ms Chen", "how", "by letter", "text", "on Wednesday").wants(t, http.StatusOK, "to Ms Chen, by letter", "on Wednesday")
	s.press("/cases/case-000001/assign", "by", "lin", "responsible", "sun").wants(t, http.StatusOK, "a case was given to you")
	s.press("/cases/case-000001/close", "by", "lin", "outcome", "settled", "text", "x").wants(t, http.StatusConflict, "needs answer, asked")
	s.press("/cases/case-000001/playbook", "by", "lin", "playbook", "mediation", "text", "it is the neighbour").wants(t, http.StatusOK, "Mediation between neighbours", "complaint, from")
	s.get("/cases/case-000001").wants(t, http.StatusOK, "<p>Lin Mei</p>", "not:<p>lin</p>", `<select name="outcome" required><option value=""></option>`)
	s.press("/cases/case-000001/close", "by", "lin", "outcome", "mistake", "text", "x").wants(t, http.StatusOK, "is forgotten on", "Take it up again", "not:Close the case")
	s.press("/cases/case-000001/reopen", "by", "lin", "text", "no").wants(t, http.StatusOK, "Close the case")
	s.press("/cases/case-000001/dance", "by", "lin").wants(t, http.StatusNotFound)
	s.press("/cases/case-000001/tick", "by", "lin").wants(t, http.StatusNotFound)
	s.get("/cases/case-000009").wants(t, http.StatusNotFound)
	s.get("/orders/case-000001").wants(t, http.StatusOK, "Mediation between neighbours") // calls lead there
	s.get("/cases/case-000001?lang=zh").wants(t, http.StatusOK, "邻里调解", "禁止：", "not:cases.")
}

func TestALateStepShowsRedAndNoListTellsWhoseAPrivateCaseIs(t *testing.T) {
	s := newSite(t)
	s.signIn()
	s.Owes()
	s.get("/cases").wants(t, http.StatusOK, "Next: Check the bill first", "not:Late:")
	s.Jump(10 * 24 * time.Hour)
	r := s.get("/cases")
	r.wants(t, http.StatusOK, `class="line red"`, "Late: Check the bill first", "not:b1-12a", "not:Chen")
	page := s.get("/cases/case-000001")
	page.wants(t, http.StatusOK, "Chen &lt;Bo&gt;, 555 0142", "Never: Cut off or slow down lifts", "not:not as the ledger has it")
	if page.Header.Get("Cache-Control") != "no-store" {
		t.Error("a browser keeps what a case says")
	}
	salt := "salt"
	if strings.Contains(page.text, `"`+salt+`"`) {
		t.Error("the key of the case is on its page")
	}
}

// A contractor's link shows its order and nothing of any case.
func TestNoJobLinkShowsACase(t *testing.T) {
	s := newSite(t)
	s.Owes()
	o := s.Open(doorFault)
	s.get(s.JobPath(o)).wants(t, http.StatusOK, "not:case-", "not:Arrears", "not:555 0142")
	s.get("/cases/case-000001").wants(t, http.StatusOK, "not:555 0142") // the sign-in page
}

// complained opens a complaint with many words, two of whose steps are done.
func (s *site) complained() plantroom.Case {
	s.t.Helper()
	c, err := s.OpenCase(s.t.Context(), cases.Opening{Playbook: "complaint", Zones: []plantroom.ZoneID{"b1-12a"}, Asset: "b1-l1", Contact: "Ms Chen, chen.bo.of.the.twelfth.floor@residents.example.org",
		Text: "The lift howls at night, since the ropes were changed.\n\nShe has rung twice; nobody has rung back.", By: "sun", Responsible: "lin", Actor: "person:operator"})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range []cases.Request{
		{Do: cases.Tick, Step: "acknowledge", By: "sun", With: "Ms Chen"},
		{Do: cases.Tick, Step: "name", By: "lin", With: "Lin Mei"},
		{Do: cases.Say, By: "lin", To: "Ms Chen", How: "by telephone", Text: "you hear from us on Wednesday"},
		{Do: cases.Note, By: "sun", Text: "measured 48 dB in the bedroom at 23:40"},
	} {
		r.Case, r.Actor = c.ID, "person:operator"
		if c, err = s.DoCase(s.t.Context(), r); err != nil {
			s.t.Fatal(err)
		}
	}
	return c
}
