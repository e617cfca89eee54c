package evidence

import "plantroom"

// Format names the form of a bundle.
const Format = "plantroom-evidence/1"

// The files of a bundle; the manifest is the last one, and lists the others in
// the order in which they lie. Series and files of proof have names of their own.
const (
	readmeFile   = "readme.txt"
	pageFile     = "verify.html"
	orderFile    = "order.json"
	timelineFile = "timeline.txt"
	callsFile    = "calls.json"
	termsFile    = "terms.jsonl"
	ledgerFile   = "ledger.jsonl"
	proofsFile   = "proofs.json"
	manifestFile = "manifest.json"
)

// Manifest says what a bundle holds, and what it does not.
type Manifest struct {
	Format   string            `json:"format"`
	Order    plantroom.OrderID `json:"order"`
	AsOf     plantroom.Instant `json:"as_of"` // of the newest row in it
	Redacted bool              `json:"redacted"`
	Ledger   Range             `json:"ledger"`
	Files    []File            `json:"files"`
	Missing  []Missing         `json:"missing"`
}

// Range is the part of the chain that the bundle holds.
type Range struct {
	First plantroom.Hash `json:"before"` // the hash of the row before the first one
	From  int64          `json:"from"`
	To    int64          `json:"to"`
	Last  plantroom.Hash `json:"hash"` // of row To
	Head  bool           `json:"head"` // row To was the newest one of the ledger
}

// File is a file of the bundle.
type File struct {
	Name string         `json:"name"`
	Size int64          `json:"size"`
	Sum  plantroom.Hash `json:"sha256"`
	What string         `json:"what"`
}

// Missing is something that one would look for in the bundle, and why it is not there.
type Missing struct {
	What string `json:"what"`
	Why  string `json:"why"`
}
