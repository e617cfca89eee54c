package web

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plantroom"
	"plantroom/services/alerts"
	"plantroom/services/detect"
	"plantroom/services/domains"
	"plantroom/services/httpapi/problem"
	"plantroom/services/report"
)

var verb = regexp.MustCompile(`%(?:\[\d+\])?[0-9]*[a-z]`)

// verbs lists the verbs of a sentence without their order, which languages
// may differ in.
func verbs(s string) []string {
	all := verb.FindAllString(strings.ReplaceAll(s, "%%", ""), -1)
	for i := range all {
		all[i] = regexp.MustCompile(`\[\d+\]`).ReplaceAllString(all[i], "")
	}
	slices.Sort(all)
	return all
}

func TestBothLanguagesHaveEverySentence(t *testing.T) {
	for key, text := range catalogue {
		if text.En == "" || text.Zh == "" {
			t.Errorf("%s: en %q, zh %q", key, text.En, text.Zh)
		}
		if !slices.Equal(verbs(text.En), verbs(text.Zh)) {
			t.Errorf("%s: the languages put in different things: %q, %q", key, text.En, text.Zh)
		}
	}
}

func TestASentenceStandsInOneFile(t *testing.T) {
	n := 0
	for _, words := range pagesWords() {
		n += len(words)
	}
	if n != len(catalogue) {
		t.Errorf("%d sentences under %d keys: two files hold the same key", n, len(catalogue))
	}
}

// sources reads the package's own files that speak.
func sources(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	var b strings.Builder
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") || strings.HasPrefix(n, "catalogue") {
			continue
		}
		c, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(c)
	}
	return b.String()
}

// families are the keys that are put together from a fixed part and a word.
func families() []string {
	return []string{"clock.", "severity.", "state.", "incident.", "action.", "who.nobody.", "callstate.", "refused.", "job.", "call.", "ledger.", "actor.", "kind.", "stage.", "works.state.", "works.wrong.", "cases.state.", "cases.note.", "figure.", "statement.doubt.", "statement.verdict.", "statement.ground.", "proof.", "role.", "from.", "until.", "sure.", "rule.", "cause.", "basis.", "reason.", "refusal.", "lacks.", "done.", "over."}
}

func TestEverySentenceThatIsAskedForExistsAndNoOther(t *testing.T) {
	asked := map[string]bool{}
	for _, m := range regexp.MustCompile(`\bt "([a-z0-9_.]+)"`).FindAllStringSubmatch(sources(t, "templates/*.html"), -1) {
		asked[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:\.t\(|fact\{s\.t\(|add\()"([a-z0-9_.]+[a-z0-9])"`).FindAllStringSubmatch(sources(t, "*.go"), -1) {
		asked[m[1]] = true
	}
	for key := range asked {
		if _, ok := catalogue[key]; !ok {
			t.Errorf("the pages say %q, which the catalogue lacks", key)
		}
	}
	if len(asked) < 80 {
		t.Fatalf("only %d sentences found in the sources: does this test still read them right?", len(asked))
	}
	for key := range catalogue {
		if !asked[key] && !slices.ContainsFunc(families(), func(f string) bool { return strings.HasPrefix(key, f) }) {
			t.Errorf("nobody says %q", key)
		}
	}
}

func TestClosedVocabulariesAreComplete(t *testing.T) {
	var keys []string
	for s, next := range plantroom.Transitions {
		keys = append(keys, "state."+string(s))
		for do := range next {
			keys = append(keys, "ledger.order."+string(do))
		}
	}
	keys = append(keys, "state."+string(plantroom.Cancelled))
	for _, c := range problem.Codes() {
		keys = append(keys, "refused."+string(c))
	}
	for _, k := range []plantroom.ClockKind{plantroom.Acknowledge, plantroom.Attend, plantroom.Release, plantroom.Restore} {
		keys = append(keys, "clock."+string(k))
	}
	for s := plantroom.NoSeverity; s <= plantroom.Life; s++ {
		keys = append(keys, "severity."+s.String())
	}
	for _, g := range []report.Ground{report.Owed, report.NotOwn, report.NoTerm, report.Excluded, report.OneWindow, report.Upheld, report.GivenLate, report.GoneAlone, report.WentOn, report.CalledOff} {
		keys = append(keys, "statement.ground."+string(g))
	}
	for _, d := range []report.DoubtKind{report.MonthLasts, report.StillOpen, report.StillLate, report.StillAtWork, report.StillClaimed} {
		keys = append(keys, "statement.doubt."+string(d))
	}
	for _, v := range []report.Verdict{report.Kept, report.Missed, report.Open, report.Void} {
		keys = append(keys, "statement.verdict."+string(v))
	}
	for _, d := range append(domains.All(), detect.Devices(), alerts.Domain()) {
		for cause := range d.Causes {
			keys = append(keys, "cause."+cause)
		}
		for _, r := range d.Rules {
			if r.Title.En == "" || r.Title.Zh == "" {
				t.Errorf("rule %s has no title in both languages", r.ID)
			}
		}
	}
	for _, k := range keys {
		if _, ok := catalogue[k]; !ok {
			t.Errorf("the catalogue lacks %q", k)
		}
	}
}

// TestPagesHoldNothingInline: the content security policy would block it.
func TestPagesHoldNothingInline(t *testing.T) {
	text := sources(t, "templates/*.html")
	for _, bad := range []string{"style=", "<style", "onclick", "onload", "javascript:", "<script>"} {
		if strings.Contains(text, bad) {
			t.Errorf("a template holds %q", bad)
		}
	}
}

func TestStaticFilesStaySmall(t *testing.T) {
	total := 0
	err := fs.WalkDir(files, "static", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		total += len(b)
		return err
	})
	if err != nil || total > 32<<10 {
		t.Errorf("%d bytes of static files, at most 32 KiB; %v", total, err)
	}
}

func TestASlugIsShownAsItIsWhereNobodyHasTranslatedIt(t *testing.T) {
	if got := (words{lang: "zh"}).slug("cause", "gearbox_on_holiday"); got != "gearbox on holiday" {
		t.Errorf("got %q", got)
	}
	if keys := slices.Collect(maps.Keys(catalogue)); len(keys) == 0 {
		t.Error("the catalogue is empty")
	}
}
