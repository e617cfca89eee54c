package plantroom

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
)

// IncidentState is where an incident stands.
type IncidentState string

// The states of an incident.
const (
	IncidentOpen     IncidentState = "open"     // the condition holds
	IncidentClearing IncidentState = "clearing" // the condition is gone, the repair not yet proved
	IncidentClosed   IncidentState = "closed"   // proved by N clean cycles
)

// Incident is one episode of one rule on one asset, opened and closed by
// evidence. (Rule, Asset, Episode) is unique.
type Incident struct {
	ID       IncidentID    `json:"id"`
	Rule     RuleID        `json:"rule"`
	Asset    AssetID       `json:"asset"`
	Domain   DomainName    `json:"domain"`
	Building BuildingID    `json:"building"`
	Episode  Instant       `json:"episode"` // onset in source time
	State    IncidentState `json:"state"`
	Severity Severity      `json:"severity"`
	Cause    string        `json:"cause"`
	Detail   string        `json:"detail"`
	Opened   Instant       `json:"opened"`             // when we knew
	Released Instant       `json:"released,omitzero"`  // source time at which nobody was trapped any more
	Cleared  Instant       `json:"cleared,omitzero"`   // source time at which the condition went; zero while it holds
	Clean    int           `json:"clean"`              // clean cycles since Cleared
	Needed   int           `json:"needed"`             // clean cycles that prove the repair
	Proved   Instant       `json:"proved,omitzero"`    // source time of the last needed cycle
	Closed   Instant       `json:"closed,omitzero"`    // when we knew
	Relapses int           `json:"relapses,omitempty"` // times the condition came back before it was proved gone
}

// NewIncidentID derives an incident's id from what makes it unique, so that
// two servers, or a replay, give one episode one id.
func NewIncidentID(rule RuleID, asset AssetID, episode Instant) IncidentID {
	sum := sha256.Sum256([]byte(string(rule) + "\x00" + string(asset) + "\x00" + strconv.FormatInt(int64(episode), 10)))
	return IncidentID("inc-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10])))
}

// IncidentChange says what happened to an incident.
type IncidentChange string

// The changes that the detection engine reports.
const (
	IncidentOpened   IncidentChange = "opened"
	IncidentWorsened IncidentChange = "worsened" // severity or cause changed
	IncidentReleased IncidentChange = "released"
	IncidentCleared  IncidentChange = "cleared"
	IncidentProgress IncidentChange = "progress" // another clean cycle
	IncidentRelapsed IncidentChange = "relapsed"
	IncidentProved   IncidentChange = "proved"
)

// IncidentEvent is one change of one incident, with the incident as it is
// after the change.
type IncidentEvent struct {
	Change   IncidentChange
	Incident Incident
}
