package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestThePagesOfPlannedWorksListWhomToCallAndTakeWhatIsSaid(t *testing.T) {
	s := newSite(t)
	s.signIn()
	s.get("/works").wants(t, http.StatusOK, "No works are planned.", `href="/announce"`)
	s.Planned("painting")
	s.get("/works").wants(t, http.StatusOK, `<a href="/works/painting">Painting</a>`, "planned", "Lift 1, block 1", "3 Mar 2026 10:00 to 3 Mar 2026 14:00", "residents with registered needs to be called: 1")
	const page = "/works/painting"
	s.get(page).wants(t, http.StatusOK, "Painting", "Announced by Lin Mei on 2 Mar 2026 10:00", "Call them off", "not:They are done")
	s.get(page).wants(t, http.StatusOK, "Chen &lt;Bo&gt;", "Flat 12a, block 1, floor 12 · wheelchair", "I have talked to them", "Quicklift Services</b> <span>planned works, webhook: waiting")
	s.press(page+"/reached", "person", "chen").wants(t, http.StatusOK, "reached by", "not:I have talked to them")
	s.press(page+"/finish").wants(t, http.StatusConflict, "have not begun")
	s.press(page+"/paint").wants(t, http.StatusNotFound)
	s.press("/works/nothing/cancel", "reason", "rain").wants(t, http.StatusNotFound)
	s.get("/works/nothing").wants(t, http.StatusNotFound)
	s.Pass(24*time.Hour + time.Minute)
	s.get(page).wants(t, http.StatusOK, "under way", "They are done", "They take longer", `value="2026-03-03T14:00"`)
	o := s.Open(doorFault)
	s.get("/orders/"+string(o.ID)).wants(t, http.StatusOK, "During planned works painting", `href="/works/painting"`)
	s.get(page).wants(t, http.StatusOK, `href="/orders/`+string(o.ID)+`"`)
	s.press(page+"/extend", "to", "2026-03-03T18:00", "reason", "rain").wants(t, http.StatusOK, "under way", "3 Mar 2026 10:00 to 3 Mar 2026 18:00")
	s.press(page+"/finish", "by", "Wu Gang").wants(t, http.StatusOK, "done", "Wu Gang", "not:Call them off")
	s.get("/works?lang=zh").wants(t, http.StatusOK, "计划施工", "已完工")
	s.get(page+"?lang=zh").wants(t, http.StatusOK, "完工", "涉及楼层", "全部")
}

func TestAStepThatIsRefusedKeepsWhatWasTypedBesideWhatIsWrong(t *testing.T) {
	s := newSite(t)
	s.signIn()
	s.Planned("painting")
	const page = "/works/painting"
	s.press(page+"/cancel").wants(t, http.StatusBadRequest, `aria-describedby="wrong-cancel"`, "Say why.")
	s.Pass(24*time.Hour + time.Minute)
	s.press(page+"/extend", "to", "soon", "reason", "the <rain>").wants(t, http.StatusBadRequest, `id="wrong-to">That is not a time.`, `value="soon"`, `value="the &lt;rain&gt;"`)
	s.press(page+"/extend", "to", "2026-03-02T18:00", "reason", "rain").wants(t, http.StatusBadRequest, "That is over already.", `value="2026-03-02T18:00"`, `value="rain"`)
	s.press(page+"/extend", "to", "2026-03-03T13:00", "reason", "rain").wants(t, http.StatusBadRequest, "after the end that was planned", `value="rain"`)
	s.press(page+"/extend", "to", "2026-03-03T18:00").wants(t, http.StatusBadRequest, `id="wrong-extend">Say why.`, `value="2026-03-03T18:00"`)
	s.get(page).wants(t, http.StatusOK, "3 Mar 2026 10:00 to 3 Mar 2026 14:00")
}

// announced is a form that is filled in well.
func announced(s *site) url.Values {
	s.t.Helper()
	r := s.get("/announce")
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(r.text)
	if id == nil {
		s.t.Fatalf("the form has no name for the works: %s", r.text)
	}
	return url.Values{"id": {id[1]}, "title_en": {"New ropes"}, "title_zh": {"更换钢丝绳"}, "text_en": {"Please use lift 2."}, "assets": {"b1-l1"}, "floors": {"5-7, 12"},
		"contractor": {"quicklift"}, "from": {"2026-03-09T08:00"}, "to": {"2026-03-09T12:00"}, "hold": {"managers"}}
}

func TestWorksAreAnnouncedOnAFormOnceHoweverOftenItIsSent(t *testing.T) {
	s := newSite(t)
	s.signIn()
	f := announced(s)
	r := s.send(http.MethodPost, "/announce", f)
	r.wants(t, http.StatusOK, "New ropes", "9 Mar 2026 08:00 to 9 Mar 2026 12:00", "Please use lift 2.", "5–7, 12", "the managers and the ladder are not called", "Announced by the office")
	if r.Request.URL.Path != "/works/"+f.Get("id") {
		t.Errorf("it led to %s", r.Request.URL)
	}
	s.send(http.MethodPost, "/announce", f).wants(t, http.StatusOK, "New ropes")
	if n := strings.Count(s.get("/works").text, "New ropes"); n != 1 {
		t.Errorf("they are announced %d times", n)
	}
	f.Set("title_en", "Old ropes")
	s.send(http.MethodPost, "/announce", f).wants(t, http.StatusConflict, "has announced works already", `value="Old ropes"`)
	only := announced(s)
	only.Del("title_en")
	s.send(http.MethodPost, "/announce?lang=en", only).wants(t, http.StatusOK, "更换钢丝绳")
}

// The most that is wrong at once, with nothing lost of what was typed.
func TestAFormWithFaultsComesBackWholeWithEachBesideItsField(t *testing.T) {
	s := newSite(t)
	s.signIn()
	for field, c := range map[string]struct {
		edit map[string][]string
		says string
	}{
		"title":      {map[string][]string{"title_en": {" "}, "title_zh": {""}}, "Give them a title"},
		"text":       {map[string][]string{"text_en": {strings.Repeat("x", 4001)}}, "The text is too long"},
		"assets":     {map[string][]string{"assets": nil}, "Choose at least one"},
		"floors":     {map[string][]string{"floors": {"5 to <7>"}}, "Write floors as in"},
		"contractor": {map[string][]string{"contractor": {"nobody"}}, "The estate has no such contractor"},
		"from":       {map[string][]string{"from": {"next <week>"}}, "That is not a time"},
		"to":         {map[string][]string{"to": {"2026-03-09T07:00"}}, "They would end before they begin"},
		"hold":       {map[string][]string{"hold": {"life"}}, "Choose one of these"},
	} {
		f := announced(s)
		for name, v := range c.edit {
			f[name] = v
		}
		r := s.send(http.MethodPost, "/announce", f)
		r.wants(t, http.StatusBadRequest, "Fields to be mended: 1.", `id="wrong-`+field+`">`+c.says, `wrong-`+field+`"`, `value="`+f.Get("id")+`"`)
		for name, values := range f {
			for _, v := range values {
				if v = strings.TrimSpace(v); field == name && (name == "contractor" || name == "hold") || v == "" {
					continue // one that is not on the list cannot be chosen again
				}
				if !strings.Contains(r.text, escaped(v)) {
					t.Errorf("%s: %s %q is lost", field, name, v)
				}
			}
		}
		if field != "assets" && !strings.Contains(r.text, `value="b1-l1" checked`) {
			t.Errorf("%s: the choice of assets is lost", field)
		}
		if field != "hold" && !strings.Contains(r.text, `value="managers" checked`) {
			t.Errorf("%s: what is held is lost", field)
		}
	}
	s.get("/works").wants(t, http.StatusOK, "No works are planned.")
	all := url.Values{"id": {"New Ropes"}, "floors": {strings.Repeat("1-999,", 10)}}
	s.send(http.MethodPost, "/announce?lang=zh", all).wants(t, http.StatusBadRequest, "表单已损坏", "需更正的项目：7")
	s.get("/announce?lang=zh").wants(t, http.StatusOK, "登记施工", "开始（Asia/Shanghai）")
}

// A block has hundreds of sensors, and two lifts: the kinds of which there are many
// are folded, unless one of them is chosen.
func TestAFormDoesNotBuryTheLiftsUnderTheSensorsOfTheFlats(t *testing.T) {
	s := newSite(t)
	e := s.Estate()
	for i := range 100 {
		e.Assets = append(e.Assets, plantroom.Asset{ID: plantroom.AssetID("flat-" + itoa(int64(i))), Domain: "leaks", Building: "b1"})
	}
	s.signIn()
	s.get("/announce").wants(t, http.StatusOK, "<details open><summary>Lifts (2)", "<details><summary>Water (101)")
	f := announced(s)
	f["assets"], f["title_en"], f["title_zh"] = []string{"flat-7"}, nil, nil
	s.send(http.MethodPost, "/announce", f).wants(t, http.StatusBadRequest, "<details open><summary>Water (101)", `value="flat-7" checked`)
}

func escaped(s string) string {
	return strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(s)
}

// TestEveryLinkOfACallThatNobodyTookLeadsToAPage: a call about works was once
// linked to an order of the works' name.
func TestEveryLinkOfACallThatNobodyTookLeadsToAPage(t *testing.T) {
	s := newSite(t)
	w := s.Planned("painting")
	s.GiveUp(plantroom.WorkOrder{ID: plantroom.OrderID(w.ID)}, "connection refused")
	o := s.Open(doorFault)
	s.GiveUp(o, "connection refused")
	left := plantroom.Call{ID: "msg-left", Kind: "works.left", Order: o.ID, Channel: "mqtt", To: "lin", Who: "person:lin", Subject: "still open", Body: []byte("{}"), State: plantroom.CallDead, Created: s.Now()}
	s.Put(left)
	s.signIn()
	board := s.get("/").text
	links := regexp.MustCompile(`href="(/[^"]*#calls)"`).FindAllStringSubmatch(board, -1)
	found := map[string]bool{}
	for _, l := range links {
		page, _, _ := strings.Cut(l[1], "#")
		found[page] = true
		s.get(page).wants(t, http.StatusOK, `id="calls"`, "connection refused", "Send again")
	}
	if !found["/works/painting"] || !found["/orders/"+string(o.ID)] {
		t.Fatalf("the board leads to %v", found)
	}
	call := regexp.MustCompile(`/works/painting/calls/[^/]+/retry`).FindString(s.get("/works/painting").text)
	s.press(call).wants(t, http.StatusOK, "waiting", "not:Send again")
	s.press("/works/painting/calls/nothing/retry").wants(t, http.StatusNotFound)
}
