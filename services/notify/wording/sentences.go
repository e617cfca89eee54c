package wording

import "plantroom"

// sentences are what a letter says around a call, in each language.
var sentences = map[string]plantroom.Text{
	"where": {En: "\nWhere:  %s", Zh: "\n地点：%s"},
	"floor": {En: ", %s, floor %d", Zh: "，%s，%d层"},
	"fault": {En: "\nFault:  %s (%s)", Zh: "\n故障：%s（%s）"},
	"order": {En: "\nOrder:  %s\n", Zh: "\n工单：%s\n"},
	"case":  {En: "\nCase:   %s\n", Zh: "\n事项：%s\n"},
	"works": {En: "\nWorks:  %s\n", Zh: "\n施工：%s\n"},
	"job":   {En: "\nAccept, arrive and report the repair here. Whoever has this link can use it:\n%s\n", Zh: "\n请在此接单、报到场、报修复。持有此链接者均可操作：\n%s\n"},
	"page":  {En: "\nThe order: %s\n", Zh: "\n查看工单：%s\n"},
	"steps": {En: "\nWhat to do:\n", Zh: "\n处理步骤：\n"},
	"end":   {En: "\nAn answer to this message is read by nobody. Call %s.\n", Zh: "\n此邮件无人查收，请勿回复。通知编号 %s。\n"},

	"severity.none":   {En: "none", Zh: "无"},
	"severity.low":    {En: "low", Zh: "低"},
	"severity.medium": {En: "medium", Zh: "中"},
	"severity.high":   {En: "high", Zh: "高"},
	"severity.life":   {En: "life", Zh: "危及生命"},
}
