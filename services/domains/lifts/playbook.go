package lifts

import "plantroom"

func faultSteps() []plantroom.Step {
	return []plantroom.Step{
		{ID: "empty", Proof: "person", Title: plantroom.Text{En: "Ask over the car's intercom whether anybody is inside", Zh: "用轿厢对讲确认梯内无人"}},
		{ID: "notice", Proof: "photo", Title: plantroom.Text{En: "Put up the out-of-service notice at the landings, with the time at which it is expected back", Zh: "在层站张贴停梯告示，写明预计恢复时间"}},
		{ID: "inspection", Proof: "reading", Title: plantroom.Text{En: "Switch the lift to inspection before working on it", Zh: "检修前切换到检修状态"}},
		{ID: "cause", Proof: "note", Title: plantroom.Text{En: "Read the controller's fault record and note code and cause", Zh: "读取控制柜故障记录，记下代码和原因"}},
		{ID: "repair", Proof: "photo", Title: plantroom.Text{En: "Repair, and photograph the part replaced or adjusted", Zh: "维修，并拍下更换或调整的部件"}},
		{ID: "runs", Proof: "reading", Title: plantroom.Text{En: "Return it to normal mode and let it make its clean runs, doors at both ends included", Zh: "恢复正常模式，全程试运行并开关门"}},
		{ID: "inform", Proof: "note", Title: plantroom.Text{En: "Take the notice down and tell the residents who asked", Zh: "撤下告示，答复询问的业主"}},
	}
}

func entrapmentSteps() []plantroom.Step {
	return []plantroom.Step{
		{ID: "speak", Proof: "person", Title: plantroom.Text{En: "Speak to the people in the car at once: how many, how they are, stay away from the door", Zh: "立即与被困人员通话：人数、身体状况、远离轿门"}},
		{ID: "notify", Proof: "person", Title: plantroom.Text{En: "Call the maintainer's duty phone, and the fire service if anybody is unwell", Zh: "拨打维保值班电话，有人不适时同时报消防"}},
		{ID: "stay", Proof: "person", Title: plantroom.Text{En: "Send somebody to the landing who keeps talking to them until they are out", Zh: "派人到层站持续安抚，直至救出"}},
		{ID: "power", Proof: "note", Title: plantroom.Text{En: "Switch the drive's mains off and find the car's position before the door is touched", Zh: "开门前切断主电源，确认轿厢位置"}},
		{ID: "release", Proof: "reading", Title: plantroom.Text{En: "Release at a landing; only trained people move the car by hand", Zh: "在平层位置放人；只有持证人员可以盘车"}},
		{ID: "welfare", Proof: "note", Title: plantroom.Text{En: "Ask each of them how they are and note names and times", Zh: "逐一询问身体状况，记录姓名和时间"}},
		{ID: "cause", Proof: "note", Title: plantroom.Text{En: "Find and note the cause before the lift runs again", Zh: "恢复运行前查明并记录原因"}},
		{ID: "runs", Proof: "reading", Title: plantroom.Text{En: "Let it make its clean runs in normal mode", Zh: "在正常模式下完成试运行"}},
		{ID: "report", Proof: "note", Title: plantroom.Text{En: "Report to the authority where the jurisdiction wants it, and tell the owners openly", Zh: "按规定上报主管部门，并如实告知业主"}},
	}
}
