package web

import "plantroom"

// boardWords are the sentences of the board, and who is on an order.
var boardWords = map[string]plantroom.Text{
	"board.title":     {En: "Operations board", Zh: "运行看板"},
	"board.orders":    {En: "Open orders, most urgent first", Zh: "未结工单，紧急在前"},
	"board.no_orders": {En: "No open orders.", Zh: "没有未结工单。"},
	"board.more":      {En: "and %d more", Zh: "另有%d张"},
	"board.gateways":  {En: "Gateways", Zh: "网关"},
	"board.others":    {En: "Wrong, without an open order", Zh: "有异常、无未结工单"},
	"board.asof":      {En: "as of %s", Zh: "截至 %s"},
	"board.noscript":  {En: "Without scripts this page does not refresh itself: read it again.", Zh: "未启用脚本，本页不会自动刷新，请手动刷新。"},
	"board.announce":  {En: "open orders: %d, late: %d", Zh: "未结工单%d张，超时%d张"},
	"board.dead":      {En: "Calls not delivered", Zh: "未送达的通知"},
	"live.on":         {En: "live", Zh: "实时"},
	"live.lost":       {En: "Connection lost. What you see is as of {time}; trying again.", Zh: "连接中断。画面停留在 {time}，正在重试。"},

	"figure.open":       {En: "open orders", Zh: "张未结工单"},
	"figure.open.one":   {En: "open order", Zh: "张未结工单"},
	"figure.silent.one": {En: "gateway not heard", Zh: "个网关无信号"},
	"figure.dead.one":   {En: "call not delivered", Zh: "条通知未送达"},
	"figure.late":       {En: "late", Zh: "张超时"},
	"figure.silent":     {En: "gateways not heard", Zh: "个网关无信号"},
	"figure.quarantine": {En: "in quarantine", Zh: "条隔离数据"},
	"figure.dead":       {En: "calls not delivered", Zh: "条通知未送达"},
	"card.since":        {En: "since %s, %s", Zh: "自 %s 起，已 %s"},
	"gateway.heard":     {En: "heard %s", Zh: "%s收到数据"},
	"gateway.silent":    {En: "silent since %s, %s", Zh: "自 %s 起无信号，已 %s"},
	"gateway.never":     {En: "not heard yet", Zh: "尚未收到数据"},

	"who.nobody.raised":   {En: "Nobody has been sent", Zh: "尚未派人"},
	"who.nobody.declined": {En: "Declined; nobody has it", Zh: "已被拒绝，无人接手"},
	"who.nobody.reopened": {En: "Reopened; nobody has been sent", Zh: "重新打开，尚未派人"},
	"who.dispatched":      {En: "%s was called at %s; nobody has answered", Zh: "%s于 %s 接到派单，尚无人应答"},
	"who.accepted":        {En: "%s (%s) has accepted", Zh: "%s（%s）已接单"},
	"who.coming":          {En: "%s (%s) is coming, there by %s", Zh: "%s（%s）正在赶来，预计 %s 到"},
	"who.attended":        {En: "%s (%s) is on site since %s", Zh: "%s（%s）自 %s 起在现场"},
	"who.unwatched":       {En: "%s (%s) reported it fixed at %s; the sensor is silent and can neither prove nor contradict it", Zh: "%s（%s）于 %s 报告修复；传感器失联，无法证实或否认"},
	"who.restored":        {En: "%s (%s) reported it fixed at %s; the sensor has yet to agree", Zh: "%s（%s）于 %s 报告修复，等待传感器证实"},
	"who.verified":        {En: "Repair proved by the sensor at %s", Zh: "%s 传感器证实已修复"},
	"who.cancelled":       {En: "Cancelled", Zh: "已取消"},
	"who.merged":          {En: "Goes on as %s", Zh: "已并入 %s"},
	"who.waits":           {En: "%s (%s) reported it fixed at %s; it waits for its parts, or for the sensor of the whole", Zh: "%s（%s）于 %s 报告修复；等待各部分完成或整体传感器证实"},
	"note.contradicted":   {En: "reported fixed, but the sensor does not agree", Zh: "已报修复，但传感器不认可"},
	"note.clearing":       {En: "clean cycles seen: %d of %d", Zh: "正常循环：%d / %d"},
	"note.reopened":       {En: "came back, times: %d", Zh: "复发%d次"},
}
