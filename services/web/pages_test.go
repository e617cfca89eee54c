package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"plantroom"
	"plantroom/services/httpapi/apitest"
)

func TestAStrangerIsLedToTheSignInPageAndBack(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	r := s.get("/orders/" + string(o.ID))
	r.wants(t, http.StatusOK, "Operator token", `value="/orders/`+string(o.ID)+`"`)
	s.press("/login", "token", "wrong", "next", "/quarantine").wants(t, http.StatusUnauthorized, "That is not the operator token", `value="/quarantine"`)
	if r := s.press("/login", "token", apitest.Token, "next", "/quarantine"); r.Request.URL.Path != "/quarantine" {
		t.Errorf("signing in led to %s", r.Request.URL)
	}
	if r := s.press("/login", "token", apitest.Token, "next", "//evil.example/x"); r.Request.URL.Path != "/" {
		t.Errorf("signing in led to %s", r.Request.URL)
	}
	s.press("/logout").wants(t, http.StatusOK, "Operator token")
	s.get("/").wants(t, http.StatusOK, "Operator token")
}

var doorFault = apitest.Fault{Rule: "lift.fault", Asset: "b1-l1", Cause: "door_close_fault", Severity: plantroom.Medium, Detail: "door does not close", Needed: 3}

func TestTheBoardSaysWhatIsWrongSinceWhenWhoIsOnItAndWhatIsLeft(t *testing.T) {
	s := newSite(t)
	s.busyMorning()
	s.signIn()
	r := s.get("/")
	r.wants(t, http.StatusOK,
		"Lift 1, block 2", "People trapped in the car", "danger to life", "since 10:20, 1 min 20 s", "Li Qiang (Quicklift Services) is coming, there by 10:25",
		"Quicklift Services was called at 10:12; nobody has answered", "late by 4 min 50 s", "13 min left of 15 min",
		"reported it fixed at 10:20; the sensor is silent and can neither prove nor contradict it", "clean cycles seen: 1 of 3",
		"silent since 10:09, 12 min", "not heard yet", "heard 20 s ago", `href="/quarantine"><b>2</b> in quarantine`)
	// Life first; then the answer that is latest, the next latest, and last
	// what still has time.
	at := -1
	for _, fault := range []string{"People trapped in the car", "Bin full", "Door does not close", "Car position lost"} {
		next := strings.Index(r.text, fault)
		if next <= at {
			t.Errorf("%q stands at %d, behind what is less urgent at %d", fault, next, at)
		}
		at = next
	}
	s.get("/?lang=zh").wants(t, http.StatusOK, `<html lang="zh">`, "困人", "危及生命", "Li Qiang（快梯维保）正在赶来，预计 10:25 到", "超时 4分50秒")
	s.get("/").wants(t, http.StatusOK, `<html lang="zh">`) // remembered
}

func TestAnEmptyHouseIsSaidToBeEmptyAndItsGatewaysUnknown(t *testing.T) {
	s := newSite(t)
	s.signIn()
	s.get("/").wants(t, http.StatusOK, "No open orders.", `class="line unknown"><b>Gateway, block 1</b> <span>not heard yet`, "not:line green")
}

func TestAnOrdersPageHoldsItsWholeStory(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.Pass(6 * time.Minute)
	s.GiveUp(o, "connection refused")
	s.signIn()
	path := "/orders/" + string(o.ID)
	s.get(path).wants(t, http.StatusOK, "fault seen", "order raised", "given to a contractor", "window missed",
		"Quicklift Services <span class=\"chosen\">chosen", "Grand Elevator Works", "2h away", "door does not close", "given up", "connection refused", "Send again", "Accept for somebody")
	s.press(path+"/acknowledge", "by", "Wu Gang", "eta", "10", "version", "1").wants(t, http.StatusConflict, "It has changed since you looked")
	now := s.Order(o.ID)
	s.press(path+"/acknowledge", "by", "Wu Gang", "eta", "10", "version", itoa(now.Version)).wants(t, http.StatusOK, "Wu Gang (Quicklift Services) is coming, there by 10:16", "by the office")
	s.press(path+"/cancel", "version", itoa(s.Order(o.ID).Version)).wants(t, http.StatusBadRequest, "say why the order is cancelled")
	s.press(path+"/prove").wants(t, http.StatusNotFound)
	s.press(path+"/acknowledge", "eta", "soon").wants(t, http.StatusBadRequest)
}

func TestADeadCallIsSentAgainFromTheOrdersPage(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	call := s.GiveUp(o, "connection refused")[0]
	s.signIn()
	s.press("/orders/"+string(o.ID)+"/calls/"+string(call.ID)+"/retry").wants(t, http.StatusOK, "waiting")
	s.get("/assets/b1-l1").wants(t, http.StatusOK, "Lift 1, block 1", "passenger lift", "Door does not close", "b1-l1-box")
	s.get("/assets/b9-l9").wants(t, http.StatusNotFound, "There is nothing here")
	s.get("/nonsense").wants(t, http.StatusNotFound, "There is nothing here")
}

// A test of a channel is about no order, so no page could show more of it.
func TestTheBoardDoesNotListTestsOfChannelsThatWereGivenUp(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.Put(plantroom.Call{ID: "msg-test", Kind: "channel.test", Order: "channel.sms", Channel: "sms", To: "+1", Who: "person:lin", Subject: "Test of the channel sms",
		Body: []byte("{}"), State: plantroom.CallDead, Created: s.Now()})
	s.signIn()
	s.get("/").wants(t, http.StatusOK, "not:Test of the channel", "not:/orders/channel.sms")
	s.GiveUp(o, "connection refused")
	s.get("/").wants(t, http.StatusOK, "/orders/"+string(o.ID)+"#calls")
}

// A channel that has been out of order for weeks has left more dead tests than the
// board shows of anything.
func TestDeadTestsOfChannelsDoNotHideACallThatNobodyTook(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.GiveUp(o, "connection refused")
	for n := range 250 {
		s.Put(plantroom.Call{ID: plantroom.MessageID("msg-" + itoa(int64(n))), Kind: "channel.test", Order: "channel.sms", Channel: "sms", To: "+1", Who: "person:lin", Subject: "Test",
			Body: []byte("{}"), State: plantroom.CallDead, Created: s.Now()})
	}
	s.signIn()
	s.get("/").wants(t, http.StatusOK, "/orders/"+string(o.ID)+"#calls", "not:<b>0</b> calls not delivered")
}

// What was not delivered is said in the visitor's language, whatever the receiver's
// is: lin is called in Chinese.
func TestTheBoardSaysInTheVisitorsLanguageWhatWasNotDelivered(t *testing.T) {
	s := newSite(t)
	o := s.Open(doorFault)
	s.Pass(6 * time.Minute)
	calls := s.GiveUp(o, "connection refused")
	s.signIn()
	page := s.get("/?lang=en").text
	inChinese := 0
	for _, c := range calls {
		if strings.ContainsRune(c.Subject, '：') {
			inChinese++
		}
	}
	page = strings.ReplaceAll(page, "中文", "")
	if inChinese == 0 || strings.ContainsFunc(page, func(r rune) bool { return unicode.Is(unicode.Han, r) }) || !strings.Contains(page, "window missed · wo-000001 · Lift 1, block 1 · Door does not close") {
		t.Errorf("%d calls are in Chinese; the English board:\n%s", inChinese, page)
	}
}

func TestOneOrderIsNoOrders(t *testing.T) {
	s := newSite(t)
	s.Open(doorFault)
	s.signIn()
	s.get("/").wants(t, http.StatusOK, "<b>1</b> open order<", "Times are those of Asia/Shanghai.", `<a href="/" aria-current="page">Board`)
	s.Open(apitest.Fault{Rule: "bin.full", Asset: "b2-bin-1", Cause: "full", Severity: plantroom.Medium, Detail: "94 % full"})
	s.get("/").wants(t, http.StatusOK, "<b>2</b> open orders<")
}

func TestTheQuarantineShowsTextAsTextAndTheRestInHex(t *testing.T) {
	s := newSite(t)
	s.Hold(
		plantroom.Quarantined{Gateway: "gw-b1", Epoch: 1, Seq: 1, At: s.Now(), Stage: "check", Source: "b1-l1-box", Reason: "floor is 412", Raw: []byte(`<script>alert("412")</script>`)},
		plantroom.Quarantined{Gateway: "gw-b1", Epoch: 1, Seq: 2, At: s.Now(), Stage: "gateway", Source: "up", Reason: "cut off", Raw: []byte{0x03, 0x00, 0xff}},
	)
	s.signIn()
	s.get("/quarantine").wants(t, http.StatusOK, "Entries: 2.", "floor is 412", "&lt;script&gt;", "not:<script>alert", "03 00 ff", "in the check")
}

func TestStaticFilesMayBeKeptForEverUnderTheirFingerprint(t *testing.T) {
	s := newSite(t)
	page := s.get("/login").text
	_, after, _ := strings.Cut(page, `href="/static/app.css?v=`)
	v, _, _ := strings.Cut(after, `"`)
	if r := s.get("/static/app.css?v=" + v); r.StatusCode != http.StatusOK || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%s, %v", r.Status, r.Header)
	}
	if r := s.get("/static/app.css?v=old"); strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("under an old fingerprint: %v", r.Header)
	}
	s.get("/static/..%2fweb.go").wants(t, http.StatusNotFound)
	s.get("/static/nothing.js").wants(t, http.StatusNotFound)
}

func TestAnOrdersPageSaysWhichPromiseBindsAndWhereItIsWritten(t *testing.T) {
	s := newSite(t)
	o := s.Open(apitest.Fault{Rule: "lift.entrapment", Asset: "b1-l1", Cause: "entrapment", Severity: plantroom.Life, Detail: "two people", Needed: 3})
	s.signIn()
	s.get("/orders/"+string(o.ID)).wants(t, http.StatusOK, "from the raising of the order until somebody is there", "from the dispatch until somebody answers",
		"contract quicklift-2026", "where profile cn-urban wants 30m from raised: national lift maintenance rule: on site within 30 min")
	s.get("/orders/"+string(o.ID)+"?lang=zh").wants(t, http.StatusOK, "自生成工单起，至人员到场止")
}

func TestAStepOfThePlaybookIsDoneOnTheOrdersPageWithItsProof(t *testing.T) {
	s := newSite(t)
	o := s.Open(apitest.Fault{Rule: "lift.entrapment", Asset: "b1-l1", Cause: "entrapment", Severity: plantroom.Life, Detail: "two people", Needed: 3})
	s.signIn()
	path := "/orders/" + string(o.ID)
	s.get(path).wants(t, http.StatusOK, "Playbook", "Sign the lift over to the office", "technician · proof: a signature", "Photo or paper")
	s.press(path+"/tasks/handover", "by", "Li Qiang").wants(t, http.StatusBadRequest, "the proof of handover lacks what was signed, or a reference to it")
	s.press(path+"/tasks/handover", "by", "Li Qiang", "ref", "paper <7>").wants(t, http.StatusOK, "Li Qiang", "paper &lt;7&gt;", "step of the playbook done", "not:paper <7>")
	s.press(path+"/tasks/handover", "by", "Wu Gang", "ref", "another").wants(t, http.StatusConflict, "was noted as done")
	s.press(path+"/tasks/nothing").wants(t, http.StatusNotFound)
	s.get(path+"?lang=zh").wants(t, http.StatusOK, "处置步骤", "签字移交物业")
}
