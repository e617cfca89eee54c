package works

import (
	"fmt"
	"strings"
	"time"

	"plantroom"
)

// sentences are what calls about planned works say, in each language that people have.
var sentences = map[string]plantroom.Text{
	"title":      {En: "%s %s", Zh: "%s %s"},
	"more":       {En: "%s. %s", Zh: "%s。%s"},
	"planned":    {En: "%s: %s", Zh: "%s：%s"},
	"moved":      {En: "%s: now %s", Zh: "%s：改为 %s"},
	"called_off": {En: "%s: called off, %s", Zh: "%s：已取消，%s"},
	"longer":     {En: "%s: until %s, %s", Zh: "%s：延长，%s，%s"},
	"begun":      {En: "%s: they have begun, and nobody has talked to %d residents with registered needs", Zh: "%s：施工已开始，尚有%d户登记需求的住户未联系"},
	"overrun":    {En: "%s: they were to end at %s, and nobody has said that they are done", Zh: "%s：应于 %s 结束，尚无人报告完工"},
	"overdue":    {En: "%s for %s", Zh: "%s，已超 %s"},
	"one_by_one": {En: "%s, %s: %d residents with registered needs are to be called one by one, and %d have no address", Zh: "%s，%s：%d户登记需求的住户需逐户通知，%d户无联系方式"},
	"posters":    {En: "%s, %s: %d of %d residents have no address: put a notice up", Zh: "%s，%s：%[4]d户中有%[3]d户无联系方式，请张贴通知"},
	"minute":     {En: "Mon 2 Jan 15:04", Zh: "1月2日 15:04"},

	// To residents: title, then when.
	"notice":    {En: "Planned works: %s, %s", Zh: "施工通知：%s，%s"},
	"changed":   {En: "Planned works have changed: %s, %s", Zh: "施工变更：%s，%s"},
	"extended":  {En: "Works take longer: %s, %s", Zh: "施工延长：%s，%s"},
	"cancelled": {En: "Called off: %s, %s", Zh: "施工取消：%s，%s"},
}

// say puts a sentence together in every language; an argument that is a Text is
// said in the same.
func (d *decision) say(key string, args ...any) plantroom.Text {
	in := func(lang string) string {
		said := make([]any, len(args))
		for i, a := range args {
			if t, ok := a.(plantroom.Text); ok {
				said[i] = t.In(lang)
			} else {
				said[i] = a
			}
		}
		return fmt.Sprintf(sentences[key].In(lang), said...)
	}
	return plantroom.Text{En: in("en"), Zh: in("zh")}
}

func (d *decision) title() plantroom.Text { return d.say("title", d.works.ID, d.works.Title) }

// minute says when something is, with its day.
func (d *decision) minute(at plantroom.Instant) plantroom.Text {
	t, layout := at.Time().In(d.office.zone), sentences["minute"]
	return plantroom.Text{En: t.Format(layout.En), Zh: t.Format(layout.Zh)}
}

// length says a length of time in hours and minutes.
func length(d time.Duration) plantroom.Text {
	text := plantroom.Duration(d).String()
	return plantroom.Text{En: text, Zh: strings.NewReplacer("h", "小时", "m", "分钟", "s", "秒").Replace(text)}
}
