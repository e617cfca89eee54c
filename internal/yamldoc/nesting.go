package yamldoc

import (
	"bytes"
	"fmt"
)

// maxOpen is how many brackets may be open at once, and how many lists may
// begin on one line, before a file is parsed at all. The parser takes memory
// with the square of it: some megabytes here, and all that there is for some
// hundred kilobytes of brackets. Brackets in texts and comments are counted too,
// so it is far above maxDepth.
const maxOpen = 2000

// bottomless finds the line on which nesting goes too deep for the parser, 0
// where none does.
func bottomless(src []byte) (line int) {
	open := 0
	for text := range bytes.Lines(src) {
		line++
		for _, c := range text {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(open-1, 0)
			}
			if open > maxOpen {
				return line
			}
		}
		if begun(text) > maxOpen {
			return line
		}
	}
	return 0
}

// begun is how many lists and mappings with explicit keys begin where a line
// does, as in "- - - a".
func begun(line []byte) (n int) {
	for {
		line = bytes.TrimLeft(line, " \t")
		if len(line) < 2 || line[0] != '-' && line[0] != '?' || line[1] != ' ' && line[1] != '\t' {
			return n
		}
		line = line[1:]
		n++
	}
}

func (d *Doc) tooDeep(line int) Fault {
	return Fault{File: d.file, Line: line, Col: 1, Problem: "the nesting is too deep", Remedy: fmt.Sprintf("use at most %d levels", maxDepth)}
}
