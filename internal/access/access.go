// Package access answers who may do what on an MQTT broker of our own: which
// topics a topic filter covers, and to which account a client id belongs. The
// server's broker and the gateway's judge by it alike.
//
// It deliberately holds no accounts, checks no passwords and knows no broker.
package access

import "strings"

// Covers reports whether every topic that wanted (a topic or a filter) can
// match is matched by permitted (MQTT 3.1.1 §4.7; wildcards do not reach
// topics that begin with $). It allocates nothing: a broker asks it for each
// message.
func Covers(permitted, wanted string) bool {
	if wanted == "" || wanted[0] == '$' && first(permitted) != first(wanted) {
		return false
	}
	for {
		p, below, more := strings.Cut(permitted, "/")
		if p == "#" {
			return true
		}
		w, rest, deeper := strings.Cut(wanted, "/")
		if w == "#" || p != "+" && p != w {
			return false
		}
		if !more || !deeper {
			return more == deeper || more && first(below) == "#" // a/# covers a
		}
		permitted, wanted = below, rest
	}
}

func first(topic string) string {
	level, _, _ := strings.Cut(topic, "/")
	return level
}

// AnyCovers reports whether one of the filters covers wanted.
func AnyCovers(permitted []string, wanted string) bool {
	for _, p := range permitted {
		if Covers(p, wanted) {
			return true
		}
	}
	return false
}

// ValidFilter reports whether a text is a topic filter: not empty, at most
// 65,535 bytes without NUL, + alone on a level, # alone on the last (§4.7).
func ValidFilter(filter string) bool {
	if filter == "" || len(filter) > 65_535 || strings.ContainsRune(filter, 0) {
		return false
	}
	for {
		level, rest, more := strings.Cut(filter, "/")
		if strings.ContainsAny(level, "+#") && len(level) > 1 || level == "#" && more {
			return false
		}
		if !more {
			return true
		}
		filter = rest
	}
}

// Owner returns whose a client id is: the longest name that is known and that
// it is, or begins with before a hyphen. Two connections with one client id
// push each other out, so nobody may use another's.
func Owner(clientID string, known func(name string) bool) string {
	for id := clientID; ; {
		if known(id) {
			return id
		}
		cut := strings.LastIndexByte(id, '-')
		if cut < 0 {
			return ""
		}
		id = id[:cut]
	}
}

// Clip bounds what a stranger can write into a log.
func Clip(s string) string { return s[:min(len(s), 100)] }
