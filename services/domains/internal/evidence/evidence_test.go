package evidence_test

import (
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/domains/internal/evidence"
)

func say(dev plantroom.DeviceID, at plantroom.Instant, v plantroom.Value) plantroom.Reading {
	return plantroom.Reading{Device: dev, Signal: "s", Value: v, At: at}
}

func TestNewestKeepsOneValuePerDevice(t *testing.T) {
	var n evidence.Newest
	steps := []struct {
		why            string
		r              plantroom.Reading
		changed, fresh bool
	}{
		{"first word", say("a", 10, plantroom.Bool(true)), true, true},
		{"another device's first word", say("b", 5, plantroom.Bool(false)), true, true},
		{"the same again, later", say("a", 20, plantroom.Bool(true)), false, true},
		{"a duplicate", say("a", 20, plantroom.Bool(true)), false, false},
		{"the same time, another value", say("a", 20, plantroom.Bool(false)), false, false},
		{"late", say("a", 15, plantroom.Bool(false)), false, false},
		{"a change", say("a", 30, plantroom.Bool(false)), true, true},
	}
	for _, s := range steps {
		if changed, fresh := n.Put(s.r); changed != s.changed || fresh != s.fresh {
			t.Errorf("%s: changed %v, fresh %v", s.why, changed, fresh)
		}
	}
	if it := n.Of("a"); it.Since != 30 || it.At != 30 || len(n) != 2 || n.Last() != it {
		t.Errorf("got %+v of %+v", it, n)
	}
}

func TestCleanCyclesByTimeCarryTheTimeAtWhichTheyWereComplete(t *testing.T) {
	var e evidence.Episode
	start := plantroom.Instant(time.Hour)
	e.CleanByTime(start, start.Add(time.Hour), time.Minute)
	if v := e.Verdict(0); v.Clean != 0 {
		t.Errorf("nothing is proved where nothing was wrong: %+v", v)
	}
	e.Begin(start, start, plantroom.High, "wet", "wet")
	e.End(start)
	e.CleanByTime(start, start.Add(150*time.Second), time.Minute)
	if v := e.Verdict(0); v.Clean != 2 || v.At != start.Add(2*time.Minute) || e.NextClean(start, time.Minute) != start.Add(3*time.Minute) {
		t.Errorf("after 2½ periods: %+v", v)
	}
	e.CleanByTime(start, start.Add(1000*time.Hour), time.Minute)
	if v := e.Verdict(0); v.Clean != evidence.MaxClean || !e.NextClean(start, time.Minute).IsZero() {
		t.Errorf("counting ends at %d: %+v", evidence.MaxClean, v)
	}
}

func TestSeverityOfAnEpisodeNeverSinks(t *testing.T) {
	var e evidence.Episode
	e.Begin(1, 1, plantroom.High, "a", "a")
	e.Raise(2, plantroom.Medium, "b", "b")
	e.Begin(3, 3, plantroom.Life, "c", "c")
	if v := e.Verdict(0); v.Severity != plantroom.High || v.Since != 1 || v.Cause != "a" {
		t.Errorf("got %+v", v)
	}
}

func TestStateSurvivesExactly(t *testing.T) {
	type state struct {
		evidence.Episode
		Said evidence.Newest `json:"said"`
	}
	var in, out state
	in.Said.Put(say("a", 1772438400123456789, plantroom.Float(0.1+0.2)))
	in.Said.Put(say("b", 1, plantroom.String("wet")))
	in.Begin(1772438400123456789, 1772438400123456790, plantroom.Life, "x", "y")
	if err := evidence.Load(evidence.Save(1, &in), 1, &out); err != nil {
		t.Fatal(err)
	}
	in.Verdict(0) // the mark of a change is not part of the state
	if out.Episode != in.Episode || out.Said[0] != in.Said[0] || out.Said[1] != in.Said[1] {
		t.Errorf("got %+v\nwant %+v", out, in)
	}
}

func TestForeignStateIsRefused(t *testing.T) {
	for why, b := range map[string]string{
		"nothing":             "",
		"another version":     "v2 {}",
		"no version":          "{}",
		"an unknown field":    `v1 {"nonsense":1}`,
		"half of it":          `v1 {"active":tr`,
		"something behind it": `v1 {} {}`,
		"a bad severity":      `v1 {"severity":"dire"}`,
	} {
		var e evidence.Episode
		if err := evidence.Load([]byte(b), 1, &e); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%s: got %v", why, err)
		}
	}
	if err := evidence.Load([]byte("v1 "+strings.Repeat(" ", evidence.MaxState)), 1, new(int)); plantroom.CodeOf(err) != plantroom.CodeTooLarge {
		t.Errorf("too long: got %v", err)
	}
}
