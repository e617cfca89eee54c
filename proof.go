package plantroom

// ProofFile is a file that was handed in as proof: a photo, a scan, a letter.
// Its bytes lie outside the database, under their sum.
type ProofFile struct {
	Sum    Hash   `json:"sha256"`
	Size   int64  `json:"size"`            // in bytes
	Type   string `json:"type"`            // a media type, as the bytes say and not whoever sent them
	Width  int    `json:"width,omitempty"` // of a picture, in pixels; 0 of a paper
	Height int    `json:"height,omitempty"`
}

// Proof is a file of proof of one order.
type Proof struct {
	Order OrderID `json:"order"`
	ProofFile
	At    Instant     `json:"at"`
	Actor string      `json:"actor"`          // contractor:quicklift, person:operator …, as authenticated
	By    string      `json:"by,omitempty"`   // a human's name, in their own words
	Task  string      `json:"task,omitempty"` // the task that it proves
	With  OrderAction `json:"with,omitempty"` // what was pressed with it: fix or pause
	Note  string      `json:"note,omitempty"`
}

// ProofStore keeps which order has which files of proof, and never their bytes.
type ProofStore interface {
	// PutProofs keeps proofs; a file that an order has already is left as it is.
	PutProofs(...Proof) error
	// Proofs returns an order's, in the order in which they came.
	Proofs(OrderID) ([]Proof, error)
	// ProofFiles returns the files that any order has, each once, as the first
	// order that had it: in the order of their sums, those behind after, at most
	// limit (0: 1,000).
	ProofFiles(after Hash, limit int) ([]Proof, error)
	// ProofUse counts these files and their bytes.
	ProofUse() (files int, bytes int64, err error)
}
