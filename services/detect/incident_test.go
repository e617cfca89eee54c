package detect_test

import (
	"testing"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains"
)

func TestAFaultIsOneIncidentUntilCleanCyclesProveItGone(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/cycles", 100)
	h.expect()

	h.wait(time.Second)
	h.says("controller/fault", "door_close_fault")
	h.expect("opened lift.fault lift")
	opened := h.now

	h.wait(10 * time.Minute)
	h.says("controller/fault", "door_close_fault")
	h.expect() // the same episode

	h.says("controller/fault", "none") // as old as the last word: not judged
	h.expect()
	h.wait(time.Minute)
	h.says("controller/fault", "none")
	h.expect("cleared lift.fault lift")
	cleared := h.now

	for i := 1; i <= 2; i++ {
		h.wait(time.Minute)
		h.says("controller/cycles", 100+i)
		h.expect("progress lift.fault lift")
	}
	h.wait(time.Minute)
	h.says("controller/cycles", 103)
	h.expect("proved lift.fault lift")

	inc := h.only("lift.fault")
	want := plantroom.Incident{
		ID: plantroom.NewIncidentID("lift.fault", "lift", opened), Rule: "lift.fault", Asset: "lift", Domain: "lifts", Building: "b1",
		Episode: opened, State: plantroom.IncidentClosed, Severity: plantroom.Medium, Cause: "door_close_fault",
		Detail: "door does not close", Opened: opened, Cleared: cleared, Clean: 3, Needed: 3, Proved: h.now, Closed: h.now,
	}
	if inc != want {
		t.Errorf("\n got %+v\nwant %+v", inc, want)
	}
}

func TestAFaultThatComesBackBeforeItIsProvedGoneIsTheSameIncident(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/cycles", 1)
	h.says("controller/fault", "start_failure")
	h.wait(time.Minute)
	h.says("controller/fault", "none")
	h.wait(time.Minute)
	h.says("controller/cycles", 2)
	h.wait(time.Minute)
	h.says("controller/fault", "position_lost")
	h.expect("opened lift.fault lift", "cleared lift.fault lift", "progress lift.fault lift", "relapsed lift.fault lift",
		"worsened lift.fault lift")
	if inc := h.only("lift.fault"); inc.Relapses != 1 || inc.Clean != 0 || !inc.Cleared.IsZero() || inc.Episode != eight || inc.Cause != "position_lost" {
		t.Errorf("got %+v", inc)
	}
}

func TestAFaultAfterTheProofIsANewIncident(t *testing.T) {
	h := newHouse(t, estate())
	h.says("spot/state", "wet")
	h.wait(10 * time.Second)
	h.says("spot/state", "dry")
	h.wait(time.Hour)
	h.says("spot/state", "wet")
	h.wait(10 * time.Second)
	h.expect("opened leak.wet flat", "cleared leak.wet flat", "progress leak.wet flat", "proved leak.wet flat", "opened leak.wet flat")
	if len(h.incidents) != 2 {
		t.Errorf("want two incidents, have %+v", h.incidents)
	}
}

func TestAnIncidentThatWorsensSaysSoOnce(t *testing.T) {
	h := newHouse(t, estate())
	h.says("level/temperature_c", 75)
	h.wait(time.Minute)
	h.says("level/temperature_c", 95)
	h.wait(time.Minute)
	h.says("level/temperature_c", 120)
	h.expect("opened bin.fire bin", "worsened bin.fire bin")
	if inc := h.only("bin.fire"); inc.Severity != plantroom.Life || inc.Cause != "fire" || inc.Episode != eight {
		t.Errorf("got %+v", inc)
	}
}

func TestReleaseIsReportedApartFromTheRepair(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/cycles", 1)
	h.says("controller/fault", "entrapment")
	h.expect("opened lift.entrapment lift") // and no lift.fault beside it
	h.wait(20 * time.Minute)
	h.says("controller/door", "open")
	h.expect("released lift.entrapment lift")
	if inc := h.only("lift.entrapment"); inc.Released != h.now || inc.State != plantroom.IncidentOpen {
		t.Errorf("got %+v", inc)
	}
	h.wait(20 * time.Minute)
	h.says("controller/fault", "none")
	h.expect("cleared lift.entrapment lift")
}

func TestPeopleHeldAgainAreARelapseWithAReleaseOfItsOwn(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/fault", "power_loss")
	h.says("controller/passenger_alarm", true)
	h.wait(time.Minute)
	h.says("controller/passenger_alarm", false)
	h.wait(time.Minute)
	h.says("controller/passenger_alarm", true)
	h.wait(time.Minute)
	h.says("controller/passenger_alarm", false)
	h.expect("opened lift.fault lift", "opened lift.entrapment lift", "released lift.entrapment lift",
		"relapsed lift.entrapment lift", "released lift.entrapment lift")
	if inc := h.only("lift.entrapment"); inc.Released != h.now || inc.Relapses != 1 {
		t.Errorf("got %+v", inc)
	}
}

func TestAContractMayAskForMoreOrFewerCleanCycles(t *testing.T) {
	for asked, needed := range map[int]int{1: 1, 5: 5, 0: 1, -3: 1, 1000: detect.MaxClean} {
		engine, err := detect.New(detect.Options{Estate: estate(), Domains: domains.All(),
			Clean: func(now plantroom.Instant, a plantroom.Asset, rule plantroom.RuleID, byRule int) int {
				if now != eight || a.ID != "lift" || rule != "lift.fault" || byRule != 3 {
					t.Errorf("at %s: asked for %s on %s with %d", now, rule, a.ID, byRule)
				}
				return asked
			}})
		if err != nil {
			t.Fatal(err)
		}
		engine.Observe(eight, "gw-1", reading("controller/fault", "controller_fault", eight))
		if got := engine.Take().Events[0].Incident.Needed; got != needed {
			t.Errorf("asked for %d: needs %d, want %d", asked, got, needed)
		}
	}
}

func TestTwoDevicesOnOneLiftMakeOneIncident(t *testing.T) {
	h := newHouse(t, estate())
	h.says("relay/fault", "controller_fault")
	h.wait(time.Second)
	h.says("controller/fault", "controller_fault")
	h.wait(time.Second)
	h.says("relay/fault", "none")
	h.expect("opened lift.fault lift")
	h.wait(time.Second)
	h.says("controller/fault", "none")
	h.expect("cleared lift.fault lift")
}

func TestAFaultThatComesBackGraverSaysBoth(t *testing.T) {
	h := newHouse(t, estate())
	h.says("controller/cycles", 1)
	h.says("controller/fault", "door_close_fault")
	h.wait(time.Minute)
	h.says("controller/fault", "none")
	h.wait(time.Minute)
	h.says("controller/fault", "overspeed")
	h.expect("opened lift.fault lift", "cleared lift.fault lift", "relapsed lift.fault lift", "worsened lift.fault lift")
	if inc := h.only("lift.fault"); inc.Severity != plantroom.Life || inc.Cause != "overspeed" || inc.Relapses != 1 {
		t.Errorf("got %+v", inc)
	}
}
