package sandbox

import (
	"encoding/json"
	"time"

	"plantroom/firmware-bridge/codec"
)

// Protocol is the number of what follows here. It grows with every change that
// an older program would misunderstand.
const Protocol = 1

// Hello is the first line from the process.
type Hello struct {
	Protocol int    `json:"protocol"`
	Version  string `json:"version,omitempty"` // of the program, for people
}

// Request is a line to the process: a file to compile, or a call.
type Request struct {
	ID     uint64 `json:"id"`
	Sum    string `json:"sum"`
	Name   string `json:"name,omitempty"`
	Source string `json:"source,omitempty"`

	Function string          `json:"function,omitempty"`
	Input    json.RawMessage `json:"input,omitempty"`
	Time     time.Duration   `json:"time,omitempty"` // that the call may take; 0: codec.MaxTime
}

// Reply is a line from the process.
type Reply struct {
	ID     uint64          `json:"id"`
	Output json.RawMessage `json:"output,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// The longest lines, in bytes: a file may grow sixfold as JSON text.
const (
	MaxRequest = 6*codec.MaxFile + 1<<16
	MaxReply   = 2*codec.MaxOutput + 1<<12
)
