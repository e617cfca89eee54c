package web

import (
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/sla"
)

func phrases() []phrase { return slices.Concat(basisPhrases, reasonPhrases, refusalPhrases) }

func TestEveryPhraseIsSaidAndSaysAllThatItsFormHolds(t *testing.T) {
	used := map[string]bool{}
	for _, f := range phrases() {
		text, ok := catalogue[f.key]
		if !ok {
			t.Errorf("the catalogue lacks %q", f.key)
		}
		if n := f.form.NumSubexp(); n != len(verbs(text.Zh)) {
			t.Errorf("%s: the form holds %d things, the sentence %q", f.key, n, text.Zh)
		}
		used[f.key] = true
	}
	for key := range catalogue {
		family, _, _ := strings.Cut(key, ".")
		if slices.Contains([]string{"basis", "reason", "refusal"}, family) && !used[key] {
			t.Errorf("no phrase is said with %q", key)
		}
	}
}

func TestSentencesOfOtherPackagesAreSaidInChinese(t *testing.T) {
	say := words{lang: "zh", zone: shanghai, now: plantroom.At(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))}
	for english, want := range map[string]string{
		"contract firm-2027: clause 4.2":                                                       "合同 firm-2027：clause 4.2",
		"contract firm-2027 (since it became high) (of wo-000004)":                             "合同 firm-2027（自升为“高”起）（随工单 wo-000004 并入）",
		"contract a (goes on after reopen 1, 10m used)":                                        "合同 a（第1次重新打开后继续计时，此前已用10分钟）",
		"default, where profile cn-urban wants 30m from raised: law":                           "默认时限（规范 cn-urban 要求30分钟，自生成工单起：law）",
		"profile x, where contract y promises 4h of calendar weekdays from raised until fixed": "规范 x（合同 y 约定4小时（按日历 weekdays），自生成工单起，至报告已修复止）",
	} {
		if got := say.basis(english); got != want {
			t.Errorf("%q is said as %q, want %q", english, got, want)
		}
	}
	for english, want := range map[string]string{
		"2 of 3 on duty free, is on the estate: there by 10:03, 12m to spare; the cheapest of those in time":                               "空闲2人，当班3人，驻场：10:03 可到，富余12分钟；能按时到者中费用最低",
		"all 1 on duty busy, the first free about 10:40, after wo-000003, is 2h away: there by Tue 3 Mar 12:40, 1h5m too late":             "当班1人均忙，约 10:40 有人空闲（wo-000003 之后），路程2小时：3月3日 12:40 可到，晚65分钟",
		"nobody on duty before Tue 3 Mar 08:00, is 40m away: there by Tue 3 Mar 08:40, and no window asks for it; nobody could be earlier": "3月3日 08:00 前无人当班，路程40分钟：3月3日 08:40 可到，无时限要求；无人能更早到",
		"has declined this order; the office has chosen it: under warranty; at once":                                                       "已拒绝此单；由管理处指定：under warranty; at once",
	} {
		if got := say.reason(english); got != want {
			t.Errorf("%q is said as %q, want %q", english, got, want)
		}
	}
	if got := say.basis("something new"); got != "something new" {
		t.Errorf("what no phrase fits is said as %q", got)
	}
}

// TestEveryBasisThatWindowsCanHaveIsSaidInChinese makes them from all that can bind.
func TestEveryBasisThatWindowsCanHaveIsSaidInChinese(t *testing.T) {
	say := words{lang: "zh", zone: shanghai}
	lengths := []plantroom.Duration{plantroom.Duration(30 * time.Minute), plantroom.Duration(90 * time.Minute)}
	for _, source := range []string{"", "4.2"} {
		var windows []plantroom.Window
		for _, n := range lengths {
			for _, until := range []plantroom.ClockStop{"", plantroom.UntilFixed} {
				windows = append(windows, plantroom.Window{Clock: plantroom.Restore, Length: n, Until: until, Source: source})
			}
		}
		for i := range len(windows) * len(windows) * len(windows) {
			a, b, c := windows[i%4], windows[i/4%4], windows[i/16]
			for n := range 8 {
				terms := sla.Terms{}
				if n&1 != 0 {
					terms.Contract = &plantroom.Contract{ID: "k-1", Windows: []plantroom.Window{a}}
				}
				if n&2 != 0 {
					terms.Profile = plantroom.Profile{ID: "p-1", Demands: []plantroom.Demand{{Window: b}}}
				}
				if n&4 != 0 {
					terms.Targets = []plantroom.Window{c}
				}
				for _, k := range terms.Clocks([]plantroom.ClockKind{plantroom.Restore}, plantroom.Matter{}, plantroom.High, 0) {
					got := strings.NewReplacer("k-1", "", "p-1", "").Replace(say.basis(k.Basis))
					if strings.ContainsFunc(got, func(r rune) bool { return 'a' <= r && r <= 'z' }) {
						t.Fatalf("%q is said as %q", k.Basis, got)
					}
				}
			}
		}
	}
}
