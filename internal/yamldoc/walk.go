package yamldoc

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxDepth bounds nesting, so that a hostile file cannot exhaust the stack.
const maxDepth = 64

// walker turns the syntax tree into the values that JSON knows and remembers
// where each one stood.
type walker struct {
	doc   *Doc
	depth int
}

func (w *walker) fault(path string, tk *token.Token, problem, remedy string) {
	f := Fault{File: w.doc.file, Line: 1, Col: 1, Path: path, Problem: problem, Remedy: remedy}
	if tk != nil && tk.Position != nil {
		f.Line, f.Col = tk.Position.Line, tk.Position.Column
	}
	w.doc.note(path, f)
}

func (w *walker) mark(path string, tk *token.Token) {
	if tk != nil && tk.Position != nil {
		w.doc.at[path] = pos{tk.Position.Line, tk.Position.Column}
	}
}

func (w *walker) node(path string, n ast.Node) any {
	if w.depth++; w.depth > maxDepth {
		w.fault(path, n.GetToken(), "the nesting is too deep", fmt.Sprintf("use at most %d levels", maxDepth))
		return nil
	}
	defer func() { w.depth-- }()
	if _, seen := w.doc.at[path]; !seen {
		w.mark(path, first(n))
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return w.mapping(path, n.Values)
	case *ast.MappingValueNode:
		return w.mapping(path, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out := make([]any, 0, len(n.Values))
		for i, v := range n.Values {
			out = append(out, w.node(fmt.Sprintf("%s/%d", path, i), v))
		}
		return out
	case *ast.LiteralNode:
		return n.Value.Value
	}
	return w.scalar(path, n)
}

// first returns the token with which a value begins; a block mapping's own
// token is its first colon.
func first(n ast.Node) *token.Token {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return m.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return m.Key.GetToken()
	}
	return n.GetToken()
}

func (w *walker) scalar(path string, n ast.Node) any {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode:
		return n.Value
	case *ast.FloatNode:
		return n.Value
	case *ast.BoolNode:
		return n.Value
	case *ast.NullNode:
		return nil
	case *ast.InfinityNode, *ast.NanNode:
		w.fault(path, n.GetToken(), "infinity and NaN are not numbers here", "write a finite number")
	case *ast.AnchorNode, *ast.AliasNode:
		w.fault(path, n.GetToken(), "anchors and aliases are not supported", "write the value out")
	case *ast.TagNode:
		w.fault(path, n.GetToken(), "tags are not supported", "write the plain value, in quotes where it is text")
	default:
		w.fault(path, n.GetToken(), fmt.Sprintf("%s is not supported", n.Type()), "use mappings, lists and plain values")
	}
	return nil
}

func (w *walker) mapping(path string, values []*ast.MappingValueNode) any {
	out := make(map[string]any, len(values))
	for _, kv := range values {
		if kv.Key.IsMergeKey() {
			w.fault(path, kv.Key.GetToken(), "merge keys are not supported", "write the values out")
			continue
		}
		key := kv.Key.GetToken().Value
		p := path + "/" + Escape(key)
		if _, twice := out[key]; twice {
			w.fault(p, kv.Key.GetToken(), fmt.Sprintf("the key %q stands twice", key), "remove one of them")
			continue
		}
		w.mark(p, kv.Key.GetToken())
		out[key] = w.node(p, kv.Value)
	}
	return out
}

// Escape writes a key as a segment of a JSON pointer (RFC 6901).
func Escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
