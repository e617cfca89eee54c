package web_test

import (
	"net/http"
	"testing"
	"time"

	"plantroom"
)

// twoFaults are orders for two lifts, and the page of the second.
func twoFaults(t *testing.T) (s *site, first, second plantroom.WorkOrder, page string) {
	s = newSite(t)
	first = s.Open(doorFault)
	other := doorFault
	other.Asset = "b1-l2"
	second = s.Open(other)
	s.signIn()
	return s, first, second, "/orders/" + string(second.ID)
}

func TestTheOfficeGivesAnOrderToAnotherContractorFromItsPage(t *testing.T) {
	s, _, o, page := twoFaults(t)
	job := s.JobPath(o)
	s.get(page).wants(t, http.StatusOK, "Give it to another contractor", `<option value="grandlift">Grand Elevator Works</option>`)
	s.press(page+"/transfer", "to", "grandlift").wants(t, http.StatusBadRequest, "say why")
	s.press(page+"/transfer", "to", "grandlift", "reason", "the drive is under warranty", "version", itoa(o.Version)).
		wants(t, http.StatusOK, "given to another contractor by the office", "the drive is under warranty", "Grand Elevator Works was called")
	s.press(page+"/transfer", "to", "grandlift", "reason", "the drive is under warranty", "version", itoa(o.Version)).wants(t, http.StatusOK) // pressed twice
	s.press(page+"/cancel", "reason", "a drill", "version", itoa(o.Version)).
		wants(t, http.StatusConflict, "It has changed since you looked", "given to another contractor by")
	s.get(job).wants(t, http.StatusGone, "not:Accept this job")
}

func TestTheOfficeMergesOrdersAndBothPagesSayWhereItGoesOn(t *testing.T) {
	s, first, o, page := twoFaults(t)
	job := s.JobPath(o)
	s.get(page).wants(t, http.StatusOK, "Merge it into another order", `<option value="`+string(first.ID)+`">`)
	s.press(page+"/merge", "other", string(first.ID), "reason", "one supply").
		wants(t, http.StatusOK, "Goes on as "+string(first.ID), `<a href="/orders/`+string(first.ID)+`">`, "merged into another order", "not:Split a part off")
	s.get("/orders/"+string(first.ID)).wants(t, http.StatusOK, "was merged into it", `<a href="`+page+`">`, "another order was merged into it")
	s.get(job).wants(t, http.StatusGone, "This job goes on as another one")
	s.get("/").wants(t, http.StatusOK, "not:"+page) // the board has one order, and no fault without one
}

func TestTheOfficeSplitsAPartOffAndRelatesOrders(t *testing.T) {
	s, first, o, page := twoFaults(t)
	s.Pass(time.Minute)
	s.press(page+"/split", "scope", "the drive <b>", "asset", "b1-l1", "to", "grandlift").wants(t, http.StatusOK, "a part was split off", "is a part of it")
	part := s.Order(o.ID).Parts[0]
	s.get("/orders/"+string(part)).wants(t, http.StatusOK, "A part: the drive &lt;b&gt;", "is the whole of which this is a part", "Grand Elevator Works was called")
	s.press(page+"/relate", "other", string(first.ID)).wants(t, http.StatusOK, "is related", "No longer related")
	s.press(page+"/unrelate", "other", string(first.ID)).wants(t, http.StatusOK, "not:No longer related</button>")
	s.Prove(o)
	s.get("/").wants(t, http.StatusOK, string(part))
	s.get("/orders/"+string(part)).wants(t, http.StatusOK, "the whole is proved; the part is not done yet")
}

func TestAClaimThatTheSensorContradictsIsShownAsSuch(t *testing.T) {
	s, _, _, page := twoFaults(t)
	s.press(page+"/acknowledge", "by", "Li Qiang").wants(t, http.StatusOK)
	s.press(page+"/arrive").wants(t, http.StatusOK)
	s.press(page+"/fix", "note", "door adjusted").wants(t, http.StatusOK, "the sensor has yet to agree", "not:but the sensor does not agree")
	s.Pass(3 * time.Minute)
	s.get(page).wants(t, http.StatusOK, "reported fixed, but the sensor does not agree", "door adjusted")
	s.get("/").wants(t, http.StatusOK, "reported fixed, but the sensor does not agree")
}
