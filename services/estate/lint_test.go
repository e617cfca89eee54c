package estate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/estate"
)

// TestWhatDependsOnTheDayIsLookedAheadForAndToldOnce: a file in which somebody is
// to be in two places can be read, since an override may mend it before the day;
// the look ahead tells it, once.
func TestWhatDependsOnTheDayIsLookedAheadForAndToldOnce(t *testing.T) {
	for says, edit := range map[string]string{
		"at two firms at once, over midnight":   "technicians: [max]|technicians: [max, tom]||people: [max]}|people: [max]}\n      - {days: [sun], start: \"05:00\", end: \"09:00\", people: [tom]}",
		"at one firm always and at another too": "technicians: [tom]\n    roster:\n      - {days: [sat], start: \"20:00\", end: \"06:00\", people: [tom]}|technicians: [max]",
	} {
		path := filepath.Join(t.TempDir(), "e.yaml")
		if err := os.WriteFile(path, []byte(changed(t, edit)), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := estate.Read(path, known)
		if err != nil {
			t.Errorf("%s: %v", says, err)
			continue
		}
		refused, warnings := f.Lint(plantroom.At(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)))
		told := 0
		for _, n := range append(refused, warnings...) {
			if strings.Contains(n.Error(), "is on duty for firm and for maker") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%s is told %d times:\n%v\n%v", says, told, refused, warnings)
		}
	}
}

// TestWindowsOnDifferentCalendarsAreComparedInTheDaysToCome: office has Monday and
// Friday from nine to five.
func TestWindowsOnDifferentCalendarsAreComparedInTheDaysToCome(t *testing.T) {
	for windows, want := range map[string]string{
		"{clock: restore, length: 3h, calendar: office}\n      - {clock: restore, severity: high, length: 4h}": "contracts.0.windows.1.length: restore of severity high can have more time than the lesser severity low on line 46, which counts here too: " +
			"what begins on Mon 2027-03-01 08:05 ends by Mon 2027-03-01 12:05, and by that line by Mon 2027-03-01 12:00",
		"{clock: restore, length: 3h, calendar: office}\n      - {clock: restore, severity: high, length: 3h}":                                                          "",
		"{clock: restore, length: 8h, calendar: office}\n      - {clock: restore, severity: high, length: 9h}":                                                          "contracts.0.windows.1.length: ",
		"{clock: restore, length: 9h, calendar: office}\n      - {clock: restore, severity: high, length: 24h}":                                                         "", // it goes over a night at least
		"{clock: restore, length: 3h}\n      - {clock: restore, severity: high, length: 2h, calendar: office}":                                                          "what begins on Mon 2027-03-01 00:00 ends by Mon 2027-03-01 11:00, and by that line by Mon 2027-03-01 03:00",
		"{clock: restore, length: 3h, calendar: office}\n      - {clock: restore, severity: life, length: 4h}":                                                          "", // office hours do not count for lives
		"{clock: restore, length: 3h, calendar: office}\n      - {clock: restore, severity: high, length: 4h, from: dispatched}":                                        "", // from another event
		"{clock: restore, length: 3h, calendar: office}\n      - {clock: restore, severity: medium, length: 1h}\n      - {clock: restore, severity: high, length: 30m}": "",
		"{clock: restore, length: 9000h, calendar: office}\n      - {clock: restore, severity: high, length: 9000h}":                                                    "",
	} {
		path := filepath.Join(t.TempDir(), "e.yaml")
		src := changed(t, "      - {clock: attend, length: 30m}\n      - {clock: restore, length: 2h}|      - "+windows)
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := estate.Read(path, known)
		if err != nil {
			t.Errorf("%s: %v", windows, err)
			continue
		}
		refused, warnings := f.Lint(plantroom.At(time.Date(2027, 2, 28, 23, 0, 0, 0, time.UTC))) // a Monday on the estate
		var told []string
		for _, n := range append(refused, warnings...) {
			if strings.HasPrefix(n.Path, "/contracts/") && strings.Contains(n.Path, "/windows/") {
				told = append(told, n.Error())
			}
		}
		if want == "" && len(told) > 0 || want != "" && (len(told) != 1 || !strings.Contains(told[0], want)) {
			t.Errorf("%s\nsays %q\nwant %q", windows, told, want)
		}
	}
}

// TestALadderThatOthersGoOnWithIsClimbed: nothing is said of it, and what is wrong
// with it is said where it stands, and once.
func TestALadderThatOthersGoOnWithIsClimbed(t *testing.T) {
	edit := "      - {after: 8m, people: [eva]}|      - {after: 8m, people: [eva]}\n    then: {ladder: all, after: 12m}||  - {id: all, levels: [{after: 0s, people: [eva]}]}|  - {id: all, levels: [{after: 0s, people: [eva], repeat: 7m}, {after: 5m, people: [eva]}]}"
	path := filepath.Join(t.TempDir(), "e.yaml")
	if err := os.WriteFile(path, []byte(changed(t, edit)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Read(path, known)
	if err != nil {
		t.Fatal(err)
	}
	refused, warnings := f.Lint(plantroom.At(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)))
	var told []string
	for _, n := range append(refused, warnings...) {
		if strings.HasPrefix(n.Path, "/ladders/") {
			told = append(told, n.Path)
		}
	}
	if want := []string{"/ladders/1/levels/0/repeat", "/ladders/2"}; !slices.Equal(told, want) {
		t.Errorf("told of ladders: %v, want %v", told, want)
	}
}

func TestInTheStoryWhatIsGraveNeverHasMoreTime(t *testing.T) {
	f, err := estate.Read("../../sim/estates/story/estate.yaml", known)
	if err != nil {
		t.Fatal(err)
	}
	for month := time.January; month <= time.December; month++ {
		_, warnings := f.Lint(plantroom.At(time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC)))
		for _, w := range warnings {
			if strings.Contains(w.Problem, "can have more time") {
				t.Error(w)
			}
		}
	}
}

// TestWhatNoContractCoversIsToldOnceForEachDomain: a contract that begins within
// the look ahead is one, and one that has run out is none.
func TestWhatNoContractCoversIsToldOnceForEachDomain(t *testing.T) {
	edit := "  - {id: l1,|  - {id: l0, domain: lifts, kind: passenger, building: b1}\n  - {id: w1, domain: leaks, kind: rope, building: b1}\n  - {id: w2, domain: leaks, kind: rope, building: b1}\n  - {id: l1,||contractor: maker\n    domains: [lifts]\n    from: 2027-01-01|contractor: maker\n    domains: [lifts]\n    from: 2027-01-01\n    to: 2028-01-01"
	path := filepath.Join(t.TempDir(), "e.yaml")
	if err := os.WriteFile(path, []byte(changed(t, edit)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := estate.Read(path, known)
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[time.Time][]string{
		time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC):   {"the leaks, 2 of them, as w1"},
		time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC): {"the leaks, 2 of them, as w1"},
		time.Date(2028, 1, 2, 0, 0, 0, 0, time.UTC):   {"the lifts, 2 of them, as l0", "the leaks, 2 of them, as w1"},
	} {
		_, warnings := f.Lint(plantroom.At(day))
		var told []string
		for _, n := range warnings {
			if _, what, ok := strings.Cut(n.Problem, "no contract in force covers "); ok {
				what, _, _ = strings.Cut(what, ":")
				told = append(told, what)
			}
		}
		if !slices.Equal(told, want) {
			t.Errorf("%s: told %q, want %q", day.Format(time.DateOnly), told, want)
		}
	}
}
