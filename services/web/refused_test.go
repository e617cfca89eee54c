package web_test

import (
	"html"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/httpapi/apitest"
)

var otherLanguage = regexp.MustCompile(`<a href="([^"]+)" lang="zh"`)

// TestTheLanguageCanBeChangedOnAPageThatRefusesAPress: the page answers a POST, and
// its own address cannot be asked for.
func TestTheLanguageCanBeChangedOnAPageThatRefusesAPress(t *testing.T) {
	s := newSite(t)
	s.Owes()
	o := s.Open(doorFault)
	job, order := s.JobPath(o), "/orders/"+string(o.ID)
	s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.signIn()
	s.Planned("painting")
	for path, r := range map[string]reply{
		job:                  s.press(job+"/decline", "seen", "x"),
		job + "/steps":       s.press(job+"/tasks/notice", "by", "Li Qiang"),
		order:                s.press(order + "/cancel"),
		"/works/painting":    s.press("/works/painting/cancel"),
		"/announce":          s.press("/announce"),
		"/cases/new":         s.press("/cases", "text", "x"),
		"/cases/case-000001": s.press("/cases/case-000001/say", "by", "lin"),
		march:                s.press(march + "/issue"),
		"/":                  s.press("/orders/wo-000099/cancel"),
	} {
		if r.StatusCode < 400 {
			t.Fatalf("%s: %s: this was to be refused", path, r.Status)
		}
		link := otherLanguage.FindStringSubmatch(r.text)
		if link == nil {
			t.Fatalf("%s: no link to the other language in %s", path, r.text)
		}
		if want := path + "?lang=zh"; html.UnescapeString(link[1]) != want {
			t.Errorf("%s: the other language is at %s", path, link[1])
		}
		s.get(html.UnescapeString(link[1])).wants(t, http.StatusOK, `<html lang="zh">`)
		s.get("/?lang=en")
	}
}

func TestWhatTheOfficeHasTypedIsNotLostWhereItIsRefused(t *testing.T) {
	s := newSite(t)
	s.Owes()
	o := s.Open(doorFault)
	s.signIn()
	order, version := "/orders/"+string(o.ID), itoa(o.Version)
	s.Pass(6 * time.Minute) // a clock has moved it
	s.press(order+"/acknowledge", "version", version, "by", "Wu <Gang>", "eta", "25").
		wants(t, http.StatusConflict, `name="by" required maxlength="80" autocomplete="name" value="Wu &lt;Gang&gt;"`, `value="25"`)
	s.press(order+"/acknowledge", "by", "Wu Gang", "eta", "soon").wants(t, http.StatusBadRequest, `value="Wu Gang"`)
	s.press(order+"/transfer", "version", version, "to", "grandlift", "reason", "under warranty").
		wants(t, http.StatusConflict, `<option value="grandlift" selected>`, `value="under warranty"`)
	s.hand(order+"/tasks/notice", []string{"by", "Lin Mei", "note", "all landings", "ref", "roll 7"}, "no photo").
		wants(t, http.StatusBadRequest, "only JPEG", "<details open>", `value="Lin Mei"`, `value="all landings"`, `value="roll 7"`)
	s.hand(order+"/proofs", []string{"note", "the landing"}, "no photo").wants(t, http.StatusBadRequest, "only JPEG", `value="the landing"`)
	s.press("/cases/case-000001/say", "by", "lin", "to", "Mr Gao", "text", "there is a <plan>\nof two parts").
		wants(t, http.StatusBadRequest, `value="Mr Gao"`, "there is a &lt;plan&gt;\nof two parts</textarea>", `<option value="lin" selected>`)
	s.press("/cases/case-000001/close", "by", "lin", "outcome", "paid", "text", "came by").wants(t, http.StatusConflict, `<option value="paid" selected>`, `value="came by"`)
	s.press("/cases/case-000001/steps/bill", "by", "lin").wants(t, http.StatusBadRequest, `<option value="lin" selected>`)
}

func TestWhatATechnicianHasTypedIsNotLostAndStaysWhereItBelongs(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	seen := seenOf(t, s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang"))
	s.hand(job+"/fix", []string{"seen", seen, "note", "roller replaced"}, "no photo").wants(t, http.StatusBadRequest, "only JPEG", ">roller replaced</textarea>")
	s.hand(job+"/tasks/notice", []string{"by", "Wu Gang", "note", "at all landings", "ref", "roll 7"}, "no photo").
		wants(t, http.StatusBadRequest, "only JPEG", `value="Wu Gang"`, ">at all landings</textarea>", "<details open>")
	s.hand(job+"/pause", []string{"seen", seen, "code", "no_access", "reason", "the room is locked", "proof", "photo 7"}, "no photo").
		wants(t, http.StatusBadRequest, `value="the room is locked"`, `value="photo 7"`, "not:>the room is locked</textarea>")
	// Why a firm declines is no account of its work.
	s.press(job+"/decline", "seen", "dispatched/", "reason", "no drive in store").
		wants(t, http.StatusConflict, "It has changed", `value="no drive in store"`, "not:>no drive in store</textarea>")
}

func TestARefusalIsOnTheEstatesClocksAndInTheVisitorsWords(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.must(o, plantroom.DoAcknowledge, "Li Qiang", 10)
	s.signIn()
	order := "/orders/" + string(o.ID)
	s.press(order+"/acknowledge", "by", "Wu Gang").wants(t, http.StatusConflict, "acknowledged by Li Qiang (Quicklift Services) at 10:00 already")
	s.get("/?lang=zh")
	s.press(order+"/acknowledge", "by", "Wu Gang").wants(t, http.StatusConflict, "10:00 已由Li Qiang (快梯维保)接单")
	s.press(order+"/cancel").wants(t, http.StatusBadRequest, "请填写取消原因", "not:ledger keeps")
	s.press(order+"/merge", "other", "wo-000002").wants(t, http.StatusBadRequest, "请填写原因", "not:ledger keeps")
	s.hand(order+"/tasks/notice", []string{"by", "x"}).wants(t, http.StatusBadRequest, "的凭证缺少照片或其编号")
	s.hand(order+"/proofs", nil, "x").wants(t, http.StatusBadRequest, "只接收 JPEG、PNG、PDF 文件")
}

// TestTheChineseOrdersPageSaysItsPromisesAndChoiceInChinese looks at every basis
// and every reason of the window check.
func TestTheChineseOrdersPageSaysItsPromisesAndChoiceInChinese(t *testing.T) {
	s := newSite(t)
	o := s.busyMorning()
	s.Prove(o["proving"])
	again := s.Open(sameFault("b2-l2"))
	s.signIn()
	s.press("/orders/"+string(o["door"].ID)+"/split", "scope", "the rope", "asset", "b1-l2", "to", "grandlift")
	ids := regexp.MustCompile(`wo-\d+|quicklift-2026|grandlift-2026|office-2026|cn-urban|[a-z]+-20\d\d|(?:contract, )?clause [\d.]+|national lift maintenance rule.*`)
	looked := 0
	for name, order := range map[string]plantroom.OrderID{"trapped": o["trapped"].ID, "leak": o["leak"].ID, "bin": o["bin"].ID, "door": o["door"].ID, "again": again.ID} {
		page := s.get("/orders/" + string(order) + "?lang=zh").text
		for _, part := range regexp.MustCompile(`(?s)<ul class="clocks wide">.*?</ul>|<h2>谁能按时到</h2>.*?</ul>`).FindAllString(page, -1) {
			for _, m := range regexp.MustCompile(`<span[^>]*>([^<]*)</span>`).FindAllStringSubmatch(part, -1) {
				looked++
				text := ids.ReplaceAllString(html.UnescapeString(m[1]), "")
				for _, english := range []string{"contract", "profile", "default", " from ", "where", "free", "there by", "away", "to spare", "too late", "cheapest", "office", "promises", "reopen"} {
					if strings.Contains(text, english) {
						t.Errorf("%s says %q in %q", name, english, text)
					}
				}
			}
		}
	}
	if looked < 20 {
		t.Fatalf("%d words were looked at: does this test still read the page right?", looked)
	}
}

func sameFault(asset plantroom.AssetID) apitest.Fault {
	return apitest.Fault{Rule: "lift.fault", Asset: asset, Cause: "position_lost", Severity: plantroom.Medium, Detail: "position lost", Needed: 3}
}

// A telephone in a lift shaft does not need to know where the server keeps files.
func TestALinkDoesNotTellWhereTheServerKeepsFiles(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	s.hand(job+"/proofs", nil, photo(t, 1)).wants(t, http.StatusOK)
	dir := s.Files.Dir.Path()
	if err := os.Remove(filepath.Join(dir, sumOf(photo(t, 1)))); err != nil {
		t.Fatal(err)
	}
	s.get(job+"/proofs/"+sumOf(photo(t, 1))).wants(t, http.StatusNotFound, "not:"+dir, "not:backup")
}
