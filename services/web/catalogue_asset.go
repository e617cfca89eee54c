package web

import "plantroom"

// assetWords are the sentences of an asset's page, and the quarantine.
var assetWords = map[string]plantroom.Text{
	"asset.orders":       {En: "Work orders", Zh: "工单"},
	"asset.no_orders":    {En: "No work orders.", Zh: "没有工单。"},
	"asset.incidents":    {En: "Incidents", Zh: "异常记录"},
	"asset.no_incidents": {En: "No incidents.", Zh: "没有异常记录。"},
	"asset.devices":      {En: "Sensors", Zh: "传感器"},
	"asset.no_devices":   {En: "No sensors: nothing is known of it.", Zh: "没有传感器，状态未知。"},
	"asset.lasted":       {En: "since %s, for %s", Zh: "%s 开始，持续 %s"},
	"device.interval":    {En: "a sign of life at least every %s", Zh: "至少每 %s 上报一次"},
	"device.no_interval": {En: "(not known)", Zh: "（未知）"},

	"kind.passenger":    {En: "passenger lift", Zh: "客梯"},
	"kind.firefighters": {En: "firefighters' lift", Zh: "消防电梯"},
	"kind.goods":        {En: "goods lift", Zh: "货梯"},
	"kind.spot":         {En: "spot sensor", Zh: "点式漏水"},
	"kind.rope":         {En: "sensing rope", Zh: "绳式漏水"},
	"kind.meter":        {En: "water meter", Zh: "水表"},
	"kind.resident":     {En: "resident bay", Zh: "业主车位"},
	"kind.visitor":      {En: "visitor bay", Zh: "访客车位"},
	"kind.accessible":   {En: "accessible bay", Zh: "无障碍车位"},
	"kind.charging":     {En: "charging bay", Zh: "充电车位"},
	"kind.loading":      {En: "loading bay", Zh: "装卸车位"},
	"kind.fire_lane":    {En: "fire lane", Zh: "消防通道"},
	"kind.no_stopping":  {En: "no stopping", Zh: "禁停区"},

	"quarantine.title": {En: "Quarantine", Zh: "隔离区"},
	"quarantine.count": {En: "Entries: %d. What came and could not be used, newest first.", Zh: "共%d条：收到但无法使用的数据，新的在前。"},
	"quarantine.none":  {En: "Nothing is held back.", Zh: "没有隔离数据。"},
	"quarantine.size":  {En: "bytes: %d", Zh: "%d字节"},

	"stage.gateway": {En: "at the gateway", Zh: "网关"},
	"stage.wire":    {En: "in the uplink", Zh: "上行链路"},
	"stage.check":   {En: "in the check", Zh: "校验"},
	"stage.influx":  {En: "at InfluxDB", Zh: "InfluxDB"},
}
