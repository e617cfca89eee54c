package alerts

import (
	"encoding/json"
	"slices"
	"time"

	"plantroom"
)

// asideOf is where the refusals are kept: no asset can be called that.
const asideOf plantroom.AssetID = "-"

const (
	maxAside  = 128            // refusals that are kept
	asideFor  = 24 * time.Hour // and for how long each is
	asideForm = 1
)

// aside is what has been refused lately.
type aside struct {
	Form int       `json:"form"`
	List []refusal `json:"list"` // the oldest first

	changed bool
}

type refusal struct {
	Sum plantroom.Hash    `json:"sum"`
	At  plantroom.Instant `json:"at"`
}

// readAside reads the refusals. What cannot be read is forgotten: it only saves rows.
func readAside(b []byte) *aside {
	a := &aside{}
	if json.Unmarshal(b, a) != nil || a.Form != asideForm {
		*a = aside{}
	}
	return a
}

func (a *aside) bytes() ([]byte, error) {
	a.Form = asideForm
	return json.Marshal(a)
}

// fresh reports whether a refusal is to be written down, and keeps that it is.
func (a *aside) fresh(now plantroom.Instant, sum plantroom.Hash) bool {
	a.List = slices.DeleteFunc(a.List, func(r refusal) bool { return now.Sub(r.At) >= asideFor || r.At > now })
	if len(a.List) >= maxAside || slices.ContainsFunc(a.List, func(r refusal) bool { return r.Sum == sum }) {
		return false
	}
	a.List = append(a.List, refusal{sum, now})
	a.changed = true
	return true
}
