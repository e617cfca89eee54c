package detect_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains/domaintest"
)

// heartbeats gives every device of gw-1 an interval: the controller speaks
// every 10 s, the others every 10 min.
func heartbeats() plantroom.Estate {
	e := estate()
	for i := range e.Devices {
		switch d := &e.Devices[i]; d.ID {
		case "controller":
			d.Interval = plantroom.Duration(10 * time.Second)
		case "spot", "level", "bay":
			d.Interval = plantroom.Duration(10 * time.Minute)
		}
	}
	return e
}

func TestADeviceIsSilentAfterThreeIntervals(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	heard := h.now
	for range 59 {
		h.wait(30 * time.Second)
		h.beat("controller")
	}
	h.expect()
	h.wait(50 * time.Second) // the gateway speaks every 20 s: only then is it the devices that are silent
	h.expect("opened device.silent flat", "opened device.silent bin", "opened device.silent lane")
	inc := h.one("device.silent", "flat")
	if inc.Episode != heard.Add(30*time.Minute) || inc.Domain != "devices" || inc.Cause != "silent" || inc.Building != "b1" ||
		!strings.Contains(inc.Detail, "spot: last heard 2026-03-02T08:00:00Z, expected every 10m") {
		t.Errorf("got %+v", inc)
	}
}

func TestAShortIntervalHasAtLeastAMinute(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(59 * time.Second)
	h.expect()
	h.wait(2 * time.Second)
	h.expect("opened device.silent lift")
}

func TestADeviceThatIsHeardAgainIsProvedByAWholeInterval(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.wait(2 * time.Minute)
	h.expect("opened device.silent lift")
	h.beat("controller")
	h.expect("cleared device.silent lift")
	h.wait(9 * time.Second)
	h.beat("controller")
	h.expect()
	h.wait(time.Second)
	h.beat("controller")
	h.expect("proved device.silent lift")
}

func TestTimeAloneProvesNoDevice(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.wait(2 * time.Minute)
	h.beat("controller")
	h.wait(2 * time.Minute)
	h.expect("opened device.silent lift", "cleared device.silent lift", "relapsed device.silent lift")
}

func TestAnAssetWithTwoSilentDevicesIsOneIncident(t *testing.T) {
	e := heartbeats()
	e.Devices = append(e.Devices, plantroom.Device{ID: "spot-2", Asset: "flat", Gateway: "gw-1", Interval: plantroom.Duration(10 * time.Minute)})
	h := newHouse(t, e)
	h.everybodySpeaks()
	h.wait(5 * time.Minute)
	h.beat("spot-2")
	h.wait(40 * time.Minute)
	silent := h.one("device.silent", "flat")
	h.beat("spot")
	if got := h.one("device.silent", "flat"); got != silent {
		t.Errorf("one of two is back: %+v", got)
	}
	h.beat("spot-2")
	if got := h.one("device.silent", "flat"); got.State != plantroom.IncidentClearing {
		t.Errorf("both are back: %+v", got)
	}
}

func TestADeviceWithoutAnIntervalIsNeverSilent(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/fault", "none")
	h.wait(1000 * time.Hour)
	h.expect()
}

func TestWhatIsNoSignOfLife(t *testing.T) {
	for why, say := range map[string]func(*house){
		"its bridge's word that it is gone": func(h *house) { h.says("controller/online", false) },
		"its gateway's word that the bus is stuck": func(h *house) {
			for range 3 {
				h.says("controller/bus_stuck", true)
				h.wait(5 * time.Second)
			}
		},
		"an old reading again": func(h *house) { h.said("controller/fault", "none", eight) },
		"a simulated reading": func(h *house) {
			r := reading("controller/fault", "none", h.now)
			r.Quality = plantroom.Simulated
			h.observe(r)
		},
	} {
		h := newHouse(t, heartbeats())
		h.says("controller/fault", "none")
		h.wait(30 * time.Second)
		say(h)
		h.wait(31 * time.Second)
		if len(h.story) != 1 || h.story[0] != "opened device.silent lift" {
			t.Errorf("%s: got %v", why, h.story)
		}
	}
}

func TestASuspectReadingIsASignOfLife(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.says("controller/fault", "none")
	for range 10 {
		h.wait(30 * time.Second)
		r := reading("controller/fault", "controller_fault", h.now)
		r.Quality = plantroom.Suspect
		h.observe(r)
	}
	h.expect()
}

func TestNothingIsSilentBeforeAFullAllowanceAfterTheStart(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.now = eight.Add(24 * time.Hour)
	h.spoke = h.now
	h.engine.Tick(h.now) // the first moment that it is told of
	h.wait(59 * time.Second)
	h.expect()
	h.wait(2 * time.Second)
	h.expect("opened device.silent lift")
}

func TestALostGatewayIsOneIncidentAndItsDevicesAreNotJudged(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(time.Second)
	h.away["gw-1"] = true // without a word
	h.wait(10 * time.Hour)
	h.expect("opened gateway.silent gw-1")
	inc := h.only(detect.RuleGatewaySilent)
	if inc.Asset != "gw-1" || inc.Domain != "devices" || inc.Building != "b1" || inc.Cause != "silent" || inc.Episode != eight.Add(time.Minute) {
		t.Errorf("got %+v", inc)
	}
	h.returns("gw-1")
	h.expect("cleared gateway.silent gw-1")
	h.wait(20 * time.Second)
	h.everybodySpeaks()
	h.wait(59 * time.Second)
	h.expect("proved gateway.silent gw-1")
}

func TestABrokersWordThatAGatewayIsGoneIsBelievedAtOnce(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(10 * time.Second)
	h.leaves("gw-1")
	h.leaves("gw-1") // retained, and told again
	h.expect("opened gateway.silent gw-1")
	h.wait(30 * time.Second)
	h.returns("gw-1")
	h.wait(30 * time.Second)
	h.leaves("gw-1")
	h.expect("cleared gateway.silent gw-1", "relapsed gateway.silent gw-1")
}

// The gateway falls silent and so do its devices; those with a short interval
// run out before the gateway does.
func TestADeviceIsNotBlamedForItsGateway(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(25 * time.Second) // last heard of the gateway: 20 s
	h.away["gw-1"] = true
	h.wait(40 * time.Second) // the controller's minute is over, the gateway's is not
	h.expect()
	h.wait(15 * time.Second)
	h.expect("opened gateway.silent gw-1")
}

// Back after two hours, the gateway drains its backlog for five minutes. Its
// devices have a full allowance from then on.
func TestDevicesHaveAFreshAllowanceAfterTheBacklogHasDrained(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(time.Second)
	h.leaves("gw-1")
	gone := h.now
	h.wait(2 * time.Hour)
	h.returns("gw-1")
	h.expect("opened gateway.silent gw-1", "cleared gateway.silent gw-1")

	back := h.now
	told := gone
	for told < h.now.Add(-detect.Settle) { // 30 s of the past in every second
		h.wait(time.Second)
		told = gone.Add(30 * h.now.Sub(back))
		h.said("level/temperature_c", 20, told)
	}
	drained := h.now
	if drained < back.Add(4*time.Minute) {
		t.Fatalf("the story is too short: drained after %s", drained.Sub(back))
	}
	h.expect("proved gateway.silent gw-1")
	h.wait(59 * time.Second)
	h.expect()
	h.wait(21 * time.Second)
	h.expect("opened device.silent lift")
	if inc := h.one("device.silent", "lift"); inc.Episode != drained.Add(time.Minute) {
		t.Errorf("silent since %s, the backlog was drained at %s", inc.Episode, drained)
	}
	h.beat("controller")
	h.wait(28 * time.Minute)
	for _, asset := range []plantroom.AssetID{"flat", "lane"} {
		if got := h.of("device.silent", asset); len(got) != 0 {
			t.Errorf("30 min are not over: %+v", got)
		}
	}
}

// A device whose clock is ten minutes slow is not a backlog: it does not keep
// the others from being judged.
func TestASlowClockDoesNotHideTheSilenceOfOthers(t *testing.T) {
	h := newHouse(t, heartbeats())
	for range 40 {
		h.wait(10 * time.Second)
		h.said("level/temperature_c", 20, h.now.Add(-10*time.Minute))
	}
	h.expect("opened device.silent lift")
}

func TestSilenceSurvivesARestart(t *testing.T) {
	h := newHouse(t, heartbeats())
	h.everybodySpeaks()
	h.wait(2 * time.Minute)
	h.expect("opened device.silent lift")
	before := h.one("device.silent", "lift")
	h.leaves("gw-2")
	h.expect("opened gateway.silent gw-2")

	h.restart()
	h.wait(10 * time.Minute)
	h.expect()
	if got := h.one("device.silent", "lift"); got != before {
		t.Errorf("got %+v", got)
	}
	h.beat("controller")
	h.expect("cleared device.silent lift")
	h.restart()
	h.wait(10 * time.Second)
	h.beat("controller")
	h.expect("proved device.silent lift")
	h.returns("gw-2")
	h.wait(50 * time.Second)
	h.beat("controller")
	h.wait(50 * time.Second)
	h.expect("cleared gateway.silent gw-2", "proved gateway.silent gw-2")
}

// beat has a device say that it lives.
func (h *house) beat(d plantroom.DeviceID) { h.says(string(d)+"/heartbeat", true) }

func (h *house) everybodySpeaks() {
	for _, d := range []plantroom.DeviceID{"controller", "relay", "spot", "level", "bay"} {
		h.beat(d)
	}
}

// of returns the incidents of a rule on an asset.
func (h *house) of(rule plantroom.RuleID, asset plantroom.AssetID) (found []plantroom.Incident) {
	for _, inc := range h.incidents {
		if inc.Rule == rule && inc.Asset == asset {
			found = append(found, inc)
		}
	}
	return found
}

func (h *house) one(rule plantroom.RuleID, asset plantroom.AssetID) plantroom.Incident {
	h.t.Helper()
	found := h.of(rule, asset)
	if len(found) != 1 {
		h.t.Fatalf("want one incident of %s on %s, have %+v", rule, asset, found)
	}
	return found[0]
}

// restart makes a new engine of what a store would hold.
func (h *house) restart() {
	h.t.Helper()
	var open []plantroom.Incident
	for _, inc := range h.incidents {
		if inc.State != plantroom.IncidentClosed {
			open = append(open, inc)
		}
	}
	h.engine = newEngine(h.t, heartbeats())
	if err := h.engine.Restore(nil, open, nil); err != nil {
		h.t.Fatal(err)
	}
}

// Boards and contracts find in Devices what the engine says.
func TestDevicesNamesTheRulesOfSilence(t *testing.T) {
	d := detect.Devices()
	for _, fault := range domaintest.Lint(d) {
		// The engine judges silence itself; a gateway is no device.
		if !strings.Contains(fault, "has no detector") && !strings.Contains(fault, "its id begins with device.") && !strings.Contains(fault, "wants clocks, a playbook and signals") {
			t.Error(fault)
		}
	}
	if d.Rules[0].ID != detect.RuleDeviceSilent || d.Rules[1].ID != detect.RuleGatewaySilent {
		t.Errorf("got %s and %s", d.Rules[0].ID, d.Rules[1].ID)
	}
	for _, r := range d.Rules {
		if len(r.Clocks) == 0 || len(r.Steps) == 0 {
			t.Errorf("%s: wants clocks and a playbook", r.ID)
		}
	}
}
