package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plantroom"
	"plantroom/services/notify/wording"
)

// maxAnswer is how much of an answer is read. One that is longer is not looked
// into: it cannot mean success where success is in the body.
const maxAnswer = 64 << 10

type answerFile struct {
	Status []int `json:"status"`
	JSON   []struct {
		At string `json:"at"`
		Is []any  `json:"is"`
	} `json:"json"`
}

// answer describes answers: one of the statuses, and all of the conditions.
type answer struct {
	status     []int // none: any
	conditions []condition
}

type condition struct {
	at     pointer
	is     []any
	isCode bool // it is the code that was spoken
}

// pointer is a JSON pointer (RFC 6901), parted and unescaped.
type pointer []string

func parsePointer(s string) pointer {
	if s == "" {
		return nil
	}
	parts := strings.Split(s[1:], "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts
}

// get follows a pointer.
func (p pointer) get(v any) (any, bool) {
	for _, step := range p {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[step]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.ParseUint(step, 10, 16)
			if err != nil || int(i) >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

func (c *compiler) answers(f *file) {
	t := c.t
	t.success, t.reason = c.answer("/success", f.Success), parsePointer(f.Reason)
	if len(t.success.status) == 0 {
		c.fault("/success", "it does not say which status means success", "add status, as in status: [200]")
	}
	for i, a := range f.Setup {
		t.setup = append(t.setup, c.answer(fmt.Sprintf("/setup/%d", i), a))
	}
	for i, a := range f.Permanent {
		t.permanent = append(t.permanent, c.answer(fmt.Sprintf("/permanent/%d", i), a))
	}
	back := slices.ContainsFunc(t.success.conditions, func(k condition) bool { return k.isCode })
	switch {
	case t.ReadBack && !back:
		c.fault("/success", "a code is sent, and none has to come back", `add json: [{at: /digits, is: ["{code}"]}], where the provider says what was read back`)
	case !t.ReadBack && back:
		c.fault("/success", "a code has to come back, and none is sent", "say {code} in the body")
	}
}

func (c *compiler) answer(at string, a answerFile) answer {
	out := answer{status: a.Status}
	for i, k := range a.JSON {
		n := condition{at: parsePointer(k.At), is: k.Is}
		for j, v := range k.Is {
			s, _ := v.(string)
			switch {
			case s == "{"+codeName+"}" && at == "/success" && len(k.Is) == 1:
				n.isCode = true
			case strings.ContainsAny(s, "{}"):
				c.fault(fmt.Sprintf("%s/json/%d/is/%d", at, i, j), fmt.Sprintf("%q would be compared as it stands", s), "only {code} is filled in, in success, and as the only value")
			}
		}
		out.conditions = append(out.conditions, n)
	}
	return out
}

// fits reports whether an answer is one of those described. body is nil where
// it could not be read.
func (a *answer) fits(status int, body any, code string) bool {
	if len(a.status) > 0 && !slices.Contains(a.status, status) {
		return false
	}
	for _, c := range a.conditions {
		v, ok := c.at.get(body)
		if !ok || !c.holds(v, code) {
			return false
		}
	}
	return true
}

// holds compares values of one type. A spoken code is text or a number, since
// some read digits as one; four digits without a nought in front are the same.
func (c *condition) holds(v any, code string) bool {
	if c.isCode {
		switch v := v.(type) {
		case string:
			return code != "" && v == code
		case json.Number:
			return code != "" && v.String() == code
		}
		return false
	}
	return slices.ContainsFunc(c.is, func(want any) bool {
		if n, is := v.(json.Number); is {
			f, err := n.Float64()
			w, number := want.(float64)
			return err == nil && number && f == w
		}
		return v == want && v != nil
	})
}

// read decodes an answer's body; nil where it is no JSON, or more than that.
func read(b []byte) any {
	if len(b) > maxAnswer {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	if _, err := d.Token(); err != io.EOF {
		return nil
	}
	return v
}

// judge turns an answer into a verdict: taken, for good, our set-up refused, or to be
// tried again.
// The error does not show to, whatever the provider says.
func (t *Template) judge(status int, b []byte, code, to string) *plantroom.SendError {
	body := read(b)
	if t.success.fits(status, body, code) {
		return nil
	}
	why := fmt.Sprintf("the provider answered %d", status)
	if v, ok := t.reason.get(body); ok && len(t.reason) > 0 {
		said := fmt.Sprint(v)
		if to != "" {
			said = strings.ReplaceAll(said, to, "the recipient")
		}
		if s := wording.Line(said); s != "" {
			why += " with the code " + s[:min(len(s), 60)]
		}
	}
	e := &plantroom.SendError{}
	one := func(list []answer) bool {
		return slices.ContainsFunc(list, func(a answer) bool { return a.fits(status, body, code) })
	}
	switch {
	case status >= 300 && status < 400:
		e.Permanent = true
		why += ", a redirect, and none is followed: write the final address into the template"
	case one(t.setup):
		e.Setup = true
		why += ", which refuses the set-up: see the channel's secrets and settings"
	case one(t.permanent):
		e.Permanent = true
	case t.ReadBack && slices.Contains(t.success.status, status):
		why += ", and nobody read the code back"
	case slices.Contains(t.success.status, status):
		why += ", which does not say that the call was taken"
	}
	e.Err = plantroom.Errorf(plantroom.CodeUnavailable, "%s", strings.ToValidUTF8(why, ""))
	return e
}
