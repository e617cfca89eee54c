package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"plantroom"
)

// maxDepth bounds how deep a message may be nested; Grafana's is four deep.
const maxDepth = 16

// Decode reads the body of a webhook of Grafana (version 1) or of Alertmanager
// (version 4): what both have, by the names exactly as they write them. It
// ignores what it does not know, since both add to it. CodeInvalid: it is no
// such message; CodeTooLarge: it has more than MaxBody bytes or MaxAlerts alerts.
func Decode(body []byte) (Message, error) {
	var m Message
	if len(body) > MaxBody {
		return m, plantroom.Errorf(plantroom.CodeTooLarge, "the message has more than %d bytes: let the contact point send fewer alerts at once (Max Alerts)", MaxBody)
	}
	r := reader{json.NewDecoder(bytes.NewReader(body)), 0}
	r.UseNumber()
	has := false
	err := r.object(func(key string) (err error) {
		switch key {
		case "alerts":
			has = true
			m.Alerts, err = r.alerts()
		case "truncatedAlerts":
			m.Truncated, err = r.count()
		default:
			err = r.skip()
		}
		return err
	})
	if err == nil {
		if _, more := r.Token(); !errors.Is(more, io.EOF) {
			err = wrong("there is something behind the message")
		}
	}
	if err == nil && !has {
		err = wrong("it has no alerts: is it what a webhook contact point sends?")
	}
	return m, err
}

// wrong says why a body is no message.
func wrong(format string, args ...any) error {
	return plantroom.Errorf(plantroom.CodeInvalid, "the body cannot be read: "+format, args...)
}

// reader reads JSON token by token, so that nothing is made of a body before it
// is known to be bounded. Each method reads one value.
type reader struct {
	*json.Decoder
	depth int
}

func (r *reader) next() (json.Token, error) {
	t, err := r.Token()
	if err != nil {
		return nil, wrong("it is no whole JSON value")
	}
	return t, nil
}

// open reads the beginning of an object or an array.
func (r *reader) open(d json.Delim, what string) error {
	t, err := r.next()
	if err == nil && t != d {
		err = wrong("%s is not where it has to be", what)
	}
	if r.depth++; err == nil && r.depth > maxDepth {
		err = wrong("it is nested more than %d deep", maxDepth)
	}
	return err
}

func (r *reader) close() error {
	r.depth--
	_, err := r.next()
	return err
}

// object hands out each key once; a key that is there twice is a fault, because
// nobody can know which of the two is meant.
func (r *reader) object(value func(key string) error) error {
	if err := r.open('{', "an object"); err != nil {
		return err
	}
	var seen []string
	for r.More() {
		t, err := r.next()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if len(key) <= MaxName {
			if slices.Contains(seen, key) {
				return wrong("%q is there twice", key)
			}
			if seen = append(seen, key); len(seen) > 2*MaxLabels {
				return wrong("an object has more than %d keys", 2*MaxLabels)
			}
		}
		if err := value(key); err != nil {
			return err
		}
	}
	return r.close()
}

func (r *reader) alerts() ([]Alert, error) {
	if err := r.open('[', "the list of alerts"); err != nil {
		return nil, err
	}
	var list []Alert
	for r.More() {
		if len(list) == MaxAlerts {
			return nil, plantroom.Errorf(plantroom.CodeTooLarge,
				"the message has more than %d alerts: group them by asset, or let the contact point send at most so many (Max Alerts)", MaxAlerts)
		}
		a, err := r.alert()
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, r.close()
}

func (r *reader) alert() (a Alert, err error) {
	var description string
	err = r.object(func(key string) error {
		switch key {
		case "status":
			return r.text(&a.Status)
		case "labels":
			return r.texts(map[string]*string{"asset": &a.Asset, "severity": &a.Severity, "alertname": &a.Name})
		case "annotations":
			return r.texts(map[string]*string{"summary": &a.Summary, "description": &description})
		case "startsAt":
			return r.text(&a.Starts)
		case "endsAt":
			return r.text(&a.Ends)
		case "fingerprint":
			return r.text(&a.Fingerprint)
		case "generatorURL":
			return r.text(&a.URL)
		}
		return r.skip()
	})
	if a.Summary == "" {
		a.Summary = description
	}
	return a, err
}

// texts reads an object whose values are texts, and keeps those that are wanted.
func (r *reader) texts(want map[string]*string) error {
	n := 0
	return r.object(func(key string) error {
		if n++; n > MaxLabels {
			return wrong("an alert has more than %d labels or annotations", MaxLabels)
		}
		if to := want[key]; to != nil {
			return r.text(to)
		}
		return r.skip()
	})
}

// text reads a text, or null for none. It keeps no more than MaxText bytes and one, so that
// what is too long can be told from what is not.
func (r *reader) text(to *string) error {
	t, err := r.next()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case string:
		*to = string([]byte(t[:min(len(t), MaxText+1)])) // a copy: the rest of it is not to stay
	case nil:
	default:
		return wrong("something that has to be a text is not")
	}
	return nil
}

func (r *reader) count() (int, error) {
	t, err := r.next()
	if err != nil {
		return 0, err
	}
	number, ok := t.(json.Number)
	n, bad := number.Int64()
	if t == nil {
		return 0, nil
	}
	if !ok || bad != nil || n < 0 || n > 1<<31-1 {
		return 0, wrong("truncatedAlerts is no number of alerts")
	}
	return int(n), nil
}

// skip reads a value and forgets it.
func (r *reader) skip() error {
	for depth := 0; ; {
		t, err := r.next()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if depth++; r.depth+depth > maxDepth {
				return wrong("it is nested more than %d deep", maxDepth)
			}
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
