package engine

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"modernc.org/quickjs"

	"plantroom"
	"plantroom/firmware-bridge/codec"
)

// maxStack is how many calls may be within each other.
const maxStack = 1000

// Compiled is a codec's file, compiled. It is safe for concurrent use, since
// it never changes.
type Compiled struct {
	code   []byte
	buffer bool // it names Buffer
}

// Compile compiles a file and runs nothing of it. An error (CodeInvalid) names
// the file, and line and column where the syntax is at fault.
func Compile(p *codec.Program) (*Compiled, error) {
	code, err := compile(p.Source)
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s%s: %s", p.Name, place(err), said(err))
	}
	return &Compiled{code: code, buffer: strings.Contains(p.Source, "uffer")}, nil // also require("buffer")
}

// Here makes a Runner that runs codecs in this process, where nothing can end
// what the engine's limits do not: for codecs that one has chosen oneself. It
// compiles a file once and remembers it.
func Here() codec.Runner {
	var mu sync.Mutex
	have := map[string]*Compiled{} // by sum
	return func(p *codec.Program, c codec.Call) (json.RawMessage, error) {
		mu.Lock()
		code, err := have[p.Sum], error(nil)
		if code == nil {
			if code, err = Compile(p); err == nil {
				have[p.Sum] = code
			}
		}
		mu.Unlock()
		if err != nil {
			return nil, err
		}
		return code.Run(c)
	}
}

// The scripts that run before a codec's file.
var (
	//go:embed prelude.js
	preludeSource string
	//go:embed buffer.js
	bufferSource string

	prelude = sync.OnceValues(func() ([]byte, error) { return compile(preludeSource) })
	buffer  = sync.OnceValues(func() ([]byte, error) { return compile(bufferSource) })
)

func compile(source string) ([]byte, error) {
	vm, err := machine()
	if err != nil {
		return nil, err
	}
	defer vm.Close()
	return vm.Compile(source, quickjs.EvalGlobal)
}

// machine makes a virtual machine with its limits.
func machine() (*quickjs.VM, error) {
	vm, err := quickjs.NewVM()
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeUnavailable, "no memory for a JavaScript engine: %w", err)
	}
	vm.SetMemoryLimit(codec.MaxMemory)
	vm.SetMaxStackSize(maxStack)
	return vm, nil
}

// place is ":line:column" of a syntax error, and "" of any other.
func place(err error) string {
	var e *quickjs.Error
	if errors.As(err, &e) && e.LineNumber > 0 {
		return fmt.Sprintf(":%d:%d", e.LineNumber, e.ColumnNumber)
	}
	return ""
}

// said is what an error says, in a length that a log can bear.
func said(err error) string { return codec.Clip(err.Error()) }
