package web

import (
	"testing"
	"time"

	"plantroom"
)

var shanghai = time.FixedZone("CST", 8*3600)

func TestALengthOfTimeIsSaidInItsTwoLargestUnits(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0:                              {"0 s", "0秒"},
		45 * time.Second:               {"45 s", "45秒"},
		-45 * time.Second:              {"45 s", "45秒"},
		4*time.Minute + 5*time.Second:  {"4 min 05 s", "4分05秒"},
		5 * time.Minute:                {"5 min", "5分钟"},
		18*time.Minute + 9*time.Second: {"18 min", "18分钟"},
		119 * time.Minute:              {"119 min", "119分钟"},
		2 * time.Hour:                  {"2 h", "2小时"},
		125 * time.Minute:              {"2 h 05 min", "2小时05分"},
		50 * time.Hour:                 {"2 d 2 h", "2天2小时"},
	} {
		if en, zh := (words{lang: "en"}).span(d), (words{lang: "zh"}).span(d); en != want[0] || zh != want[1] {
			t.Errorf("%s is %q and %q, want %q", d, en, zh, want)
		}
	}
}

func TestATimeOfDayNamesItsDayOnlyWhereItIsNotToday(t *testing.T) {
	now := plantroom.At(time.Date(2026, 3, 2, 0, 30, 0, 0, shanghai))
	say := words{lang: "en", zone: shanghai, now: now}
	for at, want := range map[plantroom.Instant]string{
		0: "–", now: "00:30", now.Add(-time.Hour): "1 Mar 23:30", now.Add(-90 * 24 * time.Hour): "2 Dec 2025 00:30",
	} {
		if got := say.moment(at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
}

func clockAt(state plantroom.ClockState, used float64) plantroom.Clock {
	const window = plantroom.Duration(10 * time.Minute)
	c := plantroom.Clock{Kind: plantroom.Attend, State: state, Window: window}
	if used >= 0 {
		c.Started = 1_000_000_000_000_000_000 - plantroom.Instant(used*float64(window))
		c.Due = c.Started + plantroom.Instant(window)
	}
	return c
}

func TestAClocksColourFollowsItsMarksAndIsNeverGreenWhereUnknown(t *testing.T) {
	say := words{lang: "en", zone: time.UTC, now: 1_000_000_000_000_000_000}
	for _, c := range []struct {
		clock       plantroom.Clock
		level, text string
		used        int
	}{
		{clockAt(plantroom.ClockWaiting, -1), levelUnknown, "not started, window 10 min", 0},
		{clockAt(plantroom.ClockRunning, 0), levelGreen, "10 min left of 10 min", 0},
		{clockAt(plantroom.ClockRunning, 0.49), levelGreen, "5 min 06 s left of 10 min", 49},
		{clockAt(plantroom.ClockRunning, 0.5), levelYellow, "5 min left of 10 min", 50},
		{clockAt(plantroom.ClockRunning, 0.8), levelOrange, "2 min left of 10 min", 80},
		{clockAt(plantroom.ClockRunning, 1), levelRed, "late by 0 s", 100},
		{clockAt(plantroom.ClockBreached, 1.5), levelRed, "late by 5 min", 100},
		{clockAt(plantroom.ClockPaused, 0.2), levelUnknown, "paused", 20},
		{clockAt(plantroom.ClockVoid, 0.2), levelUnknown, "void", 0},
		{plantroom.Clock{State: plantroom.ClockRunning}, levelUnknown, "unknown", 0},
	} {
		if v := say.clock(c.clock); v.Level != c.level || v.Text != c.text || v.Used != c.used {
			t.Errorf("%s at %.2f: got %s %q %d, want %s %q %d", c.clock.State, c.clock.Used(say.now), v.Level, v.Text, v.Used, c.level, c.text, c.used)
		}
	}
	met := clockAt(plantroom.ClockMet, 2)
	met.Stopped = met.Started.Add(3 * time.Minute)
	if v := say.clock(met); v.Level != levelDone || v.Text != "kept, in 3 min" || !v.Over {
		t.Errorf("a kept clock is %+v", v)
	}
	late := clockAt(plantroom.ClockBreached, 2)
	late.Stopped = late.Due.Add(time.Minute)
	if v := say.clock(late); v.Level != levelRed || v.Text != "done, 1 min late" || !v.Over {
		t.Errorf("a promise kept late is %+v", v)
	}
}

func TestDangerToLifeComesFirstThenTheWindowThatRunsOut(t *testing.T) {
	order := func(id plantroom.OrderID, sev plantroom.Severity, used float64) plantroom.WorkOrder {
		o := plantroom.WorkOrder{ID: id, Severity: sev}
		if used >= 0 {
			o.Clocks = []plantroom.Clock{clockAt(plantroom.ClockRunning, used)}
		}
		return o
	}
	want := []plantroom.WorkOrder{
		order("wo-000009", plantroom.Life, 0.1), order("wo-000002", plantroom.Low, 2), order("wo-000003", plantroom.High, 0.9),
		order("wo-000004", plantroom.Low, 0.9), order("wo-000005", plantroom.High, 0.1), order("wo-000006", plantroom.High, -1),
	}
	for i := range want {
		for j := range want {
			if got := urgency(&want[i], &want[j]); i != j && (got < 0) != (i < j) {
				t.Errorf("urgency(%s, %s) is %d", want[i].ID, want[j].ID, got)
			}
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"", "/", "/orders/wo-000001", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s)
		if got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\') {
			t.Fatalf("%q leads to %q", s, got)
		}
	})
}

func FuzzPrintable(f *testing.F) {
	f.Add([]byte(`{"v":{"floor":412}}`), false)
	f.Add([]byte{0x03, 0x00, 0x80, 0xff}, false)
	f.Add([]byte("机房\xe6\x9c"), true)
	f.Fuzz(func(t *testing.T, b []byte, cut bool) {
		text, ok := printable(b, cut)
		if !ok && text != "" || len(text) > len(b) || ok && !cut && text != string(b) {
			t.Fatalf("%x gave %q, %v", b, text, ok)
		}
	})
}

func TestALongNameIsCutBetweenCharacters(t *testing.T) {
	if got := clean("  李强李强  ", 7); got != "李强" {
		t.Errorf("got %q", got)
	}
	if got := clean("a\xffb", 10); got != "ab" {
		t.Errorf("got %q", got)
	}
}
