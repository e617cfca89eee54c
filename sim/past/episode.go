package past

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/detect"
	"plantroom/services/domains"
	"plantroom/services/sla"
)

// watched is a rule on an asset, of which one incident can be open at a time.
type watched struct {
	asset  *plantroom.Asset
	domain *plantroom.Domain
	rule   *plantroom.Rule
}

// fate draws the episodes of an estate, one after the other.
type fate struct {
	draw   *rand.Rand
	now    plantroom.Instant
	rules  []watched
	causes map[plantroom.DomainName][]string
	busy   map[int]plantroom.Instant // by place in rules: until when an episode lasts
}

func newFate(e *plantroom.Estate, now plantroom.Instant, seed uint64) *fate {
	f := &fate{draw: rand.New(rand.NewPCG(seed, 0x70617374)), now: now, causes: map[plantroom.DomainName][]string{}, busy: map[int]plantroom.Instant{}}
	known := map[plantroom.DomainName]*plantroom.Domain{}
	for _, d := range append(domains.All(), detect.Devices()) {
		known[d.Name] = &d
		f.causes[d.Name] = slices.Sorted(maps.Keys(d.Causes))
	}
	devices := known[plantroom.DevicesDomain]
	silent := &devices.Rules[slices.IndexFunc(devices.Rules, func(r plantroom.Rule) bool { return r.ID == detect.RuleDeviceSilent })]
	for i := range e.Assets {
		a := &e.Assets[i]
		for j := range known[a.Domain].Rules {
			if r := &known[a.Domain].Rules[j]; r.AppliesTo(a.Kind) {
				f.rules = append(f.rules, watched{a, known[a.Domain], r})
			}
		}
		f.rules = append(f.rules, watched{a, devices, silent})
	}
	return f
}

// What a firm promises, as in the estate's file, and how long it takes on average.
// About one window in twelve is missed.
var promises = []struct {
	kind   plantroom.ClockKind
	window time.Duration
}{{plantroom.Acknowledge, 15 * time.Minute}, {plantroom.Attend, time.Hour}, {plantroom.Restore, 2 * time.Hour}}

const (
	toAccept = 6 * time.Minute
	toArrive = 20 * time.Minute
	toRepair = 25 * time.Minute
	toProve  = 8 * time.Minute
	slow     = 50 // of so many repairs one waits for parts, and takes so much longer
	toClose  = 10 * time.Minute
)

// about draws a time: the mean of all that it draws is what is given.
func (f *fate) about(mean time.Duration) time.Duration {
	return time.Duration(f.draw.ExpFloat64() * float64(mean))
}

// oneIn reports whether it is the one in n.
func (f *fate) oneIn(n int) bool { return f.draw.IntN(n) == 0 }

// episode makes the incident and the order numbered n, that is raised at an instant.
func (f *fate) episode(n int, at plantroom.Instant) (plantroom.Incident, plantroom.WorkOrder) {
	which := f.draw.IntN(len(f.rules))
	for f.busy[which] >= at {
		which = f.draw.IntN(len(f.rules))
	}
	w := &f.rules[which]
	causes := f.causes[w.domain.Name]
	in := plantroom.Incident{Rule: w.rule.ID, Asset: w.asset.ID, Domain: w.domain.Name, Building: w.asset.Building, Episode: at.Add(-3 * time.Second),
		State: plantroom.IncidentOpen, Severity: f.severity(w), Cause: causes[f.draw.IntN(len(causes))], Detail: "as its sensor has told", Opened: at, Needed: 2}
	in.ID = plantroom.NewIncidentID(in.Rule, in.Asset, in.Episode)
	of := firms[string(w.asset.Domain)]
	chosen := f.draw.IntN(len(of))
	o := plantroom.WorkOrder{ID: plantroom.OrderID(fmt.Sprintf("wo-%06d", n)), State: plantroom.Dispatched, Incident: in.ID, Asset: in.Asset, Building: in.Building,
		Domain: in.Domain, Rule: in.Rule, Severity: in.Severity, Cause: in.Cause, Detail: in.Detail,
		Contractor: plantroom.ContractorID(of[chosen]), Contract: plantroom.ContractID(of[chosen] + "-all"),
		Occurred: in.Episode, Raised: at, Begun: at, Dispatched: at, Ladder: "standard", Level: -1, Link: 1}
	for i, id := range of {
		o.Choice = append(o.Choice, plantroom.Candidate{Contractor: plantroom.ContractorID(id), Contract: plantroom.ContractID(id + "-all"), OnDuty: 1, Free: 1,
			Committed: plantroom.Duration(2 * time.Hour), Earliest: at.Add(15 * time.Minute), Due: at.Add(time.Hour), CanMeet: true, Chosen: i == chosen,
			Reason: "somebody on duty is free and can be there in time"})
	}
	for _, s := range w.rule.Steps {
		o.Tasks = append(o.Tasks, plantroom.Task{ID: s.ID, Title: s.Title, Role: s.Role, Proof: s.Proof})
	}
	for _, p := range promises {
		c := plantroom.Clock{Kind: p.kind, State: plantroom.ClockWaiting, From: plantroom.FromRaised, Window: plantroom.Duration(p.window),
			Basis: "contract " + string(o.Contract), Source: "made up", Contract: o.Contract}
		sla.Start(&c, at, nil)
		o.Clocks = append(o.Clocks, c)
	}
	if f.oneIn(40) {
		o.DeclinedBy = []plantroom.ContractorID{plantroom.ContractorID(of[1-chosen])}
	}
	f.busy[which] = f.work(&in, &o)
	return in, o
}

// severity is life for people who are trapped, and drawn for anything else.
func (f *fate) severity(w *watched) plantroom.Severity {
	if slices.Contains(w.rule.Clocks, plantroom.Release) {
		return plantroom.Life
	}
	return plantroom.Severity(1 + f.draw.IntN(3))
}

// work does what is done about an order by now, and returns when its repair is
// proved, which may be later.
func (f *fate) work(in *plantroom.Incident, o *plantroom.WorkOrder) plantroom.Instant {
	accepted := o.Raised.Add(f.about(toAccept))
	arrived := accepted.Add(f.about(toArrive))
	repair := f.about(toRepair)
	if f.oneIn(slow) {
		repair *= slow
	}
	restored := arrived.Add(repair)
	proved := restored.Add(f.about(toProve))
	closed := proved.Add(toClose)
	for _, step := range []struct {
		at  plantroom.Instant
		to  plantroom.OrderState
		has *plantroom.Instant
	}{{accepted, plantroom.Acknowledged, &o.Acknowledged}, {arrived, plantroom.Attended, &o.Attended}, {restored, plantroom.Restored, &o.Restored},
		{proved, plantroom.Verified, &o.Verified}, {closed, plantroom.Closed, &o.Closed}} {
		if step.at <= f.now {
			o.State, *step.has = step.to, step.at
		}
	}
	for i, stop := range []plantroom.Instant{accepted, arrived, proved} {
		sla.Advance(&o.Clocks[i], min(stop, f.now))
		if stop <= f.now {
			sla.Stop(&o.Clocks[i], stop)
		}
	}
	if restored <= f.now {
		in.State, in.Cleared = plantroom.IncidentClearing, restored
		o.FixNote = "repaired"
		if f.oneIn(50) {
			o.Contradicted = 1
		}
	}
	if proved <= f.now {
		in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, in.Needed, proved, proved
		if f.oneIn(60) {
			o.Reopens = 1
		}
		for i := range o.Tasks {
			o.Tasks[i].Done, o.Tasks[i].By = restored, string(o.Contractor)
		}
	}
	return proved
}
