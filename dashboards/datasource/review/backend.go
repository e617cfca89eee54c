package review

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// banned are calls and values that a backend has no business with: it has no
// files and no environment, talks through the SDK's client and logs through
// its logger.
var banned = map[string][]string{
	"os": {"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Open", "OpenFile", "Create", "ReadFile", "WriteFile", "ReadDir", "Mkdir", "MkdirAll", "Remove",
		"RemoveAll", "Rename", "Stdout", "Stderr", "Stdin", "StartProcess"},
	"fmt":      {"Print", "Printf", "Println"},
	"log":      {"Print", "Printf", "Println", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
	"net/http": {"Client", "Get", "Post", "PostForm", "Head", "DefaultClient", "DefaultTransport", "DefaultServeMux", "Handle", "HandleFunc", "Transport", "ListenAndServe"},
	"net":      {"Dial", "DialTimeout", "Listen", "Dialer"},
}

var bannedImports = []string{"os/exec", "plugin", "unsafe", "io/ioutil", "net/http/pprof", "math/rand"}

// backend checks the Go code that ends up in the program.
func (r *report) backend() {
	err := filepath.WalkDir(filepath.Join(r.root, "pkg"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasSuffix(d.Name(), "test"): // only tests import it
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		r.goFile(path)
		return nil
	})
	if err != nil {
		r.add("pkg", "cannot be read: %v", err)
	}
}

func (r *report) goFile(path string) {
	name, _ := filepath.Rel(r.root, path)
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		r.add(name, "is no Go: %v", err)
		return
	}
	packages := map[string]string{} // by the name that they have in the file
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		if slices.Contains(bannedImports, p) {
			r.add(name, "imports %s", p)
		}
		local := p[strings.LastIndexByte(p, '/')+1:]
		if i.Name != nil {
			local = i.Name.Name
		}
		packages[local] = p
	}
	types := map[ast.Node]bool{} // *http.Client as a type of what the SDK has made
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			types[n.X] = true
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && slices.Contains(banned[packages[x.Name]], n.Sel.Name) && !types[n] {
				r.add(name, "line %d uses %s.%s", files.Position(n.Pos()).Line, packages[x.Name], n.Sel.Name)
			}
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"panic", "print", "println"}, fun.Name) {
				r.add(name, "line %d calls %s", files.Position(n.Pos()).Line, fun.Name)
			}
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				r.add(name, "line %d has an init", files.Position(n.Pos()).Line)
			}
		}
		return true
	})
}
