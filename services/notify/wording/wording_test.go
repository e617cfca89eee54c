package wording_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"plantroom"
	"plantroom/services/notify/wording"
)

func call(body string) plantroom.Call {
	return plantroom.Call{ID: "msg-abc", Kind: "order.dispatched", Order: "wo-000001", Subject: "wo-000001 Lift 1: door close fault (medium), attend by 07:58",
		Body: json.RawMessage(body)}
}

const toContractor = `{"specversion":"1.0","data":{"order":{"severity":"medium","cause":"door_close_fault"},
  "asset":{"id":"b1-l1","name":{"en":"Lift 1","zh":"一号梯"},"building":{"en":"Block 1"},"floor":3},
  "playbook":[{"title":{"en":"Look at the door sill"}},{"title":{"en":"Run the door three times"}}],
  "job_link":"https://plantroom.example.org/job/abc"}}`

func TestALetterSaysWhereWhatAndHowToAnswer(t *testing.T) {
	letter := wording.Read(call(toContractor)).Letter()
	for _, want := range []string{"wo-000001 Lift 1: door close fault (medium), attend by 07:58\n", "Lift 1, Block 1, floor 3", "door close fault (medium)",
		"\nhttps://plantroom.example.org/job/abc\n", " 1. Look at the door sill\n 2. Run the door three times\n", "Call msg-abc."} {
		if !strings.Contains(letter, want) {
			t.Errorf("the letter lacks %q:\n%s", want, letter)
		}
	}
}

func TestAPersonGetsTheOrdersPage(t *testing.T) {
	m := wording.Read(call(`{"data":{"order_page":"https://plantroom.example.org/orders/wo-000001"}}`))
	if m.Job || !strings.Contains(m.Letter(), "The order: https://plantroom.example.org/orders/wo-000001\n") {
		t.Errorf("%+v:\n%s", m, m.Letter())
	}
}

func TestABodyThatCannotBeReadCostsDetailsAndNotTheCall(t *testing.T) {
	for _, body := range []string{"", "null", "[", `{"data":7}`, strings.Repeat("[", 300_000)} {
		if letter := wording.Read(call(body)).Letter(); !strings.HasPrefix(letter, "wo-000001 Lift 1: door close fault") {
			t.Errorf("%.20q: %s", body, letter)
		}
	}
}

func TestAShortMessageKeepsItsLinkWhole(t *testing.T) {
	m := wording.Read(call(toContractor))
	m.Subject = strings.Repeat("梯", 400)
	for limit := 60; limit < 600; limit += 7 {
		s := m.Short(limit)
		if !strings.HasSuffix(s, " https://plantroom.example.org/job/abc") || utf8.RuneCountInString(s) > limit {
			t.Fatalf("of at most %d characters: %q", limit, s)
		}
	}
	if s := m.Short(30); utf8.RuneCountInString(s) > 30 || strings.Contains(s, "http") {
		t.Errorf("a link that does not fit was put in, or cut: %q", s)
	}
}

func TestNoNameAddsALine(t *testing.T) {
	for in, want := range map[string]string{
		"Lift 1\r\nBcc: all@example.org": "Lift 1 Bcc: all@example.org", "a\u2028b\u0085c": "a b c", "gate\u202etxt.exe": "gate txt.exe", "\xff\xfeok": "ok", "  two   spaces ": "two spaces",
	} {
		if got := wording.Line(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestALinkThatIsNoneIsLeftOut(t *testing.T) {
	for _, l := range []string{"javascript:alert(1)", "https://a b", "https://a\\u000ab", "https://" + strings.Repeat("a", 3000)} {
		if m := wording.Read(call(`{"data":{"job_link":"` + l + `"}}`)); m.Link != "" {
			t.Errorf("%.40q became the link %.40q", l, m.Link)
		}
	}
}

// A letter's lines are those of Letter: no field of a call can add one.
func FuzzRead(f *testing.F) {
	f.Add("subject", toContractor)
	f.Add("sub\r\nject", `{"data":{"asset":{"name":{"en":"a\nb"}},"playbook":[{"title":{"en":"x\u2029y"}}]}}`)
	f.Fuzz(func(t *testing.T, subject, body string) {
		c := call(body)
		c.Subject = subject
		m := wording.Read(c)
		fields := append([]string{m.Subject, m.Severity, m.Cause, m.Asset, m.Building, m.Link}, m.Steps...)
		for _, s := range fields {
			if !utf8.ValidString(s) || len(s) > 2000 || strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }) {
				t.Fatalf("%q is no line", s)
			}
		}
		if n := strings.Count(m.Letter(), "\n"); n > 60 {
			t.Fatalf("a letter of %d lines", n)
		}
	})
}
