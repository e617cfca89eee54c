package yamldoc

import (
	"encoding/json"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

var printer = message.NewPrinter(language.English)

// suggest names the key that was probably meant, and all that are known.
func suggest(got string, known []string) string {
	if len(known) == 0 {
		return "remove it"
	}
	best, least := "", 3
	for _, k := range known {
		if d := distance(got, k); d < least {
			best, least = k, d
		}
	}
	s := "known keys: " + strings.Join(known, ", ")
	if best != "" {
		s = "did you mean " + best + "? " + s
	}
	return s
}

// distance is the Levenshtein distance of two keys.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := min(row[j+1]+1, row[j]+1)
			if a[i] == b[j] {
				next = min(next, diag)
			} else {
				next = min(next, diag+1)
			}
			diag, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "this"
	}
	if len(b) > 60 {
		return string(b[:60]) + "…"
	}
	return string(b)
}

func list(vs []any) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = strings.Trim(show(v), `"`)
	}
	return strings.Join(out, ", ")
}

func article(typ string) string {
	switch typ {
	case "object":
		return "a mapping"
	case "array":
		return "a list"
	case "integer":
		return "a whole number"
	case "boolean":
		return "true or false"
	case "null":
		return "empty"
	case "string":
		return "text"
	}
	return "a " + typ
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
