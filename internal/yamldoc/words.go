package yamldoc

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

var printer = message.NewPrinter(language.English)

// wording says what is wrong with a value, and what would be right. says is
// what the schema says that it is; "": nothing. A test goes over our schemas
// and fails for a keyword that only has the library's own words, the default.
func wording(k jsonschema.ErrorKind, says string) (problem, remedy string) {
	switch k := k.(type) {
	case *kind.Type:
		want := alternatives(k.Want)
		return fmt.Sprintf("this is %s, not %s", article(k.Got), want), or(says, "give "+want)
	case *kind.Enum:
		return show(k.Got) + " is not permitted", "use one of " + list(k.Want)
	case *kind.Const:
		return show(k.Got) + " is not permitted", "use " + show(k.Want)
	case *kind.Pattern:
		return show(k.Got) + " does not have the right form", or(says, "it has to match "+k.Want)
	case *kind.OneOf, *kind.AnyOf:
		return "this fits none, or several, of the permitted forms", or(says, "give one of them")
	}
	if problem, limit, ok := limits(k); ok {
		return problem, then(says, limit)
	}
	return k.LocalizedString(printer), says
}

// limits is wording for what is too small, too large, too short or too long.
func limits(k jsonschema.ErrorKind) (problem, limit string, ok bool) {
	switch k := k.(type) {
	case *kind.Minimum:
		return decimal(k.Got) + " is too small", "give at least " + decimal(k.Want), true
	case *kind.ExclusiveMinimum:
		return decimal(k.Got) + " is too small", "give more than " + decimal(k.Want), true
	case *kind.Maximum:
		return decimal(k.Got) + " is too large", "give at most " + decimal(k.Want), true
	case *kind.MinLength:
		return "this has " + count(k.Got, "character", "characters"), "give at least " + strconv.Itoa(k.Want), true
	case *kind.MaxLength:
		return "this has " + count(k.Got, "character", "characters"), "give at most " + strconv.Itoa(k.Want), true
	case *kind.MinItems:
		return "this list has " + count(k.Got, "entry", "entries"), "give at least " + strconv.Itoa(k.Want), true
	case *kind.MaxItems:
		return "this list has " + count(k.Got, "entry", "entries"), "give at most " + strconv.Itoa(k.Want), true
	}
	return "", "", false
}

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

// alternatives lists types.
func alternatives(types []string) string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = article(t)
	}
	return strings.Join(out, " or ")
}

// enumerate lists keys: "a", "b" and "c".
func enumerate(keys []string) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = strconv.Quote(k)
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
	return strings.Join(out, "")
}

// number writes a small number as a word.
func number(n int) string {
	if n == 1 {
		return "one"
	}
	return strconv.Itoa(n)
}

// count is so many of something: no keys, 1 key, 2 keys.
func count(n int, one, many string) string {
	switch n {
	case 0:
		return "no " + many
	case 1:
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// decimal writes a number as people do.
func decimal(r *big.Rat) string {
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// then joins what a value is with what to do about it.
func then(says, do string) string {
	if says == "" {
		return do
	}
	return says + ": " + do
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
