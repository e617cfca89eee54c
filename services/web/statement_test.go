package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/httpapi/apitest"
	"plantroom/services/report"
)

const march = "/statements/quicklift-2026/2026-03"

// badMonth is a March in which windows were kept, missed, excluded and fell away,
// seen in April.
func badMonth(s *site) map[string]plantroom.WorkOrder {
	s.t.Helper()
	o := map[string]plantroom.WorkOrder{}
	o["late"] = s.Open(doorFault)
	s.Pass(4 * time.Minute)
	s.must(o["late"], plantroom.DoAcknowledge, "Wu Gang", 5)
	s.Pass(20 * time.Minute)
	s.must(o["late"], plantroom.DoArrive, "", 0)
	o["grid"] = s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b2-l1", Cause: "power_loss", Severity: plantroom.Medium, Detail: "no mains", Needed: 1})
	s.Pass(70 * time.Minute)
	s.must(o["late"], plantroom.DoFix, "", 0)
	s.Clear(o["late"])
	for range 3 {
		s.Cycle(o["late"])
	}
	s.Prove(o["late"])
	o["alone"] = s.Open(apitest.Fault{Rule: "lift.fault", Asset: "b2-l2", Cause: "position_lost", Severity: plantroom.Medium, Detail: "position lost", Needed: 1})
	s.Pass(time.Minute)
	s.Clear(o["alone"])
	s.Prove(o["alone"])
	s.Pass(30 * time.Minute)
	s.Jump(31 * 24 * time.Hour)
	return o
}

// apiStatement reads the same statement over the API.
func (s *site) apiStatement(path string) (st report.Statement) {
	s.t.Helper()
	r := s.get("/api/v1/contracts" + strings.Replace(strings.TrimPrefix(path, "/statements"), "/2026", "/statements/2026", 1))
	if err := json.Unmarshal([]byte(r.text), &st); err != nil || r.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %v in %s", r.Status, err, r.text)
	}
	return st
}

// rowsOf gives the texts of a page's table rows, without their tags.
func rowsOf(page string) (rows []string) {
	for _, m := range regexp.MustCompile(`(?s)<tr.*?</tr>`).FindAllString(page, -1) {
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(strings.ReplaceAll(m, "</td>", "|"), " ")
		rows = append(rows, html.UnescapeString(strings.Join(strings.Fields(text), " ")))
	}
	return rows
}

func rowWith(t *testing.T, page, id string) string {
	t.Helper()
	for _, row := range rowsOf(page) {
		if strings.Contains(row, id) {
			return row
		}
	}
	t.Fatalf("no row has %q in %q", id, rowsOf(page))
	return ""
}

func TestAStatementsPageHasTheNumbersOfTheAPI(t *testing.T) {
	s := newSite(t)
	badMonth(s)
	s.signIn()
	st, page := s.apiStatement(march), s.get(march)
	if st.Missed < 2 || st.Kept == 0 || st.Void == 0 || st.CapReduction == 0 || st.Penalties == 0 || len(st.Visits) != 1 {
		t.Fatalf("the month tests too little: %+v", st)
	}
	for _, l := range st.Lines {
		row := rowWith(t, page.text, l.ID)
		cells := strings.Split(row, "|")
		if got := strings.TrimSpace(cells[3]); got != report.Money(l.Penalty) {
			t.Errorf("%s costs %q on the page and %s by the API: %s", l.ID, got, report.Money(l.Penalty), row)
		}
		verdict := map[report.Verdict]string{report.Kept: "kept", report.Missed: "missed", report.Open: "open", report.Void: "does not count"}[l.Verdict]
		if !strings.Contains(cells[2], verdict) || !strings.Contains(cells[1], l.Due.Time().In(time.FixedZone("", 8*3600)).Format("2 Jan 2006 15:04")) {
			t.Errorf("%s is %s, due %s: %s", l.ID, l.Verdict, l.Due, row)
		}
		if !strings.Contains(page.text, `<a href="/orders/`+string(l.Order)+`">`) {
			t.Errorf("%s does not lead to its order", l.ID)
		}
		for _, e := range l.Evidence {
			page.wants(t, http.StatusOK, `href="/orders/`+string(l.Order)+"#row-"+itoa(e.Seq)+`"`, e.Hash.String())
			s.get("/orders/"+string(l.Order)).wants(t, http.StatusOK, `<li id="row-`+itoa(e.Seq)+`">`)
		}
	}
	for what, amount := range map[string]int64{"Yearly price": st.Fixed, "Call-outs: 1": st.CallOuts, "Work by the hour": st.Work, "Penalties of the lines": -st.Owed,
		"month's bound of 300.00": st.CapReduction, "Total in CNY": st.Total} {
		if row := rowWith(t, page.text, what); !strings.HasSuffix(row, " "+report.Money(amount)+"|") {
			t.Errorf("%q is %s on the page and %s by the API", what, row, report.Money(amount))
		}
	}
	page.wants(t, http.StatusOK, "Quicklift Services, March 2026", itoa(int64(st.Kept))+" kept, "+itoa(int64(st.Missed))+" missed, "+itoa(int64(st.Open))+" open, "+itoa(int64(st.Void))+" that do not count",
		"penalty: clause 9.1", "no penalty: excluded: clause 9.9", "it had gone by itself", "times are those of Asia/Shanghai", "not:%!")
}

func TestAStatementIsIssuedObjectedToAndDecidedOnItsPage(t *testing.T) {
	s := newSite(t)
	o := badMonth(s)
	s.signIn()
	line := string(o["late"].ID) + ".1.attend"
	s.get(march).wants(t, http.StatusOK, "Not issued yet", "Issue it to the contractor", "not:Note the contractor")
	s.press(march+"/object", "line", line, "reason", "too early").wants(t, http.StatusConflict, "has not been issued")
	s.press(march+"/issue").wants(t, http.StatusOK, "Issued by the office on 2 Apr 2026", "The contractor may object until 9 Apr 2026", "not:Issue it to")
	s.press(march+"/issue").wants(t, http.StatusConflict, "was issued on")
	s.press(march+"/object", "line", line, "by", "Wu <Gang>", "reason", " ").wants(t, http.StatusBadRequest, "Say why", `value="Wu &lt;Gang&gt;"`, `aria-describedby="wrong-`+line+`"`)
	r := s.press(march+"/object", "line", line, "by", "Wu <Gang>", "reason", "the gate was locked")
	r.wants(t, http.StatusOK, "Objected to by Wu &lt;Gang&gt;", "the gate was locked", "Objections: 1; accepted 0, refused 0, undecided 1.")
	s.press(march+"/object", "line", line, "reason", "once more").wants(t, http.StatusConflict, "was objected to", "not:%!")
	before := s.apiStatement(march)
	s.press(march+"/accept", "line", line, "reason", "true, it was").wants(t, http.StatusOK, "Accepted by the office", "no penalty: the objection was accepted: true, it was", "accepted 1")
	if after := s.apiStatement(march); after.Owed >= before.Owed {
		t.Errorf("accepted, and the month owes %d as before", after.Owed)
	}
	s.Jump(8 * 24 * time.Hour)
	s.get(march).wants(t, http.StatusOK, "The time to object ended on", "not:Note the contractor")
	s.press(march+"/object", "line", string(o["late"].ID)+".1.restore", "reason", "the gate <again>").wants(t, http.StatusConflict, "The time to object is over")
	s.press(march+"/burn").wants(t, http.StatusNotFound)
	s.press(march+"/accept", "line", "wo-9.1.attend", "reason", "x").wants(t, http.StatusNotFound)
}

func TestStatementsAreListedByContractorAndOfAMonthThatLastsItIsSaid(t *testing.T) {
	s := newSite(t)
	s.Open(doorFault)
	s.signIn()
	s.get("/").wants(t, http.StatusOK, `href="/statements"`)
	s.get("/statements").wants(t, http.StatusOK, "Quicklift Services", "Lifts, attended", `href="`+march+`">March 2026</a> <span class="dim">the month is not over`, "February 2026", "not issued yet")
	s.get(march).wants(t, http.StatusOK, "Provisional: the month is not over", "windows that still run: 3", "not:Issue it to", `href="/statements/quicklift-2026/2026-02" rel="prev"`, `not:rel="next"`)
	s.get("/statements/quicklift-2026/2026-02").wants(t, http.StatusOK, "No window ended in this month", `href="`+march+`" rel="next"`)
	s.get(march+"?lang=zh").wants(t, http.StatusOK, "结算单：快梯维保，2026年3月", "暂定：本月尚未结束", "年费的当月部分", "电梯驻场维保")
	s.get("/statements/slow/2026-03").wants(t, http.StatusNotFound)
	s.get("/statements/quicklift-2026/march").wants(t, http.StatusNotFound)
}

func TestEveryGroundAndDoubtIsSaidInBothLanguages(t *testing.T) {
	s := newSite(t)
	badMonth(s)
	s.signIn()
	en, zh := s.get(march+"?lang=en").text, s.get(march+"?lang=zh").text
	for _, page := range []string{en, zh} {
		if i := strings.Index(page, "statement."); i >= 0 {
			t.Errorf("a key is shown: %q", page[i:min(len(page), i+80)])
		}
	}
	for _, english := range []string{"penalty", "missed", "kept", "excluded", "Objections", "by itself", "contract ", "profile ", "default"} {
		if strings.Contains(strings.ReplaceAll(zh, `class="`, ""), english) {
			t.Errorf("the Chinese page says %q", english)
		}
	}
}
