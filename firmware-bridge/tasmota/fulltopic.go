package tasmota

import (
	"fmt"
	"strings"

	"plantroom"
)

// DefaultFullTopic is what Tasmota has where nobody has changed it.
const DefaultFullTopic = "%prefix%/%topic%/"

// The usual words for %prefix%. The third, cmnd, is of commands.
const (
	stat = "stat" // answers and changes
	tele = "tele" // what is sent by itself
)

// level is one level of a FullTopic: a text, or one token between two texts.
type level struct{ before, token, after string }

// pattern is a FullTopic taken apart.
type pattern []level

// parse takes a FullTopic apart; the pattern is nil next to an error. %prefix% may be missing, as Tasmota permits;
// %hostname% and %id% stand for anything, since only %topic% is the address.
func parse(prefix, full string) (pattern, error) {
	if full == "" {
		full = DefaultFullTopic
	}
	if prefix != "" {
		full = strings.TrimSuffix(prefix, "/") + "/" + full
	}
	full = strings.TrimSuffix(full, "/")
	bad := func(why string) error {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Message: fmt.Sprintf("full topic %.80q %s", full, why),
			Hint: "write it as the devices have it, like " + DefaultFullTopic}
	}
	if len(full) > 200 {
		return nil, bad("is longer than 200 bytes")
	}
	var p pattern
	seen := map[string]bool{}
	for text := range strings.SplitSeq(full, "/") {
		l := level{before: text}
		if parts := strings.Split(text, "%"); len(parts) == 3 {
			l = level{parts[0], parts[1], parts[2]}
		} else if len(parts) > 1 {
			return nil, bad("has more than one token in a level, or half of one")
		}
		switch l.token {
		case "", "prefix", "topic", "hostname", "id":
		default:
			return nil, bad("has a token that Tasmota does not know")
		}
		switch {
		case l == level{} || strings.ContainsAny(l.before+l.after, "+#\x00"):
			return nil, bad("is no topic")
		case l.token != "" && seen[l.token]:
			return nil, bad("has a token twice")
		}
		seen[l.token] = true
		p = append(p, l)
	}
	if !seen["topic"] {
		return nil, bad("has no %topic%, which tells one device from another")
	}
	return p, nil
}

// subscriptions gives the MQTT filters.
func (p pattern) subscriptions() []string {
	with := func(prefix string) string {
		var b strings.Builder
		for _, l := range p {
			switch l.token {
			case "":
				b.WriteString(l.before)
			case "prefix":
				b.WriteString(l.before + prefix + l.after)
			default:
				b.WriteString("+")
			}
			b.WriteString("/")
		}
		return b.String() + "+"
	}
	if with(tele) == with(stat) { // there is no %prefix%
		return []string{with("")}
	}
	return []string{with(tele), with(stat)}
}

// match takes a topic apart. ok is false for what is not of this pattern, and
// for commands. prefix is "" where the pattern has none.
func (p pattern) match(topic string) (prefix, device, leaf string, ok bool) {
	if len(p) == 0 {
		return "", "", "", false
	}
	rest := topic
	for _, l := range p {
		var text string
		if text, rest, ok = strings.Cut(rest, "/"); !ok {
			return "", "", "", false
		}
		if l.token == "" {
			if text != l.before {
				return "", "", "", false
			}
			continue
		}
		value, before := strings.CutPrefix(text, l.before)
		value, after := strings.CutSuffix(value, l.after)
		switch {
		case !before || !after || value == "", l.token == "prefix" && value != stat && value != tele:
			return "", "", "", false
		case l.token == "prefix":
			prefix = value
		case l.token == "topic":
			device = value
		}
	}
	return prefix, device, rest, rest != "" && !strings.Contains(rest, "/")
}
