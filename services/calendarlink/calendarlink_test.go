package calendarlink_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/calendarlink"
)

var li = calendarlink.Whose{Kind: calendarlink.Person, ID: "li"}

func open(t testing.TB, b calendarlink.Book, w calendarlink.Whose, renew bool) string {
	t.Helper()
	token, err := b.Open(w, renew)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestALinkSaysWhoseCalendarItIs(t *testing.T) {
	b := calendarlink.Book{Dir: t.TempDir()}
	for _, w := range []calendarlink.Whose{li, {Kind: calendarlink.Contractor, ID: "li"}, {Kind: calendarlink.Contractor, ID: strings.Repeat("x", plantroom.MaxID)}} {
		token := open(t, b, w, false)
		if got, err := b.Whose(token); err != nil || got != w {
			t.Errorf("%s is of %s, %v", token, got, err)
		}
		if url.PathEscape(token) != token || len(token) > calendarlink.MaxToken {
			t.Errorf("%s does not stand in a URL as it is", token)
		}
	}
}

func TestNobodyHasACalendarBeforeSomebodyHasAskedForIt(t *testing.T) {
	b := calendarlink.Book{Dir: t.TempDir()}
	token := open(t, b, li, false)
	for _, forged := range []string{"", "~~", "person~li~", "person~wang~" + token[10:], "contractor~li~" + token[10:], token + "~", token[:len(token)-1], strings.ToLower(token),
		"person~../person-li~x", "person~li\x00~x", strings.Repeat("x", 200)} {
		if got, err := b.Whose(forged); plantroom.CodeOf(err) != plantroom.CodeNotFound || got != (calendarlink.Whose{}) {
			t.Errorf("%q is of %s, %v", forged, got, err)
		}
	}
}

func TestALinkIsVoidOnceItIsClosedOrReplaced(t *testing.T) {
	b := calendarlink.Book{Dir: t.TempDir()}
	first := open(t, b, li, false)
	if _, err := b.Open(li, false); plantroom.CodeOf(err) != plantroom.CodeConflict {
		t.Errorf("a second link: %v, want conflict", err)
	}
	if _, err := b.Whose(first); err != nil {
		t.Errorf("the attempt has voided the first: %v", err)
	}
	second := open(t, b, li, true)
	if _, err := b.Whose(first); err == nil {
		t.Error("the old link still shows the calendar")
	}
	if _, err := b.Whose(second); err != nil {
		t.Error(err)
	}
	if err := b.Close(li); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Whose(second); err == nil {
		t.Error("a closed link still shows the calendar")
	}
	if err := b.Close(li); plantroom.CodeOf(err) != plantroom.CodeNotFound {
		t.Errorf("closed twice: %v", err)
	}
}

func TestTheDiskDoesNotHoldTheLink(t *testing.T) {
	b := calendarlink.Book{Dir: t.TempDir()}
	token := open(t, b, li, false)
	files, err := os.ReadDir(b.Dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	path := filepath.Join(b.Dir, files[0].Name())
	kept, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(kept), token[10:]) || len(strings.TrimSpace(string(kept))) != 64 {
		t.Errorf("the file holds %q, %v", kept, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestAFileThatIsCutOffOpensNothing(t *testing.T) {
	b := calendarlink.Book{Dir: t.TempDir()}
	token := open(t, b, li, false)
	if err := os.WriteFile(filepath.Join(b.Dir, "calendar-person-li"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Whose(token); err == nil {
		t.Error("an empty file lets everybody in")
	}
}

func TestOnlyPeopleAndContractorsHaveCalendars(t *testing.T) {
	b := calendarlink.Book{Dir: t.TempDir()}
	for _, w := range []calendarlink.Whose{{Kind: "estate", ID: "story"}, {Kind: calendarlink.Person, ID: "../li"}, {}} {
		if _, err := b.Open(w, false); plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Errorf("%v: %v", w, err)
		}
	}
}

func FuzzWhose(f *testing.F) {
	b := calendarlink.Book{Dir: f.TempDir()}
	good := open(f, b, li, false)
	for _, s := range []string{good, "person~li~", "~~", "person~li~" + strings.Repeat("A", 26)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if w, err := b.Whose(token); err == nil && token != good {
			t.Fatalf("%q was never made, and shows %s", token, w)
		}
	})
}
