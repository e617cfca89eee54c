package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/calendarlink"
	"plantroom/services/estate"
	"plantroom/services/icalendar"
	"plantroom/services/roster"
)

// dutyHouse writes the files to start from, with three technicians of whom two
// take turns, and returns the server's file.
func dutyHouse(t *testing.T, change ...string) string {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	path := filepath.Join(dir, "estate.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	turns := append([]string{"technicians: [li]", "technicians: [li, wang, zhao]",
		"  - {id: li, name: Li Qiang,", "  - {id: wang, name: 王伟, role: technician, lang: zh, channels: [{channel: mqtt, to: wang}]}\n  - {id: zhao, name: Zhao Jun, role: technician, channels: [{channel: mqtt, to: zhao}]}\n  - {id: li, name: Li Qiang,",
		"    roster:\n      - {start: \"00:00\", end: \"00:00\", people: [li]}\n", "    rotations:\n      - {name: call, people: [li, wang], from: 2026-01-05, turn: 1w, hand_over: \"08:00\"}\n"}, change...)
	text := string(b)
	for i := 0; i < len(turns); i += 2 {
		if !strings.Contains(text, turns[i]) {
			t.Fatalf("the estate to start from has no %q", turns[i])
		}
		text = strings.Replace(text, turns[i], turns[i+1], 1)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "data", "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "plantroom.yaml")
}

func TestTheRosterOfThirtyDaysIsATableInLine(t *testing.T) {
	file := dutyHouse(t)
	code, out, errs := plantroomWith("roster", file)
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	if code != exitOK || errs != "" || len(lines) < 5 || len(lines) > 7 || !strings.HasPrefix(lines[0], "from ") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	row := regexp.MustCompile(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d CST  \w{3} \d{4}-\d\d-\d\d \d\d:\d\d CST  quicklift   (Li Qiang|王伟    )  rotation call$`)
	for _, l := range lines[1:] {
		if !row.MatchString(l) {
			t.Errorf("this row is out of line: %q", l)
		}
	}
	var look roster.Outlook
	_, out, _ = plantroomWith("roster", file, "--json", "--days", "7")
	if err := json.Unmarshal([]byte(out), &look); err != nil || look.To.Sub(look.From) != 7*24*time.Hour || len(look.Duties) < 1 || look.Duties[0].By != "rotation call" || len(look.Findings) != 0 {
		t.Errorf("%v, %+v", err, look)
	}
}

func TestCheckSaysWhereARosterWillHaveAGap(t *testing.T) {
	ends := time.Now().AddDate(0, 0, 10).Format(time.DateOnly)
	file := dutyHouse(t, "from: 2026-01-05,", "from: 2026-01-05, to: "+ends+",", "{after: 10m, people: [lin], repeat: 10m}", "{after: 10m, people: [lin]}\n  - {id: spare, levels: [{after: 1m}]}")
	code, out, errs := plantroomWith("check", file)
	if code != exitUsage || !regexp.MustCompile(`estate\.yaml:\d+:\d+: contractors\.0\.rotations: nobody of quicklift is on duty from \w+ `+ends+` 08:00 CST to .*; put somebody on duty then`).MatchString(errs) {
		t.Errorf("exit code %d\n%s", code, errs)
	}
	if !strings.Contains(out, "warning: ") || !strings.Contains(out, "no contract leads to the ladder spare") || strings.Contains(out, "no faults") {
		t.Errorf("the warning of the ladder that nobody climbs is missing: %s", out)
	}
	if _, out, _ := plantroomWith("roster", file); !strings.Contains(out, "NOBODY") || !strings.Contains(out, "error: contractors.0.rotations: ") {
		t.Errorf("the table does not show the gap:\n%s", out)
	}
}

func TestARosterIsExportedAsACalendar(t *testing.T) {
	file := dutyHouse(t)
	code, out, errs := plantroomWith("roster", "export", file, "--person", "wang")
	if code != exitOK || !strings.HasPrefix(out, "BEGIN:VCALENDAR\r\n") || strings.Count(out, "BEGIN:VEVENT") < 6 || strings.Contains(out, "Li Qiang") || errs != "" {
		t.Errorf("exit code %d\n%.600s%s", code, out, errs)
	}
	path := filepath.Join(t.TempDir(), "duty.ics")
	if code, _, errs := plantroomWith("roster", "export", file, "--contractor", "quicklift", "-o", path, "--days", "14"); code != exitOK {
		t.Fatal(errs)
	}
	b, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(b), "Li Qiang on duty for Quicklift Services") {
		t.Errorf("%v\n%.600s", err, b)
	}
}

func TestTheLinkOfACalendarIsShownOnceAndCanBeVoided(t *testing.T) {
	file := dutyHouse(t)
	book := app.Calendars(filepath.Join(filepath.Dir(file), "data"))
	link := func(args ...string) (string, int, string) {
		code, out, errs := plantroomWith(append([]string{"roster", "link", file, "--person", "li"}, args...)...)
		first, _, _ := strings.Cut(out, "\n")
		_, token, _ := strings.Cut(first, "http://127.0.0.1:8080/calendar/")
		return strings.TrimSuffix(token, ".ics"), code, errs
	}
	first, code, errs := link()
	if w, err := book.Whose(first); code != exitOK || err != nil || w != (calendarlink.Whose{Kind: calendarlink.Person, ID: "li"}) {
		t.Fatalf("exit code %d, %s: %v, %v", code, errs, w, err)
	}
	if _, code, errs := link(); code != exitUsage || !strings.Contains(errs, "--new") {
		t.Errorf("a second link: exit code %d, %s", code, errs)
	}
	second, code, _ := link("--new")
	if _, err := book.Whose(second); code != exitOK || err != nil {
		t.Errorf("exit code %d, %v", code, err)
	}
	if _, err := book.Whose(first); err == nil {
		t.Error("the first link still works")
	}
	if _, code, _ := link("--revoke"); code != exitOK {
		t.Errorf("revoke: exit code %d", code)
	}
	if _, err := book.Whose(second); err == nil {
		t.Error("a voided link still works")
	}
}

func TestACalendarBecomesOverridesThatTheEstateFileTakes(t *testing.T) {
	file := dutyHouse(t)
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now().In(shanghai).AddDate(0, 0, 3).Truncate(time.Hour)
	stamp := begin.UTC().Format("20060102T150405Z")
	src := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:" + stamp + "\r\nDURATION:PT8H\r\nRRULE:FREQ=DAILY;COUNT=2\r\nSUMMARY:Zhao Jun for li\r\nDESCRIPTION:sick: \"flu\"\r\nEND:VEVENT\r\n" +
		"BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20200101T080000Z\r\nDURATION:PT8H\r\nSUMMARY:whatever\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	ics := filepath.Join(t.TempDir(), "leave.ics")
	if err := os.WriteFile(ics, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := plantroomWith("roster", "import", file, ics, "--contractor", "quicklift")
	if code != exitOK || strings.Count(out, "\n") != 3 {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	path := filepath.Join(filepath.Dir(file), "estate.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(b), "    rotations:\n", out+"    rotations:\n", 1)
	e, err := estate.Parse(path, []byte(text), app.Known())
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := e.Contractors[0].Overrides
	if len(got) != 2 || got[0].From != plantroom.At(begin) || got[0].To != plantroom.At(begin.Add(8*time.Hour)) || got[1].From != plantroom.At(begin.AddDate(0, 0, 1)) ||
		got[0].People[0] != "zhao" || got[0].InsteadOf[0] != "li" || got[0].Reason != `sick: "flu"` {
		t.Errorf("%+v", got)
	}

	for name, c := range map[string]struct{ src, want string }{
		"nobody of that name": {strings.Replace(src, "Zhao Jun", "Mo", 1), `leave.ics:3:1: quicklift has no technician "Mo"; write the summary as in "Zhao"`},
		"no calendar":         {"hello", "leave.ics:1:1: this is no content line"},
		"too large":           {strings.Repeat("x", icalendar.MaxSize+1), "at most 1048576 bytes are read"},
	} {
		if err := os.WriteFile(ics, []byte(c.src), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out, errs := plantroomWith("roster", "import", file, ics, "--contractor", "quicklift"); code != exitUsage || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, errs)
		}
	}
}

func TestTheRostersCommandLine(t *testing.T) {
	file := dutyHouse(t)
	for args, want := range map[string]string{
		"":                                        "that is not a command",
		"export " + file:                          "give --person or --contractor",
		"export " + file + " --person mo":         `the estate has no person "mo"`,
		"export " + file + " --contractor mo":     `the estate has no contractor "mo"`,
		"import " + file + " x.ics":               "give --contractor",
		"import " + file:                          "plantroom help shows how",
		"publish " + file:                         "plantroom help shows how",
		file + " --days 400":                      "--days 400 is not 1 to 366",
		"link " + file + " --person li --revoke":  "there is no link for person li",
		"link " + file + " --person li --forever": "plantroom help lists the flags",
		"import " + file + " gone.ics --contractor quicklift": "read the calendar: open gone.ics",
	} {
		code, out, errs := plantroomWith(append([]string{"roster"}, strings.Fields(args)...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("roster %s: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}
