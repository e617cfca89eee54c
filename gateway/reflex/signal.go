package reflex

// The signals of an output's device. services/domains/leaks knows them, too: a
// test in internal/house compares the two.
const (
	sigValve       = "valve"         // open, closed, moving, stuck, unknown
	sigOutput      = "output"        // on, off, switching, stuck, unknown
	sigDrivenBy    = "driven_by"     // what holds an output where it is
	sigReflex      = "reflex"        // what a reflex did, or why it did not
	sigOverrideUID = "override_uid"  // whose order it is
	sigSelfTest    = "self_test"     // passed, failed, skipped
	sigSelfTestWhy = "self_test_why" // see the reasons
)

// The states of driven_by.
const (
	byNobody  = "rest"
	byReflex  = "reflex"
	byPerson  = "person"
	byContact = "contact"
	byTest    = "self_test"
)

// The states of reflex.
const (
	acted         = "acted"
	heldInterlock = "held_by_interlock"
	heldPerson    = "held_by_person"
	over          = "over"
)

// Signals lists the signals that outputs have, with their states; of
// override_uid, which is a number, none.
func Signals() map[string][]string {
	return map[string][]string{
		sigValve:       {string(Open), string(Closed), "moving", "stuck", "unknown"},
		sigOutput:      {string(On), string(Off), "switching", "stuck", "unknown"},
		sigDrivenBy:    {byNobody, byReflex, byPerson, byContact, byTest},
		sigReflex:      {acted, heldInterlock, heldPerson, over},
		sigOverrideUID: nil,
		sigSelfTest:    {passed, failed, skipped},
		sigSelfTestWhy: {whyNothing, whyLeak, whyOverride, whyInterlock, whyRestart, whyState, whyNotThere, whyNotBack},
	}
}
