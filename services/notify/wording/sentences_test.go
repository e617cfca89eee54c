package wording

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"plantroom"
)

func TestEveryLineOfALetterIsThereInEveryLanguage(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	for key, s := range sentences {
		if s.En == "" || s.Zh == "" || !slices.Equal(verb.FindAllString(s.En, -1), verb.FindAllString(s.Zh, -1)) {
			t.Errorf("%s: en %q, zh %q", key, s.En, s.Zh)
		}
	}
	for s := plantroom.NoSeverity; s <= plantroom.Life; s++ {
		if _, ok := sentences["severity."+s.String()]; !ok {
			t.Errorf("the severity %s has no name", s)
		}
	}
}

const inChinese = `{"data":{"lang":"zh","order":{"severity":"medium","cause":"door_close_fault","fault":{"en":"door does not close","zh":"关门故障"}},
  "asset":{"id":"b1-l1","name":{"en":"Lift 1","zh":"1号梯"},"building":{"en":"Block 1","zh":"1号楼"},"floor":3},
  "playbook":[{"title":{"en":"Look at the sill","zh":"检查地坎"}}],"job_link":"https://p.example/job/abc"}}`

func TestALetterToAPersonWhoReadsChineseHasNoEnglishInIt(t *testing.T) {
	m := Read(plantroom.Call{ID: "msg-1", Kind: "order.dispatched", Order: "wo-000001", Subject: "wo-000001 1号梯：关门故障（中）", Body: json.RawMessage(inChinese)})
	letter := m.Letter()
	for _, want := range []string{"地点：1号梯，1号楼，3层", "故障：关门故障（中）", "工单：wo-000001", "1. 检查地坎", "\nhttps://p.example/job/abc\n"} {
		if !strings.Contains(letter, want) {
			t.Errorf("it lacks %q:\n%s", want, letter)
		}
	}
	for _, known := range []string{"https://p.example/job/abc", "wo-000001", "msg-1"} {
		letter = strings.ReplaceAll(letter, known, "")
	}
	if i := strings.IndexFunc(letter, func(r rune) bool { return r < unicode.MaxASCII && unicode.IsLetter(r) }); i >= 0 {
		t.Errorf("it says %.40q", letter[i:])
	}
	if s := m.Short(200); s != "wo-000001 1号梯：关门故障（中） https://p.example/job/abc" || m.Severity != "medium" || m.Gravity != "中" || m.Lang != "zh" {
		t.Errorf("%q, %+v", s, m)
	}
}

func TestWhoeverNamesNoLanguageOrAStrangeOneIsCalledInEnglish(t *testing.T) {
	for _, lang := range []string{"", "en", "tlh", "zh\\u000a"} {
		m := Read(plantroom.Call{ID: "msg-1", Kind: "order.dispatched", Order: "wo-000001", Subject: "s", Body: json.RawMessage(strings.Replace(inChinese, `"zh","order"`, `"`+lang+`","order"`, 1))})
		if m.Lang != "en" || !strings.Contains(m.Letter(), "Where:  Lift 1, Block 1, floor 3\nFault:  door close fault (medium)") {
			t.Errorf("%q: %s", lang, m.Letter())
		}
	}
}

func TestALetterAboutPlannedWorksOrACaseNamesNoOrder(t *testing.T) {
	for kind, want := range map[string]string{"works.notice": "Works:  painting", "works.left": "Order:  painting", "case.late": "Case:   painting"} {
		if l := Read(plantroom.Call{ID: "msg-1", Kind: kind, Order: "painting", Subject: "s", Body: json.RawMessage("{}")}).Letter(); !strings.Contains(l, want) {
			t.Errorf("%s: %s", kind, l)
		}
	}
}
