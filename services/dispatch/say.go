package dispatch

import (
	"fmt"
	"strings"
	"time"

	"plantroom"
)

// sentences are what calls say to people, in each language that people have. The
// English ones are the product's own wording, which receivers may rely on.
var sentences = map[string]plantroom.Text{
	"title":             {En: "%s %s: %s (%s)", Zh: "%s %s：%s（%s）"},
	"title.scope":       {En: "%s, %s", Zh: "%s，%s"},
	"title.during":      {En: "%s, during planned works", Zh: "%s，计划施工期间"},
	"due":               {En: ", %s by %s", Zh: "，%s截止 %s"},
	"late":              {En: " (late by %s)", Zh: "（晚了%s）"},
	"quiet":             {En: "%s (of %s, held in quiet hours)", Zh: "%s（%s的通知，因免打扰时段推迟）"},
	"unaddressed":       {En: "%s (%s is not in the estate's file any more)", Zh: "%s（%s已不在小区文件中）"},
	"dispatched":        {En: "%s%s", Zh: "%s%s"},
	"worsened":          {En: "%s: worse than it was%s", Zh: "%s：情况加重%s"},
	"life":              {En: "%s: a life is at stake%s", Zh: "%s：危及生命%s"},
	"verified":          {En: "%s: repair proved by the sensor", Zh: "%s：传感器已证实修复"},
	"verified.alert":    {En: "%s: Grafana says that it is resolved", Zh: "%s：Grafana 显示已恢复"},
	"contradicted":      {En: "%s: said to be fixed, but %s", Zh: "%s：报告已修复，但%s"},
	"cancelled":         {En: "%s: cancelled, %s", Zh: "%s：已取消，%s"},
	"transferred":       {En: "%s: another contractor goes on with it, %s", Zh: "%s：已转派其他维保单位，%s"},
	"merged":            {En: "%s: goes on as %s, %s", Zh: "%s：并入 %s 继续处理，%s"},
	"carries":           {En: "%s: %s goes on in it%s", Zh: "%s：%s 并入本单继续处理%s"},
	"at_risk":           {En: "%s: %s due %s, 80 %% of the window used%s", Zh: "%s：%s截止 %s，时限已用80%%%s"},
	"breached":          {En: "%s: %s was due %s%s", Zh: "%s：%s已于 %s 到期%s"},
	"corrected":         {En: "%s: %s was kept at %s, due %s: heard %s later, the window was not missed", Zh: "%s：%s已于 %s 完成，截止 %s：%s后才收到，未超过时限"},
	"corrected.void":    {En: "%s: %s was no longer needed from %s, due %s: heard %s later, the window was not missed", Zh: "%s：%s自 %s 起已不需要，截止 %s：%s后才收到，未超过时限"},
	"disbelieved":       {En: "%s: %s stays missed, due %s: the sensor says %s, and was heard %s later; %s", Zh: "%s：%s仍为超时，截止 %s：传感器称 %s，%s后才收到；%s"},
	"pause.asked":       {En: "%s: %s asks for a pause (%s): agree or refuse", Zh: "%s：%s申请暂停计时（%s），请同意或拒绝"},
	"pause.said":        {En: "%s: pauses (%s), says %s", Zh: "%s：计时暂停（%s），由%s告知"},
	"pause.agreed":      {En: "%s: pauses (%s), %s has agreed", Zh: "%s：计时暂停（%s），%s已同意"},
	"pause.refused":     {En: "%s: %s has refused the pause (%s)", Zh: "%s：%s拒绝暂停（%s）"},
	"pause.ended":       {En: "%s: the pause (%s) is over, says %s%s", Zh: "%s：暂停（%s）已结束，由%s告知%s"},
	"pause.over":        {En: "%s: the pause (%s) is over%s", Zh: "%s：暂停（%s）已结束%s"},
	"cannot_meet":       {En: "%s: earliest possible %s, due %s", Zh: "%s：最早可到 %s，截止 %s"},
	"uncovered":         {En: "%s: no contract covers it; find somebody", Zh: "%s：无合同覆盖，请另找人员"},
	"refused":           {En: "%s: everybody has declined; find somebody", Zh: "%s：均已拒绝，请另找人员"},
	"unanswered":        {En: "%s: nobody has acknowledged for %s%s", Zh: "%s：%s无人应答%s"},
	"shift":             {En: "%s: the shift has changed, and nobody has acknowledged for %s%s", Zh: "%s：已换班，%s无人应答%s"},
	"nobody_of":         {En: "%s; of %s nobody is on duty who could be called", Zh: "%s；%s无当班人员可呼叫"},
	"task.late":         {En: "%s: not ticked off: %s%s", Zh: "%s：步骤超时未完成：%s%s"},
	"task.by":           {En: "%s by %s", Zh: "%s（截止 %s）"},
	"task.more":         {En: "and %d more", Zh: "另有%d项"},
	"comma":             {En: ", ", Zh: "、"},
	"due.late":          {En: ", %s late since %s", Zh: "，%s自 %s 起超时"},
	"works.left":        {En: "%s: raised %s ago during planned works %s, and still open%s", Zh: "%s：%s前在计划施工 %s 期间生成，仍未结%s"},
	"seen_later":        {En: "the sensor still sees it %s later", Zh: "%s后传感器仍检测到异常"},
	"seen_later.alert":  {En: "Grafana has not said that it is resolved %s later", Zh: "%s后 Grafana 仍未显示恢复"},
	"came_back":         {En: "the fault came back before the repair was proved", Zh: "修复证实前故障再次出现"},
	"still_seen":        {En: "the sensor still sees the fault, with all parts said to be done", Zh: "各部分均报完成，但传感器仍检测到故障"},
	"on_its_way":        {En: "the sensor's news was on its way when the window ended", Zh: "时限结束时传感器数据正在途中"},
	"server_away":       {En: "the server was away when the window ended", Zh: "时限结束时服务器不在线"},
	"gateway_away":      {En: "gateway %s was away when the window ended", Zh: "时限结束时网关 %s 不在线"},
	"nothing_away":      {En: "neither gateway nor server was away when the window ended: the sensor's clock may be slow", Zh: "时限结束时网关和服务器均在线：传感器时钟可能偏慢"},
	"never":             {En: "never", Zh: "无"},
	"day":               {En: "Mon 2 Jan 15:04", Zh: "1月2日 15:04"},
	"clock.acknowledge": {En: "acknowledge", Zh: "应答"},
	"clock.attend":      {En: "attend", Zh: "到场"},
	"clock.release":     {En: "release", Zh: "放人"},
	"clock.restore":     {En: "restore", Zh: "恢复"},
	"severity.none":     {En: "none", Zh: "无"},
	"severity.low":      {En: "low", Zh: "低"},
	"severity.medium":   {En: "medium", Zh: "中"},
	"severity.high":     {En: "high", Zh: "高"},
	"severity.life":     {En: "life", Zh: "危及生命"},
}

// say puts a sentence together in every language. An argument that is a Text, a
// clock's kind, a severity or a length of time is said in the same language, any
// other as it is.
func say(key string, args ...any) plantroom.Text {
	s := sentences[key]
	in := func(lang string) string {
		if len(args) == 0 {
			return s.In(lang)
		}
		said := make([]any, len(args))
		for i, a := range args {
			switch a := a.(type) {
			case plantroom.Text:
				said[i] = a.In(lang)
			case plantroom.ClockKind:
				said[i] = say("clock." + string(a)).In(lang)
			case plantroom.Severity:
				said[i] = say("severity." + a.String()).In(lang)
			case time.Duration:
				said[i] = lengthIn(lang, a)
			default:
				said[i] = a
			}
		}
		return fmt.Sprintf(s.In(lang), said...)
	}
	return plantroom.Text{En: in("en"), Zh: in("zh")}
}

// lengthIn says a length of time: words in English, and in Chinese the same in its
// own units.
func lengthIn(lang string, d time.Duration) string {
	text := words(d)
	if lang != "zh" {
		return text
	}
	return strings.NewReplacer("ms", "毫秒", "h", "小时", "m", "分钟", "s", "秒").Replace(text)
}

// join puts texts behind each other.
func join(parts ...plantroom.Text) (out plantroom.Text) {
	for _, p := range parts {
		out.En, out.Zh = out.En+p.In("en"), out.Zh+p.In("zh")
	}
	return out
}

// at says when something is or was, with the day where it is not today.
func (d *decision) at(i plantroom.Instant) plantroom.Text {
	if i.IsZero() {
		return say("never")
	}
	t, today := i.Time().In(d.book.zone), d.now.Time().In(d.book.zone)
	if t.YearDay() == today.YearDay() && t.Year() == today.Year() {
		return plantroom.Text{En: t.Format("15:04"), Zh: t.Format("15:04")}
	}
	layout := sentences["day"]
	return plantroom.Text{En: t.Format(layout.En), Zh: t.Format(layout.Zh)}
}

// title names the order in a subject line.
func (d *decision) title() plantroom.Text {
	o := &d.order
	a := d.book.assetOf(o)
	name := plantroom.Text{En: a.Name.En, Zh: a.Name.In("zh")}
	if name.En == "" {
		name.En = string(o.Asset)
	}
	if name.Zh == "" {
		name.Zh = string(o.Asset)
	}
	if o.Scope != "" {
		name = say("title.scope", name, o.Scope)
	}
	title := say("title", o.ID, name, d.fault(), o.Severity)
	if o.During != nil {
		title = say("title.during", title)
	}
	return title
}

// fault names what is wrong: in English by the slug's own words, as ever.
func (d *decision) fault() plantroom.Text {
	plain := strings.ReplaceAll(d.order.Cause, "_", " ")
	return plantroom.Text{En: plain, Zh: d.book.causes[d.order.Cause].Zh}
}

// dueWords says by when what has to have happened.
func (d *decision) dueWords() (out plantroom.Text) {
	for _, kind := range []plantroom.ClockKind{plantroom.Attend, plantroom.Release, plantroom.Restore} {
		switch c := d.order.Clock(kind); {
		case c == nil || !c.Open() || c.Due.IsZero():
		case lost(c):
			out = join(out, say("due.late", kind, d.at(c.Due)))
		default:
			out = join(out, say("due", kind, d.at(c.Due)))
		}
	}
	return out
}

// lateWords says that something was done late; nothing where it was not.
func lateWords(by time.Duration) plantroom.Text {
	if by < SayLate {
		return plantroom.Text{}
	}
	return say("late", by)
}

// pauseName is a reason to pause: its code, or its name where the contract has one
// in the language.
func (d *decision) pauseName(code string) plantroom.Text {
	name := plantroom.Text{En: code, Zh: code}
	if c := d.book.contracts[d.order.Contract]; c != nil {
		for _, t := range c.Pauses {
			if t.Code == code && t.Title.Zh != "" {
				name.Zh = t.Title.Zh
			}
		}
	}
	return name
}
