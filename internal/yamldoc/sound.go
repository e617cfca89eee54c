package yamldoc

import (
	"slices"
	"strconv"
	"strings"
)

// note adds a fault, and remembers which value it spoils.
func (d *Doc) note(spoilt string, f Fault) {
	d.faults = append(d.faults, f)
	d.spoilt = append(d.spoilt, spoilt)
}

// Sound reports whether nothing is wrong with the value that a JSON pointer
// names, with what it holds or with what holds it, so that a check which the
// schema cannot express makes sense.
func (d *Doc) Sound(pointer string) bool {
	return !slices.ContainsFunc(d.spoilt, func(s string) bool { return within(s, pointer) || within(pointer, s) })
}

// Faults returns what Parse and Decode have found, in the order of the file.
func (d *Doc) Faults() Faults {
	fs := slices.Clone(d.faults)
	fs.sort()
	return fs
}

// within reports whether a pointer names a value or something in it.
func within(pointer, value string) bool {
	rest, ok := strings.CutPrefix(pointer, value)
	return ok && (rest == "" || rest[0] == '/')
}

// prune takes the spoilt values out of the tree, so that the rest can be
// decoded. Entries of lists become empty: the others keep their places.
func (d *Doc) prune() {
	for _, p := range d.spoilt {
		if p == "" {
			d.tree = nil
			return
		}
		segs := strings.Split(p[1:], "/")
		for i, s := range segs {
			segs[i] = unescape(s)
		}
		last := segs[len(segs)-1]
		switch c := descend(d.tree, segs[:len(segs)-1]).(type) {
		case map[string]any:
			delete(c, last)
		case []any:
			if i, err := strconv.Atoi(last); err == nil && i >= 0 && i < len(c) {
				c[i] = nil
			}
		}
	}
}

// unescape reads a segment of a JSON pointer (RFC 6901).
func unescape(seg string) string {
	return strings.ReplaceAll(strings.ReplaceAll(seg, "~1", "/"), "~0", "~")
}
