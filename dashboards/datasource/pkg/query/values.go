package query

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// all are the words with which a variable says that nothing is chosen: what
// "All" is expanded to where the front end did not do it.
var all = []string{"$__all", "All", "all", "*"}

// values reads a list field. Its entries are what a variable may have become:
// "b1", "b1,b2", "{b1,b2}" or "$__all"; a single string is a list, too.
func values(name string, v json.RawMessage) ([]string, error) {
	var entries []string
	if json.Unmarshal(v, &entries) != nil {
		var one string
		if json.Unmarshal(v, &one) != nil {
			return nil, errorf("the query's field %q has to be a list of words", name)
		}
		entries = []string{one}
	}
	var list []string
	seen := map[string]bool{}
	n := 0
	for _, entry := range entries {
		entry = strings.TrimSpace(entry)
		if strings.HasPrefix(entry, "{") && strings.HasSuffix(entry, "}") {
			entry = entry[1 : len(entry)-1]
		}
		for s := range strings.SplitSeq(entry, ",") {
			s = strings.TrimSpace(s)
			switch {
			case s == "" || seen[s]:
				continue
			case slices.Contains(all, s):
				return nil, nil
			}
			if err := valid(name, s); err != nil {
				return nil, err
			}
			if n++; n <= MaxValues { // counted on, to say how many there are
				list = append(list, s)
				seen[s] = true
			}
		}
	}
	if n > MaxValues {
		return nil, errorf("the query's field %q holds %d values, and %d at most are asked for: choose All, which asks for everything, or fewer values", name, n, MaxValues)
	}
	return list, nil
}

// variable is a dashboard variable that nobody has put a value for.
var variable = regexp.MustCompile(`^(\$\w+|\$\{[^}]*\}|\[\[[^\]]*\]\])`)

// valid reports what is wrong with one value: the server's ids and words are
// 1 to 64 of a-z, 0-9, '-', '_' and '.'.
func valid(name, s string) error {
	if v := variable.FindString(s); v != "" {
		return errorf("the query's field %q still holds the variable %s: an alert, a public dashboard and a report have no variables, so enter the values themselves or leave the field empty", name, clip(v))
	}
	ok := len(s) <= maxValue
	for i := 0; ok && i < len(s); i++ {
		c := s[i]
		ok = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
	}
	if !ok {
		return errorf("the query's field %q holds %q, which is no id: ids are %d at most of a-z, 0-9, - _ and .", name, clip(s), maxValue)
	}
	return nil
}
