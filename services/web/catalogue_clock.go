package web

import "plantroom"

// clockWords are the sentences of clocks, pauses, severities and states.
var clockWords = map[string]plantroom.Text{
	"clock.acknowledge":    {En: "Answer", Zh: "应答"},
	"clock.attend":         {En: "On site", Zh: "到场"},
	"clock.release":        {En: "People out", Zh: "放人"},
	"clock.restore":        {En: "Working again", Zh: "恢复"},
	"clock.runs":           {En: "from %s until %s", Zh: "自%s起，至%s止"},
	"clock.text.left":      {En: "%s left of %s", Zh: "剩余 %s（共 %s）"},
	"clock.text.late":      {En: "late by %s", Zh: "超时 %s"},
	"clock.text.met":       {En: "kept, in %s", Zh: "已按时完成，用时 %s"},
	"clock.text.kept_late": {En: "done, %s late", Zh: "已完成，超时 %s"},
	"clock.text.waiting":   {En: "not started, window %s", Zh: "未开始，时限 %s"},
	"clock.text.paused":    {En: "paused", Zh: "已暂停"},
	"clock.text.void":      {En: "void", Zh: "作废"},
	"clock.text.unknown":   {En: "unknown", Zh: "未知"},

	"from.occurred":     {En: "its occurrence", Zh: "故障发生"},
	"from.raised":       {En: "the raising of the order", Zh: "生成工单"},
	"from.dispatched":   {En: "the dispatch", Zh: "派单"},
	"from.acknowledged": {En: "the answer", Zh: "应答"},

	"until.acknowledged": {En: "somebody answers", Zh: "有人应答"},
	"until.attended":     {En: "somebody is there", Zh: "人员到场"},
	"until.released":     {En: "the sensor sees nobody trapped", Zh: "传感器确认无人被困"},
	"until.proved":       {En: "the sensor has proved the repair", Zh: "传感器验证修复"},
	"until.fixed":        {En: "it is said to be fixed", Zh: "报告已修复"},
	"sure.verified":      {En: "the text was read", Zh: "已核对原文"},
	"sure.secondary":     {En: "second-hand, the text was not read", Zh: "二手资料，未核对原文"},
	"sure.unverified":    {En: "unverified", Zh: "未核实"},

	"severity.none":   {En: "no risk", Zh: "无风险"},
	"severity.low":    {En: "low", Zh: "低"},
	"severity.medium": {En: "medium", Zh: "中"},
	"severity.high":   {En: "high", Zh: "高"},
	"severity.life":   {En: "danger to life", Zh: "危及生命"},

	"state.raised":       {En: "raised", Zh: "已生成"},
	"state.dispatched":   {En: "dispatched", Zh: "已派单"},
	"state.acknowledged": {En: "accepted", Zh: "已接单"},
	"state.attended":     {En: "on site", Zh: "在现场"},
	"state.restored":     {En: "reported fixed", Zh: "已报修复"},
	"state.verified":     {En: "repair proved", Zh: "已证实修复"},
	"state.closed":       {En: "closed", Zh: "已关闭"},
	"state.declined":     {En: "declined", Zh: "已拒绝"},
	"state.cancelled":    {En: "cancelled", Zh: "已取消"},
	"state.reopened":     {En: "reopened", Zh: "重新打开"},
	"state.merged":       {En: "merged", Zh: "已合并"},
	"incident.open":      {En: "still wrong", Zh: "仍异常"},
	"incident.clearing":  {En: "clearing", Zh: "恢复中"},
	"incident.closed":    {En: "over", Zh: "已结束"},

	"pause.asked":       {En: "A pause is asked for: %s.", Zh: "已申请暂停计时：%s。"},
	"pause.lasts":       {En: "The clocks pause: %s.", Zh: "计时暂停：%s。"},
	"pause.by":          {En: "%s, since %s", Zh: "%s，自 %s"},
	"pause.ends":        {En: "It ends by itself at %s.", Zh: "将于 %s 自动恢复计时。"},
	"pause.reason":      {En: "Reason in the contract", Zh: "合同约定的原因"},
	"pause.proof":       {En: "Photo or letter that proves it", Zh: "证明（照片或函件编号）"},
	"pause.needs_proof": {En: "needs proof", Zh: "须附证明"},
}
