package detect_test

import (
	"testing"
	"time"
)

// A gateway comes back after two hours and tells what happened meanwhile. The
// incidents are those that would have been opened at the time.

func awayForTwoHours(h *house) {
	h.says("bay/occupied", false)
	h.wait(time.Second)
	h.leaves("gw-1")
	h.wait(2 * time.Hour)
	h.returns("gw-1")
	h.expect("opened gateway.silent gw-1", "cleared gateway.silent gw-1")
}

func TestAStopWithinTheGraceInABacklogIsNothing(t *testing.T) {
	h := newHouse(t, estate())
	awayForTwoHours(h)
	h.said("bay/occupied", true, eight.Add(time.Hour))
	h.wait(10 * time.Second) // the rest of the backlog takes its time; the clock is looked at meanwhile
	h.said("bay/occupied", false, eight.Add(time.Hour+time.Minute))
	h.wait(30 * time.Second)
	h.expect()
}

func TestAStopBeyondTheGraceInABacklogIsAnIncidentOfItsTime(t *testing.T) {
	h := newHouse(t, estate())
	awayForTwoHours(h)
	came := eight.Add(time.Hour)
	h.said("bay/occupied", true, came)
	h.said("bay/occupied", false, came.Add(time.Hour/2))
	h.expect("opened bay.forbidden_stop lane", "cleared bay.forbidden_stop lane")
	inc := h.only("bay.forbidden_stop")
	if inc.Episode != came.Add(5*time.Minute) || inc.Cleared != came.Add(30*time.Minute) || inc.Opened != h.now {
		t.Errorf("got %+v", inc)
	}
}

func TestACarThatMayHaveLeftIsNotReportedWhileItsGatewayIsAway(t *testing.T) {
	h := newHouse(t, estate())
	h.says("bay/occupied", true)
	h.wait(time.Minute)
	h.leaves("gw-1")
	h.wait(time.Hour)
	h.expect("opened gateway.silent gw-1")

	h.returns("gw-1")
	h.says("controller/fault", "none") // fresh, with nothing to tell of the bay: the car is still there
	h.wait(time.Second)
	h.expect("cleared gateway.silent gw-1", "opened bay.forbidden_stop lane")
	if inc := h.only("bay.forbidden_stop"); inc.Episode != eight.Add(5*time.Minute) {
		t.Errorf("got %+v", inc)
	}
}

func TestAGatewayThatReturnsWithoutABacklogIsBelievedAfterAMinute(t *testing.T) {
	h := newHouse(t, estate())
	h.says("bay/occupied", true)
	h.wait(time.Minute)
	h.leaves("gw-1")
	h.wait(10 * time.Minute)
	h.returns("gw-1")
	h.wait(59 * time.Second)
	h.expect("opened gateway.silent gw-1", "cleared gateway.silent gw-1")
	h.wait(time.Second)
	if inc := h.only("bay.forbidden_stop"); inc.Episode != eight.Add(5*time.Minute) || inc.Opened != h.now {
		t.Errorf("got %+v", inc)
	}
}

func TestTimeIsJudgedBeforeAReadingHoweverFewLooksAtTheClock(t *testing.T) {
	h := newHouse(t, estate())
	h.says("spot/state", "wet")
	h.now = h.now.Add(3 * time.Hour) // nobody ticks
	h.said("spot/state", "dry", eight.Add(time.Minute))
	h.said("spot/state", "wet", eight.Add(2*time.Hour))
	h.said("spot/state", "wet", eight.Add(2*time.Hour+1))
	h.expect("opened leak.wet flat", "cleared leak.wet flat", "progress leak.wet flat", "proved leak.wet flat", "opened leak.wet flat")
}
