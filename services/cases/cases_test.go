package cases_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/cases"
	"plantroom/services/playbooks"
)

func TestACaseHasStepsWithTimesInTheOfficesHours(t *testing.T) {
	h := newHouse(t)
	c := h.mustOpen()
	want := func(id string, at time.Time) {
		t.Helper()
		if got := c.Task(id).Due.At.Time(); !got.Equal(at) {
			t.Errorf("%s is due %s, want %s", id, got, at)
		}
	}
	zone := time.FixedZone("CST", 8*3600)
	want("look", time.Date(2026, 3, 2, 14, 0, 0, 0, zone))   // four hours later
	want("answer", time.Date(2026, 3, 4, 10, 0, 0, 0, zone)) // 16 h of the office: two days of eight
	if got := c.Deadline.At.Time(); !got.Equal(time.Date(2026, 3, 9, 10, 0, 0, 0, zone)) {
		t.Errorf("the whole is due %s: 40 hours of the office are five days", got)
	}
	if ask := c.Task("ask"); !ask.From.IsZero() || !ask.Due.At.IsZero() {
		t.Errorf("%+v: what comes after another step has no time yet", ask)
	}
	if c.ID != "case-000001" || c.Kind != plantroom.Complaint || !c.Private || c.Never[0].En != "Shout" || c.Responsible != "sun" {
		t.Errorf("%+v", c)
	}
	if h.told("case.opened", "sun", "") != 1 {
		t.Error("whoever is responsible was not told")
	}
}

func TestTheEstatesOwnHoursAndPlaybooksGoBeforeTheBuiltIn(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		e.Calendars = []plantroom.Calendar{{ID: "short", Hours: []plantroom.Hours{{Start: plantroom.Duration(9 * time.Hour), End: plantroom.Duration(11 * time.Hour)}}}}
		e.CaseHours = "short"
		own := books()[0]
		own.Title = plantroom.Text{En: "Ours"}
		e.CasePlaybooks = []plantroom.CasePlaybook{own}
	})
	c := h.mustOpen()
	if got := c.Task("look").Due.At.Sub(start); c.Title.En != "Ours" || got != 48*time.Hour+0 {
		t.Errorf("%s, due after %s: one hour today, two tomorrow, one the day after", c.Title.En, got)
	}
	if len(h.desk.Playbooks()) != 2 {
		t.Errorf("%d playbooks", len(h.desk.Playbooks()))
	}
	if _, err := cases.New(plantroom.Estate{Zone: "UTC", CaseHours: "none"}, nil); plantroom.CodeOf(err) != plantroom.CodeInvalid {
		t.Errorf("a calendar that is not there: %v", err)
	}
}

func TestATimeThatNeverEndsIsNoneAndStopsNothing(t *testing.T) {
	h := newHouse(t, func(e *plantroom.Estate) {
		minute := []plantroom.Hours{{Days: []time.Weekday{time.Sunday}, Start: plantroom.Duration(9 * time.Hour), End: plantroom.Duration(9*time.Hour + time.Minute)}}
		e.Calendars, e.CaseHours = []plantroom.Calendar{{ID: "sundays", Hours: minute}}, "sundays"
		own := books()[0]
		own.Within = plantroom.Duration(playbooks.LongestCase)
		own.Steps[0].Within = own.Within
		own.Steps[1].Within = own.Within
		e.CasePlaybooks = []plantroom.CasePlaybook{own}
	})
	if c := h.mustOpen(); !c.Due.IsZero() {
		t.Errorf("due %s", c.Due)
	}
	h.pass(20 * 366 * 24 * time.Hour)
	h.mustDo(cases.Note, cases.Request{Text: "still here"})
}

func TestOneKeyOpensOneCase(t *testing.T) {
	h := newHouse(t)
	key := func(o *cases.Opening) { o.Key = "form-1" }
	a, b := h.mustOpen(key), h.mustOpen(key)
	if a.ID != b.ID || len(h.rows()) != 1 {
		t.Errorf("%s and %s, %d rows", a.ID, b.ID, len(h.rows()))
	}
	o := opening()
	o.Key, o.Text = "form-1", "something else"
	_, err := h.open(o)
	h.wantCode(err, plantroom.CodeConflict, "case-000001")
	if c := h.mustOpen(); c.ID != "case-000002" {
		t.Errorf("without a key: %s", c.ID)
	}
}

func TestWhatCannotBeOpenedIsRefusedWithWhatToDo(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		change func(*cases.Opening)
		want   string
	}{
		"no such playbook": {func(o *cases.Opening) { o.Playbook = "x" }, "use one of quarrel, talk"},
		"a resident":       {func(o *cases.Opening) { o.By = "chen" }, "name one of lin, sun, li, mute"},
		"nobody":           {func(o *cases.Opening) { o.By = "" }, "nobody of the staff"},
		"not responsible":  {func(o *cases.Opening) { o.Responsible = "chen" }, "nobody of the staff"},
		"no words":         {func(o *cases.Opening) { o.Text = " \n" }, "say what it is about"},
		"no such flat":     {func(o *cases.Opening) { o.Zones = []plantroom.ZoneID{"b9"} }, `no flat or place "b9"`},
		"a flat twice":     {func(o *cases.Opening) { o.Zones = []plantroom.ZoneID{"b1-05a", "b1-05a"} }, "named twice"},
		"no such asset":    {func(o *cases.Opening) { o.Asset = "b9-l1" }, "no asset"},
		"no such order":    {func(o *cases.Opening) { o.Order = "wo-000009" }, "no order"},
		"a bad key":        {func(o *cases.Opening) { o.Key = "A B" }, "key"},
	} {
		o := opening()
		c.change(&o)
		if _, err := h.open(o); plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{strings.Repeat("x", cases.MaxText+1), "\xff"} {
		o := opening()
		o.Text = text
		_, err := h.open(o)
		h.wantCode(err, plantroom.CodeTooLarge)
	}
}

func TestAStepIsTickedByANamedPersonOfTheRoleWithItsProof(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	for _, r := range []cases.Request{{Step: "look", By: "sun"}, {Step: "answer", Text: "so", With: "Ms Wu"}, {Step: "answer", Ref: "letter 7"}} {
		_, err := h.do(cases.Tick, r)
		h.wantCode(err, plantroom.CodeInvalid, "lacks")
	}
	_, err := h.do(cases.Tick, cases.Request{Step: "answer", By: "sun", With: "Ms Wu", Ref: "letter 7"})
	h.wantCode(err, plantroom.CodeInvalid, "the role manager or above")
	_, err = h.do(cases.Tick, cases.Request{Step: "look", By: "chen", Text: "seen"})
	h.wantCode(err, plantroom.CodeInvalid, "nobody of the staff")
	_, err = h.do(cases.Tick, cases.Request{Step: "dance"})
	h.wantCode(err, plantroom.CodeNotFound)
	c := h.mustDo(cases.Tick, cases.Request{Step: "look", By: "li", Text: "58 dB(A) at 23:10"})
	if k := c.Task("look"); k.Done != h.now || k.By != "li" || k.Note != "58 dB(A) at 23:10" {
		t.Errorf("%+v", k)
	}
	again := h.mustDo(cases.Tick, cases.Request{Step: "look", By: "li", Text: "58 dB(A) at 23:10"})
	if again.Version != c.Version {
		t.Error("the same again has changed the case")
	}
	_, err = h.do(cases.Tick, cases.Request{Step: "look", By: "li", Text: "38 dB(A)"})
	h.wantCode(err, plantroom.CodeConflict, "li")
}

func TestAStepWaitsForTheOneBeforeItAndForItsTime(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	_, err := h.do(cases.Tick, cases.Request{Step: "ask", With: "Ms Wu"})
	h.wantCode(err, plantroom.CodeTransition, "comes after answer")
	h.pass(time.Hour)
	c := h.mustDo(cases.Tick, cases.Request{Step: "answer", With: "Ms Wu", Ref: "letter 7"})
	if ask := c.Task("ask"); ask.From != h.now.Add(72*time.Hour) || ask.Due.At != ask.From.Add(24*time.Hour) {
		t.Errorf("%+v: eight hours of the office from Thursday 11:00 end on Friday 11:00", ask)
	}
	h.pass(24 * time.Hour)
	_, err = h.do(cases.Tick, cases.Request{Step: "ask", With: "Ms Wu"})
	h.wantCode(err, plantroom.CodeTransition, "before 2026-03-05 11:00")
	h.pass(48 * time.Hour)
	h.mustDo(cases.Tick, cases.Request{Step: "ask", With: "Ms Wu"})
}

func TestALateStepIsToldToTheResponsibleAndLaterToTheManagersEachOnce(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	h.pass(4 * time.Hour)
	if h.told("case.late", "sun", "look") != 0 {
		t.Fatal("told before it is late")
	}
	h.pass(1)
	if h.told("case.late", "sun", "look") != 1 || h.told("case.neglected", "lin", "look") != 0 {
		t.Fatalf("late: %q", h.kinds())
	}
	h.pass(2*time.Hour - 1)
	if h.told("case.neglected", "lin", "look") != 0 {
		t.Error("the managers are told before half of the step's time has passed again")
	}
	for range 3 {
		h.pass(1)
		h.restart()
	}
	h.mustDo(cases.Tick, cases.Request{Step: "look", Text: "seen"})
	h.pass(time.Hour)
	if a, b := h.told("case.late", "sun", "look"), h.told("case.neglected", "lin", "look"); a != 1 || b != 1 {
		t.Errorf("the responsible was told %d times and the manager %d times", a, b)
	}
	if c := h.read(); c.Task("look").Due.Told != start.Add(4*time.Hour+1) || c.Task("look").Due.Raised != start.Add(6*time.Hour+1) {
		t.Errorf("%+v", c.Task("look").Due)
	}
}

func TestWhatCameDueWhileTheServerWasDownIsToldOnceAndSaysHowLate(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	h.pass(30 * 24 * time.Hour)
	h.restart()
	h.tick()
	for _, step := range []string{"look", "answer", ""} {
		if a, b := h.told("case.late", "sun", step), h.told("case.neglected", "lin", step); a != 1 || b != 1 {
			t.Errorf("%q: %d and %d", step, a, b)
		}
	}
	late := h.rows()[1]
	if late.Kind != "case.late" || !strings.Contains(string(late.Body), `"late_by":"716h`) {
		t.Errorf("%s %s", late.Kind, late.Body)
	}
	if !h.read().Due.IsZero() {
		t.Error("a case of which everybody has been told is looked at for ever")
	}
}

func TestWhatIsFoundLateAtTheVeryMomentOfTheManagersIsNotTheirsYet(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	h.pass(6 * time.Hour)
	if a, b := h.told("case.late", "sun", "look"), h.told("case.neglected", "lin", "look"); a != 1 || b != 0 {
		t.Errorf("%d and %d", a, b)
	}
	h.pass(1)
	if n := h.told("case.neglected", "lin", "look"); n != 1 {
		t.Errorf("the manager was told %d times", n)
	}
}

func TestWhereNobodyIsResponsibleOrReachableTheManagersHearOfItAtOnce(t *testing.T) {
	for _, who := range []plantroom.PersonID{"", "mute"} {
		h := newHouse(t)
		h.mustOpen(func(o *cases.Opening) { o.Responsible = who })
		if h.told("case.opened", "lin", "") != 1 {
			t.Errorf("%q: no manager knows of the case", who)
		}
		h.pass(4*time.Hour + 1)
		h.pass(100 * time.Hour)
		if n := h.told("case.neglected", "lin", "look"); n != 1 {
			t.Errorf("%q: the manager was told %d times", who, n)
		}
	}
}

func TestAManagerWhoIsResponsibleIsNotToldTwice(t *testing.T) {
	h := newHouse(t)
	h.mustOpen(func(o *cases.Opening) { o.Responsible = "lin" })
	h.pass(100 * time.Hour)
	if a, b := h.told("case.late", "lin", "look"), h.told("case.neglected", "lin", "look"); a != 1 || b != 0 {
		t.Errorf("%d and %d", a, b)
	}
}

func TestAssigningTellsTheNextAndWhatIsLateIsNotToldAgain(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	h.pass(4*time.Hour + 1)
	c := h.mustDo(cases.Assign, cases.Request{Responsible: "li", Text: "Sun is ill"})
	if c.Responsible != "li" || h.told("case.assigned", "li", "") != 1 || h.told("case.late", "li", "look") != 0 {
		t.Errorf("%+v", h.calls())
	}
	if last := h.calls()[len(h.calls())-1]; !strings.Contains(last.Subject, "steps that are late: 1") {
		t.Errorf("%q", last.Subject)
	}
	if again := h.mustDo(cases.Assign, cases.Request{Responsible: "li"}); again.Version != c.Version {
		t.Error("the same again")
	}
	_, err := h.do(cases.Assign, cases.Request{Responsible: "chen"})
	h.wantCode(err, plantroom.CodeInvalid, "nobody of the staff")
}

func TestQuietHoursHoldWhatCanWaitAndNoPressEnquiry(t *testing.T) {
	quiet := func(e *plantroom.Estate) {
		for i := range e.People {
			e.People[i].Quiet = plantroom.Quiet{Below: plantroom.High, Hours: []plantroom.Hours{{Start: plantroom.Duration(9 * time.Hour), End: plantroom.Duration(20 * time.Hour)}}}
		}
	}
	h := newHouse(t, quiet)
	h.mustOpen()
	if c := h.calls()[0]; c.NextTry != start.Add(10*time.Hour) || !slices.Contains(h.kinds(), "call.held") {
		t.Errorf("%s, %q", c.NextTry, h.kinds())
	}
	h.mustOpen(func(o *cases.Opening) { o.Playbook = "talk" })
	if c := h.calls()[0]; c.NextTry != h.now {
		t.Errorf("a case around the clock waits until %s", c.NextTry)
	}
}

func TestACaseEndsWithAnOutcomeWhoseStepsAreDoneAndAReason(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	_, err := h.do(cases.Close, cases.Request{Outcome: "settled"})
	h.wantCode(err, plantroom.CodeInvalid, "say why")
	_, err = h.do(cases.Close, cases.Request{Outcome: "won", Text: "x"})
	h.wantCode(err, plantroom.CodeInvalid, "use one of settled, mistake")
	_, err = h.do(cases.Close, cases.Request{Outcome: "settled", Text: "they talk again"})
	h.wantCode(err, plantroom.CodeTransition, "needs answer, ask")
	c := h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "it is case 7"})
	if c.State != plantroom.CaseClosed || c.ClosedBy != "lin" || c.Forget != h.now.Add(1000*time.Hour) || c.Due != c.Forget {
		t.Errorf("%+v", c)
	}
	if again := h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "again"}); again.Version != c.Version {
		t.Error("the same again")
	}
	_, err = h.do(cases.Close, cases.Request{Outcome: "mistake", By: "sun", Text: "x"})
	h.wantCode(err, plantroom.CodeConflict, "lin")
	for _, do := range []cases.Do{cases.Tick, cases.Assign, cases.Replan} {
		_, err = h.do(do, cases.Request{Step: "look", Text: "x", Responsible: "li", Playbook: "talk"})
		h.wantCode(err, plantroom.CodeTransition, "reopen")
	}
	h.mustDo(cases.Say, cases.Request{To: "Ms Wu", How: "by letter", Text: "it is over"}) // also when it is over
	h.pass(100 * time.Hour)
	if n := len(slices.DeleteFunc(h.kinds(), func(k string) bool { return k != "case.late" })); n != 0 {
		t.Errorf("%d steps of a closed case are late", n)
	}
}

func TestAReopenedCaseBeginsItsStepsAnewAndKeepsTheRoundBefore(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	h.mustDo(cases.Tick, cases.Request{Step: "look", Text: "seen"})
	_, err := h.do(cases.Reopen, cases.Request{Text: "x"})
	h.wantCode(err, plantroom.CodeTransition, "is open")
	h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "done"})
	h.pass(24 * time.Hour)
	_, err = h.do(cases.Reopen, cases.Request{})
	h.wantCode(err, plantroom.CodeInvalid, "say why")
	c := h.mustDo(cases.Reopen, cases.Request{Text: "it goes on"})
	if c.State != plantroom.CaseOpen || c.Outcome != "" || !c.Forget.IsZero() || !c.Task("look").Done.IsZero() || c.Begun != h.now || c.Task("look").Due.At != h.now.Add(4*time.Hour) {
		t.Errorf("%+v", c)
	}
	if e := c.Earlier; len(e) != 1 || e[0].Outcome != "mistake" || e[0].Ended != start || e[0].Tasks[0].Note != "seen" {
		t.Errorf("%+v", e)
	}
	if h.told("case.reopened", "sun", "") != 1 {
		t.Error("whoever is responsible does not know")
	}
	for range cases.MaxRounds - 1 {
		h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "done"})
		h.mustDo(cases.Reopen, cases.Request{Text: "it goes on"})
	}
	h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "done"})
	_, err = h.do(cases.Reopen, cases.Request{Text: "x"})
	h.wantCode(err, plantroom.CodeTooLarge, "open a new one")
}

func TestACaseThatTurnsOutToBeOfAnotherClassGoesOnWithWhatWasDone(t *testing.T) {
	h := newHouse(t)
	h.desk = must(cases.New(h.world, playbooks.Cases()))
	h.mustOpen(func(o *cases.Opening) { o.Playbook = "arrears-forgot" })
	h.mustDo(cases.Tick, cases.Request{Step: "bill", Text: "it is right"})
	h.mustDo(cases.Tick, cases.Request{Step: "remind", With: "Mr Gao"})
	_, err := h.do(cases.Replan, cases.Request{Playbook: "arrears-cannot-pay"})
	h.wantCode(err, plantroom.CodeInvalid, "say why")
	c := h.mustDo(cases.Replan, cases.Request{Playbook: "arrears-cannot-pay", Text: "lost his work"})
	if c.Class != "cannot_pay" || c.Task("bill").Note != "it is right" || !c.Task("talk").Done.IsZero() || c.Earlier[0].Playbook != "arrears-forgot" || c.Earlier[0].Tasks[1].With != "Mr Gao" {
		t.Errorf("%+v", c)
	}
	if again := h.mustDo(cases.Replan, cases.Request{Playbook: "arrears-cannot-pay", Text: "x"}); again.Version != c.Version {
		t.Error("the same again")
	}
	wantProved(t, h)
}

func TestWhatWasSaidToWhomAndWhenIsKept(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	for _, r := range []cases.Request{{}, {Text: "we look"}, {Text: "we look", To: "Ms Wu"}} {
		_, err := h.do(cases.Say, r)
		h.wantCode(err, plantroom.CodeInvalid)
	}
	said := cases.Request{By: "sun", To: "Ms Wu", How: "by telephone", Text: "we look into it by Wednesday"}
	c := h.mustDo(cases.Say, said)
	want := plantroom.CaseNote{At: h.now, Kind: "said", By: "sun", To: "Ms Wu", How: "by telephone", Text: "we look into it by Wednesday"}
	if len(c.Notes) != 1 || c.Notes[0] != want {
		t.Errorf("%+v", c.Notes)
	}
	if again := h.mustDo(cases.Say, said); again.Version != c.Version {
		t.Error("pressed twice, said twice")
	}
	for n := range cases.MaxNotes - 1 {
		h.mustDo(cases.Note, cases.Request{Text: strings.Repeat("x", n+1)})
	}
	_, err := h.do(cases.Note, cases.Request{Text: "one more"})
	h.wantCode(err, plantroom.CodeTooLarge)
	h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "full"})
}

func TestOfTwoWhoLookedAtTheSameVersionOneWins(t *testing.T) {
	h := newHouse(t)
	c := h.mustOpen()
	h.mustDo(cases.Note, cases.Request{Text: "first", Version: c.Version})
	_, err := h.do(cases.Note, cases.Request{Text: "second", Version: c.Version})
	h.wantCode(err, plantroom.CodeConflict, "look at it again")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// wantProved checks that the case bears out every row of its ledger.
func wantProved(t *testing.T, h *house) {
	t.Helper()
	c := h.read()
	if bad, err := cases.Check(&c, h.rows()); err != nil || len(bad) > 0 {
		t.Errorf("%q: %v", bad, err)
	}
}

// everything does all that can be done about a case, with a secret in each word.
func everything(h *house) {
	h.mustOpen(func(o *cases.Opening) { o.Key = "form-1" })
	h.mustDo(cases.Tick, cases.Request{Step: "look", Text: secret})
	h.mustDo(cases.Assign, cases.Request{Responsible: "li", Text: secret})
	h.mustDo(cases.Say, cases.Request{To: secret, How: secret, Text: secret})
	h.mustDo(cases.Note, cases.Request{Text: secret})
	h.pass(20 * 24 * time.Hour) // all is late
	h.mustDo(cases.Tick, cases.Request{Step: "answer", With: secret, Ref: secret, Text: secret})
	h.mustDo(cases.Replan, cases.Request{Playbook: "talk", Text: secret})
	h.mustDo(cases.Close, cases.Request{Outcome: "over", Text: secret})
	h.mustDo(cases.Reopen, cases.Request{Text: secret})
	h.mustDo(cases.Close, cases.Request{Outcome: "over", Text: secret})
}

func TestNothingThatWasWrittenAboutSomebodyIsInTheLedgerOrInACall(t *testing.T) {
	h := newHouse(t)
	everything(h)
	for _, words := range []string{secret, "b1-05a", "Ms Wu", "form-1"} {
		for _, r := range h.rows() {
			if b := must(json.Marshal(r)); strings.Contains(string(b), words) {
				t.Errorf("the row %s tells %q for ever", r.Kind, words)
			}
		}
		for _, c := range h.calls() {
			if b := must(json.Marshal(c)); strings.Contains(string(b), words) {
				t.Errorf("the call %s carries %q through other people's networks", c.Kind, words)
			}
		}
	}
	wantProved(t, h)
}

func TestTheLedgerShowsWhenAWordOfACaseWasChanged(t *testing.T) {
	h := newHouse(t)
	everything(h)
	for name, change := range map[string]func(*plantroom.Case){
		"what it is about": func(c *plantroom.Case) { c.Text = "Mr Gao does not drink" },
		"whom":             func(c *plantroom.Case) { c.Zones[0] = "b1-06a" },
		"what was said":    func(c *plantroom.Case) { c.Notes[1].Text = "nothing" },
		"when":             func(c *plantroom.Case) { c.Notes[1].At++ },
		"a note taken out": func(c *plantroom.Case) { c.Notes = c.Notes[1:] },
		"a proof":          func(c *plantroom.Case) { c.Earlier[0].Tasks[1].Ref = "letter 8" },
		"a word put in": func(c *plantroom.Case) {
			c.Notes = append(c.Notes, plantroom.CaseNote{Kind: "said", By: "lin", Text: "sorry"})
		},
		"who": func(c *plantroom.Case) { c.Earlier[0].Tasks[0].By = "li" },
	} {
		c := h.read()
		change(&c)
		if bad, err := cases.Check(&c, h.rows()); err != nil || len(bad) == 0 {
			t.Errorf("%s: not found (%v)", name, err)
		}
	}
}

func TestAClosedCaseForgetsPeopleWhenItsTimeHasComeAndTheLedgerStaysWhole(t *testing.T) {
	h := newHouse(t)
	everything(h)
	h.pass(1000*time.Hour - 1)
	if c := h.read(); !c.Forgotten.IsZero() || c.Text == "" {
		t.Fatal("forgotten too early")
	}
	h.restart()
	h.pass(1)
	c := h.read()
	b := string(must(json.Marshal(c)))
	for _, words := range []string{secret, "b1-05a", "Ms Wu", "form-1", `"salt"`} {
		if strings.Contains(b, words) {
			t.Errorf("%q is still in %s", words, b)
		}
	}
	if c.Forgotten != h.now || c.Outcome != "over" || c.Earlier[0].Tasks[0].By != "lin" || !c.Due.IsZero() {
		t.Errorf("%+v", c)
	}
	_, err := cases.Check(&c, h.rows())
	h.wantCode(err, plantroom.CodeExpired)
	_, err = h.do(cases.Reopen, cases.Request{Text: "x"})
	h.wantCode(err, plantroom.CodeTransition, "was forgotten")
	if kinds := h.kinds(); kinds[len(kinds)-1] != "case.forgotten" {
		t.Errorf("%q", kinds)
	}
}

func TestAManagerCanHaveAClosedCaseForgottenSooner(t *testing.T) {
	h := newHouse(t)
	h.mustOpen()
	_, err := h.do(cases.Forget, cases.Request{})
	h.wantCode(err, plantroom.CodeTransition, "close it first")
	h.mustDo(cases.Close, cases.Request{Outcome: "mistake", Text: "x"})
	_, err = h.do(cases.Forget, cases.Request{By: "sun"})
	h.wantCode(err, plantroom.CodeInvalid, "a manager decides")
	c := h.mustDo(cases.Forget, cases.Request{})
	if c.Text != "" || c.Forgotten != h.now {
		t.Errorf("%+v", c)
	}
	if again := h.mustDo(cases.Forget, cases.Request{}); again.Version != c.Version {
		t.Error("the same again")
	}
}

// What is put around the text of a call is in the language that the call names.
func TestACallAboutACaseNamesTheLanguageOfWhoIsCalled(t *testing.T) {
	for who, lang := range map[plantroom.PersonID]string{"lin": `"lang":"zh"`, "sun": `"lang":"en"`} {
		h := newHouse(t, func(e *plantroom.Estate) { e.People[1].Lang = "en" })
		h.mustOpen(func(o *cases.Opening) { o.Responsible = who })
		for _, c := range h.calls() {
			if c.Who == "person:"+string(who) && !strings.Contains(string(c.Body), lang) {
				t.Errorf("%s to %s: %s", c.Kind, who, c.Body)
			}
		}
		if len(h.calls()) == 0 {
			t.Errorf("%s was not called", who)
		}
	}
}
