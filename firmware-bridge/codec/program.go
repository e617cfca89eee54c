package codec

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"plantroom"
)

// MaxFile bounds a codec's file, in bytes: five times the largest of ChirpStack's
// device profiles, and small enough to be compiled in a fraction of a second.
const MaxFile = 256 << 10

// The limits of one call within the engine.
const (
	MaxTime   = slow * 100 * time.Millisecond // what The Things Stack and ChirpStack give a codec, too
	MaxMemory = 16 << 20                      // bytes, of the codec's virtual machine
)

// Program is a codec's file. It is safe for concurrent use, since it never
// changes.
type Program struct {
	Name   string // the file's name, for errors
	Source string
	Sum    string // SHA-256 of Source, in hexadecimal
}

// entries finds the name of an entry in a file. It is no proof, but tells a
// codec from a file that was named by mistake.
var entries = regexp.MustCompile(`\b(decodeUplink|Decoder?)\b`)

// Read makes a Program of a file's content. It finds fault with what can be
// seen without an engine: the size, and whether it is a codec at all. Whether
// its syntax is right is for whoever compiles it.
func Read(name string, source []byte) (*Program, error) {
	if len(source) > MaxFile {
		return nil, plantroom.Errorf(plantroom.CodeTooLarge, "%s has %d bytes: a codec has at most %d", name, len(source), MaxFile)
	}
	if !entries.Match(source) {
		return nil, plantroom.Errorf(plantroom.CodeInvalid, "%s has no function decodeUplink, Decode or Decoder: is it a payload codec?", name)
	}
	sum := sha256.Sum256(source)
	return &Program{Name: name, Source: string(source), Sum: hex.EncodeToString(sum[:])}, nil
}

// maxSaid bounds what is kept of a codec's own words, in bytes.
const maxSaid = 200

// Clip makes a codec's words as long as a log can bear, and valid UTF-8.
func Clip(s string) string {
	if len(s) > maxSaid {
		s = s[:maxSaid] + "…"
	}
	return strings.ToValidUTF8(s, "�")
}
