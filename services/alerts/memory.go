package alerts

import (
	"encoding/json"
	"slices"

	"plantroom"
)

// form is that of a stored memory.
const form = 1

// memory is what is kept of the alerts of an asset: the last word on each. It is
// what makes a repeat one.
type memory struct {
	Form  int    `json:"form"`
	Words []word `json:"words"` // the oldest first
}

// word is the last that was said of an alert, on the sender's clock.
type word struct {
	Print    string             `json:"print"`
	Severity plantroom.Severity `json:"severity"`
	Starts   plantroom.Instant  `json:"starts"`
	Ends     plantroom.Instant  `json:"ends,omitzero"` // zero: it fires
	Of       plantroom.Instant  `json:"of,omitzero"`   // the episode of the incident that it belongs to
}

func (w *word) fires() bool { return w.Ends.IsZero() }

func readMemory(asset plantroom.AssetID, b []byte) (*memory, error) {
	m := &memory{}
	if err := json.Unmarshal(b, m); err != nil || m.Form != form {
		return nil, &plantroom.Error{Code: plantroom.CodeInternal, Op: "read what is kept of alerts", Message: "that of " + string(asset) + " cannot be read",
			Hint: "start the version that wrote it, or delete this row of detections: what fires then counts as new", Err: err}
	}
	return m, nil
}

func (m *memory) bytes() ([]byte, error) {
	m.Form = form
	return json.Marshal(m)
}

func (m *memory) find(print string) *word {
	if i := slices.IndexFunc(m.Words, func(w word) bool { return w.Print == print }); i >= 0 {
		return &m.Words[i]
	}
	return nil
}

// firing reports whether any alert fires.
func (m *memory) firing() bool {
	return slices.ContainsFunc(m.Words, func(w word) bool { return w.fires() })
}

// over returns the last end of the alerts of an episode.
func (m *memory) over(episode plantroom.Instant) (at plantroom.Instant) {
	for _, w := range m.Words {
		if w.Of == episode {
			at = max(at, w.Ends)
		}
	}
	return at
}

// add keeps a word on an alert of which nothing is kept. Where it is full the one
// goes whose alert has been over for the longest; nil: all of them fire.
func (m *memory) add(w word) *word {
	if len(m.Words) >= MaxPerAsset {
		oldest := -1
		for i := range m.Words {
			if !m.Words[i].fires() && (oldest < 0 || m.Words[i].Ends < m.Words[oldest].Ends) {
				oldest = i
			}
		}
		if oldest < 0 {
			return nil
		}
		m.Words = slices.Delete(m.Words, oldest, oldest+1)
	}
	m.Words = append(m.Words, w)
	return &m.Words[len(m.Words)-1]
}
