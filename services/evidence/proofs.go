package evidence

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"plantroom"
)

// Files opens files of proof by their hashes, and proves that each gives its
// own: a *proofs.Dir.
type Files interface {
	Open(plantroom.Hash) (io.ReadSeekCloser, error)
}

// proofName begins the names of files of proof.
const proofName = "proof-"

// manifestRoom is what has to stay free in a bundle behind its files of proof,
// in bytes: series, manifest and directory.
const manifestRoom = 64 << 20

// handed is a file of proof as a bundle tells of it.
type handed struct {
	plantroom.ProofFile
	At    plantroom.Instant     `json:"at"`
	Row   int64                 `json:"row,omitempty"` // of the ledger, that names it first
	Actor string                `json:"actor"`
	By    string                `json:"by,omitempty"`
	Task  string                `json:"task,omitempty"`
	With  plantroom.OrderAction `json:"with,omitempty"`
	Note  string                `json:"note,omitempty"`
	File  string                `json:"file,omitempty"` // of the bundle
	Why   string                `json:"left_out,omitempty"`
}

// proofs writes the files of proof, and the list of them. A photo can show
// people, so that a redacted bundle has their hashes and not one of them.
func (b *builder) proofs(tx plantroom.Tx) error {
	list, err := tx.Proofs(b.order.ID)
	if err != nil {
		return err
	}
	b.unlisted(list)
	if len(list) == 0 {
		b.miss("photos and other files of proof", "nobody has handed any in; where somebody named a photo or a letter, the name stands in the rows")
		return nil
	}
	out := make([]handed, len(list))
	for i := range list {
		p := &list[i]
		h := &out[i]
		*h = handed{ProofFile: p.ProofFile, At: p.At, Row: b.rowOfFile(p.Sum), Actor: who(b.opt.Redact, p.Actor), By: text(b.opt.Redact, p.By), Task: p.Task, With: p.With, Note: text(b.opt.Redact, p.Note)}
		if h.File, h.Why, err = b.proof(i+1, p, h.Row); err != nil {
			return err
		}
		if h.Why != "" && !b.opt.Redact {
			b.miss("the file of proof "+p.Sum.String(), h.Why)
		}
	}
	if b.opt.Redact {
		b.miss("photos and other files of proof", fmt.Sprintf("%d were handed in; they may show people and are left out. The rows name each by its hash", len(list)))
	}
	return b.add(proofsFile, "the files of proof that were handed in, and by whom", func(w io.Writer) error { return writeJSON(w, out) })
}

// unlisted says which files rows name that the database does not list: somebody
// has taken them out behind the server's back.
func (b *builder) unlisted(list []plantroom.Proof) {
	said := map[plantroom.Hash]bool{}
	for i := range b.rows {
		l := whole(&b.rows[i], shown(true))
		for _, sum := range l.files() {
			if !said[sum] && !slices.ContainsFunc(list, func(p plantroom.Proof) bool { return p.Sum == sum }) {
				said[sum] = true
				b.miss("the file of proof "+sum.String(), fmt.Sprintf("row %d names it, and the database does not list it", l.Seq))
			}
		}
	}
}

// proof writes one file, or says why it does not.
func (b *builder) proof(n int, p *plantroom.Proof, row int64) (name, why string, err error) {
	switch {
	case row == 0:
		return "", "no row of the ledger names it: the database was changed behind the server's back", nil
	case b.opt.Redact:
		return "", "it may show people", nil
	case b.opt.Files == nil:
		return "", "the files of proof were not to be had where this bundle was made", nil
	case len(b.pack.files) >= MaxFiles-mostBeside || b.pack.at+p.Size > MaxBundle-manifestRoom:
		return "", "the bundle is full", nil
	}
	f, err := b.opt.Files.Open(p.Sum)
	if err != nil {
		return "", plantroom.MessageOf(err), nil
	}
	defer f.Close()
	name = fmt.Sprintf("%s%02d.%s", proofName, n, extension(p.Type))
	what := fmt.Sprintf("handed in at %s, and named by row %d", p.At, row)
	return name, "", b.add(name, what, func(w io.Writer) error { _, err := io.Copy(w, f); return err })
}

// mostBeside is how many files a bundle has besides those of proof, at the least.
const mostBeside = 16

func extension(mediaType string) string {
	switch mediaType {
	case "image/jpeg":
		return "jpg"
	case "image/png":
		return "png"
	case "application/pdf":
		return "pdf"
	}
	return "bin"
}

// rowOfFile finds the first row that names a file.
func (b *builder) rowOfFile(sum plantroom.Hash) int64 {
	for i := range b.rows {
		l := whole(&b.rows[i], shown(true))
		if slices.Contains(l.files(), sum) {
			return l.Seq
		}
	}
	return 0
}

// files gives the hashes of the files of proof that a row names, where it shows them.
func (l *line) files() (out []plantroom.Hash) {
	if l.Form == 1 {
		return nil // no version that wrote such rows kept files
	}
	text := l.value(strconv.Quote("files"))
	if text == "" {
		return nil
	}
	var list []struct {
		Sum plantroom.Hash `json:"sha256"`
	}
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil
	}
	for _, f := range list {
		out = append(out, f.Sum)
	}
	return out
}

// mostNamedFiles bounds what a checker remembers of the rows of a hostile bundle.
const mostNamedFiles = 10_000

// note remembers the files that a row names.
func (c *checker) note(l *line) {
	for _, sum := range l.files() {
		if len(c.handed) < mostNamedFiles {
			c.handed[sum] = false
		}
	}
}

// proofs checks that every file of proof in the bundle is named by a row. Who
// forges a photo can list it in the manifest, and cannot put its hash into a row.
func (c *checker) proofs(files []member) {
	for i := range files {
		m := &files[i]
		if !strings.HasPrefix(m.name, proofName) {
			continue
		}
		if _, ok := c.handed[m.sum]; !ok {
			c.find(m.name, 0, "is named by no row of the order: it is not what was handed in")
			continue
		}
		c.handed[m.sum] = true
	}
	for _, there := range c.handed {
		if there {
			c.Proofs++
		} else {
			c.ProofsByHash++
		}
	}
}
