package web_test

import (
	"net/http"
	"testing"
	"time"

	"plantroom"
)

// atWork is a site where somebody has accepted a lift fault, with the path of
// the job page and what its forms were made for.
func atWork(t *testing.T) (*site, plantroom.WorkOrder, string, string) {
	s := newSite(t)
	o := s.Open(doorFault)
	job := s.JobPath(o)
	s.get(job).wants(t, http.StatusOK, "not:You cannot go on?") // nobody is at work yet
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang", "eta", "10")
	r.wants(t, http.StatusOK, "You cannot go on?", "No access (needs proof)", "Storm")
	return s, o, job, seenOf(t, r)
}

func TestATechnicianWhoCannotGoOnAsksAndTheOfficeAgrees(t *testing.T) {
	s, o, job, seen := atWork(t)
	s.press(job+"/pause", "seen", seen, "code", "no_access", "reason", "the machine room is locked").
		wants(t, http.StatusBadRequest, "wants proof for a pause for no_access")
	s.press(job+"/pause", "seen", seen, "code", "no_access", "reason", "the machine room is locked", "proof", "photo 7").
		wants(t, http.StatusOK, "A pause is asked for: No access.", "the machine room is locked (photo 7)", "not:I can go on", "not:You cannot go on?")
	s.signIn()
	page := "/orders/" + string(o.ID)
	s.get(page).wants(t, http.StatusOK, "A pause is asked for: No access.", "Agree to the pause", "Refuse the pause", "not:Let the clocks run")
	s.press(page+"/agree_pause").wants(t, http.StatusOK, "The clocks pause: No access.", "It ends by itself at 11:00", "Let the clocks run", "not:Agree to the pause")
	s.Pass(30 * time.Minute)
	s.get(job).wants(t, http.StatusOK, "The clocks pause: No access.", "I can go on")
	s.press(job+"/continue", "seen", seen).wants(t, http.StatusOK, "not:The clocks pause", "30 min left of 30 min")
}

func TestTheOfficeRefusesAPauseWithAReason(t *testing.T) {
	s, o, job, seen := atWork(t)
	s.press(job+"/pause", "seen", seen, "code", "no_access", "reason", "locked", "proof", "photo 7")
	s.signIn()
	page := "/orders/" + string(o.ID)
	s.press(page+"/refuse_pause", "reason", "the key hangs at the gate").wants(t, http.StatusOK, "pause refused", "the key hangs at the gate", "not:A pause is asked for")
	s.get(job).wants(t, http.StatusOK, "You cannot go on?")
}

func TestTheOfficeCannotAgreeToItsOwnPause(t *testing.T) {
	s, o, _, _ := atWork(t)
	s.signIn()
	page := "/orders/" + string(o.ID)
	s.get(page).wants(t, http.StatusOK, "Pause the clocks")
	s.press(page+"/pause", "code", "no_access", "reason", "the owner is away", "proof", "letter 3").wants(t, http.StatusOK, "A pause is asked for")
	s.press(page+"/agree_pause").wants(t, http.StatusForbidden, "a second person has to decide")
}

func TestAPauseCannotBeAskedForWithALifeAtStake(t *testing.T) {
	s := newSite(t)
	fault := doorFault
	fault.Severity = plantroom.Life
	o := s.Open(fault)
	job := s.JobPath(o)
	r := s.press(job+"/accept", "seen", seenOf(t, s.get(job)), "by", "Li Qiang")
	r.wants(t, http.StatusOK, "not:You cannot go on?")
	s.press(job+"/pause", "seen", seenOf(t, r), "code", "weather", "reason", "hail").wants(t, http.StatusBadRequest, "a life is at stake")
}
