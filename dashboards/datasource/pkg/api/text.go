package api

import (
	"encoding/json"
	"errors"
)

// Text is what a person reads. A server sends it as a string, or as one for
// each language that it has: {"en": "Lift 1", "zh": "1 号电梯"}. The English is
// kept, and another one only where there is no English.
type Text string

// UnmarshalJSON reads either form.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = Text(s)
		return nil
	}
	var langs map[string]string
	if json.Unmarshal(b, &langs) != nil {
		return errors.New("a text is neither a string nor an object of languages")
	}
	*t = Text(langs["en"])
	if *t == "" {
		*t = Text(langs["zh"])
	}
	return nil
}
