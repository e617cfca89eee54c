package scenario

import (
	"fmt"

	"plantroom"
	"plantroom/firmware-bridge/node"
	"plantroom/internal/yamldoc"
)

// checkBehaviours finds steps of a contractor that would never be taken,
// because the step before is not given.
func (s *Scenario) checkBehaviours() yamldoc.Faults {
	var faults yamldoc.Faults
	for id, b := range s.Contractors {
		for _, step := range []struct {
			key        string
			given      bool
			needs      string
			needsGiven bool
		}{
			{"arrive", b.Arrive != nil, "acknowledge", b.Acknowledge != nil},
			{"fix", b.Fix != nil, "arrive", b.Arrive != nil},
			{"claim_only", b.ClaimOnly, "fix", b.Fix != nil},
		} {
			if step.given && !step.needsGiven {
				faults = append(faults, s.doc.Fault(fmt.Sprintf("/contractors/%s/%s", id, step.key),
					fmt.Sprintf("there is no %s without %s", step.key, step.needs), "give both, or neither"))
			}
		}
		if b.Decline != nil && b.Acknowledge != nil {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/contractors/%s/decline", id),
				"a contractor cannot decline and acknowledge the same call", "give one of the two"))
		}
	}
	return faults
}

// checkMessages finds buttons that nobody or two press, messages and registers that say nothing or two things,
// readings that no node can send, and a gateway that dies for no time.
func (s *Scenario) checkMessages() yamldoc.Faults {
	var faults yamldoc.Faults
	for i, a := range s.Do {
		if m := a.Message; m != nil && (m.Payload == "") == (m.Hex == "") {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/message", i), "a message has one payload", "give either payload or hex"))
		}
		if p := a.Press; p != nil && (p.Contractor == "") == (p.Person == "") {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/press", i), "one presses a button", "give either contractor or person"))
		}
		if p := a.Press; p != nil && (p.Action == plantroom.DoPause) != (p.Code != "") {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/press", i), "a pause has a reason of the contract, and nothing else has one", "give code with pause, and with nothing else"))
		}
		if r := a.Registers; r != nil && (r.Values == nil) == (r.Hex == "") {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/registers", i), "registers have one content", "give either values or hex"))
		}
		if m := a.Measure; m != nil {
			sent := node.Message{Kind: node.Reading, Node: m.Node, Seq: 1, Signal: m.Signal, Value: m.single()}
			if err := sent.Check(); err != nil {
				faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/measure", i), err.Error(), "give a reading that a node can send: docs/node.md"))
			}
		}
		if c := a.Case; c != nil && c.things() != 1 {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/case", i), "one thing is done with a case at a time", "give one of playbook, step, outcome and reopen"))
		}
		if e := a.Alert; e != nil && e.Resolved && !s.fires(e.ID, a.At) {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/alert", i), fmt.Sprintf("the alert %s does not fire then", e.ID), "let it fire before it is resolved, and again before it is resolved again"))
		}
		if p := a.Publish; p != nil && (p.Dies == "") != (p.Down == 0) {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d/publish", i), "a gateway that dies comes back after a time", "give both dies and down, or neither"))
		}
	}
	return faults
}

// fires reports whether an alert fires just before a moment.
func (s *Scenario) fires(id string, at Offset) bool {
	firing, last := false, Offset(-1)
	for _, a := range s.Do {
		if a.Alert != nil && a.Alert.ID == id && a.At < at && a.At >= last {
			firing, last = !a.Alert.Resolved, a.At
		}
	}
	return firing
}

// things counts what an act does with a case.
func (a *CaseAct) things() (n int) {
	for _, does := range []bool{a.Playbook != "", a.Step != "", a.Outcome != "", a.Reopen} {
		if does {
			n++
		}
	}
	return n
}

// outage says what an act takes away, and for how long; "" for any other act.
func (a Act) outage() (of string, length Offset) {
	switch {
	case a.Silence != nil:
		return "the radio of " + string(a.Silence.Device), a.Silence.For
	case a.Network != nil:
		return "the network of " + string(a.Network.Gateway), a.Network.Down
	case a.Server != nil:
		return "the server", a.Server.Down
	case a.InfluxDB != nil:
		return "InfluxDB", a.InfluxDB.Down
	case a.Gateway != nil:
		return "the power of " + string(a.Gateway.ID), a.Gateway.Down
	case a.Late != nil:
		return "the prompt delivery of " + string(a.Late.Device), a.Late.For
	case a.Unit != nil:
		return fmt.Sprintf("unit %d on the link %s of %s", a.Unit.Unit, a.Unit.Link, a.Unit.Gateway), a.Unit.For
	case a.Line != nil:
		return fmt.Sprintf("the line %s of %s", a.Line.Port, a.Line.Gateway), a.Line.Down
	case a.Publish != nil && a.Publish.Dies != "":
		return "the power of " + string(a.Publish.Gateway), a.Publish.Down
	}
	return "", 0
}

// checkOutages finds acts that take away what an act before has taken and not
// yet given back.
func (s *Scenario) checkOutages() yamldoc.Faults {
	var faults yamldoc.Faults
	for i, a := range s.Do {
		of, _ := a.outage()
		for j, b := range s.Do {
			same, length := b.outage()
			if of == "" || of != same || i == j || a.At < b.At || a.At == b.At && i < j || a.At >= b.At+length {
				continue
			}
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d", i),
				fmt.Sprintf("%s is gone already, since line %d", of, s.doc.Line(fmt.Sprintf("/do/%d", j))),
				fmt.Sprintf("begin at %s or later", b.At+length)))
		}
	}
	return faults
}

// CheckLive finds acts that happen to Plantroom itself, such as server: they
// need the stage of a play in virtual time.
func (s *Scenario) CheckLive() error {
	var faults yamldoc.Faults
	for i, a := range s.Do {
		if !a.InWorld() {
			faults = append(faults, s.doc.Fault(fmt.Sprintf("/do/%d", i), "this happens to Plantroom itself and cannot be played live",
				"take it out, or play the file with plantroom-sim run"))
		}
	}
	return faults.Err()
}
