package web

import "plantroom"

// callWords are the sentences of kinds of calls.
var callWords = map[string]plantroom.Text{
	"call.order.dispatched":    {En: "work order", Zh: "派单"},
	"call.order.worsened":      {En: "worse than before", Zh: "情况加重"},
	"call.order.verified":      {En: "repair proved", Zh: "修复已证实"},
	"call.order.contradicted":  {En: "the sensor does not agree", Zh: "传感器不认可"},
	"call.order.cancelled":     {En: "order cancelled", Zh: "工单取消"},
	"call.order.transferred":   {En: "goes to another contractor", Zh: "转派"},
	"call.order.merged":        {En: "orders merged", Zh: "工单合并"},
	"call.order.pause_asked":   {En: "asks for a pause", Zh: "申请暂停计时"},
	"call.order.pause_refused": {En: "pause refused", Zh: "暂停被拒绝"},
	"call.order.paused":        {En: "clocks pause", Zh: "计时暂停"},
	"call.order.continued":     {En: "clocks run again", Zh: "恢复计时"},
	"call.order.uncovered":     {En: "nobody is under contract", Zh: "无合同覆盖"},
	"call.order.refused":       {En: "everybody has declined", Zh: "全部拒绝"},
	"call.window.cannot_meet":  {En: "nobody can meet the window", Zh: "无人能按时到"},
	"call.clock.at_risk":       {En: "80 % of a window used", Zh: "时限已用80%"},
	"call.clock.breached":      {En: "window missed", Zh: "超过时限"},
	"call.clock.disbelieved":   {En: "window stays missed, check the sensor's clock", Zh: "仍为超时，请检查传感器时钟"},
	"call.clock.corrected":     {En: "window not missed after all", Zh: "更正：未超过时限"},
	"call.task.late":           {En: "a step is late", Zh: "步骤超时"},
	"call.ladder.call":         {En: "reminder", Zh: "催办"},
}
