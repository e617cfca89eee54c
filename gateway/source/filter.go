package source

import (
	"slices"
	"strings"
)

// wanted reports whether a message's topic is one that the file asks for. A
// session that the broker has kept also holds the subscriptions of earlier
// files, which nobody has taken back. What a Speaker has subscribed to by
// itself is not known here, so all is wanted where there is one.
func (s *Source) wanted(topic string) bool {
	return s.speech.speaker != nil || slices.ContainsFunc(s.o.Topics, func(f string) bool { return matches(f, topic) })
}

// matches reports whether an MQTT filter holds a topic (MQTT 3.1.1, section
// 4.7). A shared subscription's prefix does not count.
func matches(filter, topic string) bool {
	if shared, ok := strings.CutPrefix(filter, "$share/"); ok {
		_, filter, _ = strings.Cut(shared, "/")
	}
	if strings.HasPrefix(topic, "$") && !strings.HasPrefix(filter, "$") {
		return false // [MQTT-4.7.2-1]
	}
	levels := strings.Split(topic, "/")
	for i, f := range strings.Split(filter, "/") {
		switch {
		case f == "#":
			return i <= len(levels) // also the level above
		case i >= len(levels) || f != "+" && f != levels[i]:
			return false
		}
		if i == strings.Count(filter, "/") {
			return len(levels) == i+1
		}
	}
	return false
}
