// Package domains lists the watched domains. All is the one visible list: a
// new domain is a folder below this one and a line in it, and everything else
// (boards, simulator, API, reports) finds its signals and rules there.
//
// It holds no domain of its own. What every domain has to fulfil is in
// domaintest; what their detectors share is in internal/evidence.
package domains

import (
	"plantroom"
	"plantroom/services/domains/bays"
	"plantroom/services/domains/leaks"
	"plantroom/services/domains/lifts"
	"plantroom/services/domains/waste"
)

// All returns the watched domains, in the order in which boards show them.
func All() []plantroom.Domain {
	return []plantroom.Domain{
		lifts.Domain(),
		leaks.Domain(),
		waste.Domain(),
		bays.Domain(),
	}
}
