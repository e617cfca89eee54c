package plantroom

import (
	"slices"
	"strings"
	"time"
)

// WorksID names planned works.
type WorksID string

// The bounds of planned works.
const (
	MaxWorksLength = 60 * 24 * time.Hour // from the beginning to the end
	MaxWorksText   = 4000                // bytes of a title or a text, in all languages together
)

// Reserved reports whether an id means something else in the ledger and on calls,
// where works, orders, incidents and tests of channels stand side by side.
func (id WorksID) Reserved() bool {
	return strings.HasPrefix(string(id), "wo-") || strings.HasPrefix(string(id), "inc-") || strings.HasPrefix(string(id), "channel.") || id == "job-links"
}

// WorksState is where planned works stand.
type WorksState string

// The states of planned works.
const (
	WorksPlanned   WorksState = "planned"
	WorksRunning   WorksState = "running"
	WorksOverrun   WorksState = "overrun" // their end has passed, and nobody has said that they are done
	WorksDone      WorksState = "done"
	WorksCancelled WorksState = "cancelled"
)

// HeldCalls says which calls about orders on an asset are held back during
// planned works. Nothing else is: the order is raised, shown and timed as ever,
// and where a life is at stake every call is made.
type HeldCalls string

// What can be held.
const (
	HoldNothing  HeldCalls = ""         // every call is made
	HoldManagers HeldCalls = "managers" // the contractor is called, managers and ladder are not
	HoldAll      HeldCalls = "all"      // nobody is called
)

// Works are planned works on assets: known beforehand, told to the residents
// concerned, and over by a time.
type Works struct {
	ID         WorksID      `json:"id"`
	Version    int64        `json:"version"`
	State      WorksState   `json:"state"`
	Title      Text         `json:"title"`
	Text       Text         `json:"text"` // to the residents
	Assets     []AssetID    `json:"assets"`
	Floors     []int        `json:"floors,omitempty"` // whose residents are concerned, in the buildings of the assets; none: all
	Contractor ContractorID `json:"contractor"`
	From       Instant      `json:"from"`
	To         Instant      `json:"to"`
	Hold       HeldCalls    `json:"hold,omitempty"`
	InFile     bool         `json:"in_file,omitempty"` // declared in the estate's file, which can take it back
	By         string       `json:"by"`                // actor
	Declared   Instant      `json:"declared"`
	Needs      []Need       `json:"needs,omitempty"`   // the residents who are to be called one by one
	Notices    []Notice     `json:"notices,omitempty"` // that are to be given, the first first
	Ended      Instant      `json:"ended,omitzero"`
	EndedBy    string       `json:"ended_by,omitempty"`
	Due        Instant      `json:"due,omitzero"` // when time alone will next change them; zero: never
}

// Need is a resident concerned who has registered needs, and who has talked to
// them.
type Need struct {
	Person  PersonID `json:"person"`
	Zone    ZoneID   `json:"zone"`
	Floor   int      `json:"floor"`
	Needs   []string `json:"needs"`
	Reached Instant  `json:"reached,omitzero"`
	By      string   `json:"by,omitempty"`
}

// Notice is one notice to the residents concerned.
type Notice struct {
	Before Duration `json:"before"` // the beginning
	Given  Instant  `json:"given,omitzero"`
	Called int      `json:"called,omitempty"` // residents who have an address
}

// Over reports whether nothing more is to come of the works.
func (w *Works) Over() bool { return w.State == WorksDone || w.State == WorksCancelled }

// Covers reports whether an asset is worked on at an instant, as it was planned.
// An overrun covers nothing: nobody has planned it.
func (w *Works) Covers(asset AssetID, at Instant) bool {
	return !w.Over() && w.From <= at && at < w.To && slices.Contains(w.Assets, asset)
}

// During is the planned works in which an order was raised, as they stood.
type During struct {
	Works WorksID   `json:"works"`
	Until Instant   `json:"until"`
	Hold  HeldCalls `json:"hold,omitempty"`
}
