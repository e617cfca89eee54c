package codec

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"modernc.org/quickjs"

	"plantroom"
)

// MaxFile bounds a codec's file, in bytes: five times the largest of ChirpStack's
// device profiles, and small enough to be compiled in a fraction of a second.
const MaxFile = 256 << 10

// The limits of one call within the engine.
const (
	MaxTime   = slow * 100 * time.Millisecond // what The Things Stack and ChirpStack give a codec, too
	MaxMemory = 16 << 20                      // bytes, of the codec's virtual machine
	maxStack  = 1000                          // calls within calls
)

// Program is a codec's file, compiled. It is safe for concurrent use, since it
// never changes.
type Program struct {
	Name   string // the file's name, for errors
	Source string
	Sum    string // SHA-256 of Source, in hexadecimal

	code   []byte
	buffer bool // it names Buffer
}

// entries finds the name of an entry in a file. It is no proof, but tells a
// codec from a file that was named by mistake.
var entries = regexp.MustCompile(`\b(decodeUplink|Decoder?)\b`)

// Compile compiles a file and runs nothing of it. An error (CodeInvalid) names
// the file, and line and column where the syntax is at fault.
func Compile(name string, source []byte) (*Program, error) {
	if len(source) > MaxFile {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d bytes: a codec has at most %d", name, len(source), MaxFile)
	}
	code, err := compile(string(source))
	if err != nil {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s%s: %s", name, place(err), said(err))
	}
	if !entries.Match(source) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s has no function decodeUplink, Decode or Decoder: is it a payload codec?", name)
	}
	sum := sha256.Sum256(source)
	return &Program{
		Name: name, Source: string(source), Sum: hex.EncodeToString(sum[:]), code: code,
		buffer: bytes.Contains(source, []byte("uffer")), // also require("buffer")
	}, nil
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
	vm.SetMemoryLimit(MaxMemory)
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
func said(err error) string { return clip(err.Error()) }

// maxSaid bounds what is kept of a codec's own words, in bytes.
const maxSaid = 200

func clip(s string) string {
	if len(s) > maxSaid {
		s = s[:maxSaid] + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
