package estate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// names is a set of identifiers that a file defines.
type names struct {
	has  map[string]bool
	open bool // a definition could not be read: what is missing may be there
}

// define collects ids, with those that are given, and finds the ones that stand twice.
func define[T any](c *checker, list, what string, items []T, id func(T) string) names {
	n := names{has: make(map[string]bool, len(items)), open: len(items) == 0 && !c.doc.Sound("/"+list)}
	maps.Copy(n.has, c.given[list].has)
	for i, it := range items {
		at := fmt.Sprintf("/%s/%d/id", list, i)
		if !c.doc.Sound(at) {
			n.open = true
			continue
		}
		if n.has[id(it)] {
			c.fault(at, fmt.Sprintf("the %s %q exists already", what, id(it)), "choose another id")
		}
		n.has[id(it)] = true
	}
	return n
}

// refer checks that a name, where one is given, leads somewhere.
func (c *checker) refer(n names, path, what, id string) {
	if id == "" || n.has[id] || n.open || len(c.faults) >= maxFaults {
		return
	}
	all := slices.Sorted(maps.Keys(n.has))
	if len(all) > 12 {
		all = append(all[:12], "…")
	}
	remedy := "this file has none: add it"
	if len(all) > 0 {
		remedy = "use one of " + strings.Join(all, ", ")
	}
	c.fault(path, fmt.Sprintf("there is no %s %q", what, id), remedy)
}

// oneOf refuses a name that is not in a list.
func (c *checker) oneOf(path, what, name string, list []string) {
	if !slices.Contains(list, name) {
		c.fault(path, fmt.Sprintf("there is no %s %q", what, name), "use one of "+strings.Join(list, ", "))
	}
}
