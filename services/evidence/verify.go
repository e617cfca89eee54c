package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode"

	"plantroom"
	"plantroom/services/ledger"
)

// Finding is something in a bundle that is not as it has to be.
type Finding struct {
	File string
	Row  int64 // of the ledger; 0: the file as a whole
	What string
}

// String names it: "ledger.jsonl: row 12 is edited: …".
func (f Finding) String() string {
	if f.Row == 0 {
		return f.File + ": " + f.What
	}
	return fmt.Sprintf("%s: row %d %s", f.File, f.Row, f.What)
}

// Report is what a bundle comes to.
type Report struct {
	Manifest     Manifest
	Sum          plantroom.Hash // of the manifest: it names the bundle
	Findings     []Finding      // none: the bundle is whole
	Rows         int            // of the chain
	Shown        int            // of these, with fields
	Unproved     int            // of these, of the first form and not shown: their own hash is the bundle's word
	Loose        int64          // the last of those: what stands before it could have been made up, and fits all the same
	Terms        int            // rows of contracts and rules
	Proofs       int            // files of proof that are in it and that a row names
	ProofsByHash int            // files of proof that rows name and that are not in it
	Head         ledger.Head    // the newest row: to be compared with one that was noted
}

// mostTerms is how many rows of terms one order can name.
const mostTerms = 10_000

// mostFindings bounds a report of a bundle that is all wrong.
const mostFindings = 100

// checker is a bundle being checked.
type checker struct {
	Report
	r      io.ReaderAt
	known  ledger.Head
	met    bool                    // the known row was met
	named  map[string]bool         // hashes of rows of terms
	salts  bool                    // a row of the second form was met
	handed map[plantroom.Hash]bool // files of proof that rows name, and whether they are in it
}

// Verify checks a bundle: every file against the manifest, and the rows against
// each other. known is a row that was noted elsewhere; zero: none. CodeInvalid
// is for what is no bundle at all; what is broken in a bundle is in the Report.
func Verify(r io.ReaderAt, size int64, known ledger.Head) (Report, error) {
	files, err := unpack(r, size)
	if err != nil {
		return Report{}, err
	}
	c := checker{r: r, known: known, named: map[string]bool{}, handed: map[plantroom.Hash]bool{}}
	if err := c.manifest(&files[len(files)-1]); err != nil {
		return Report{}, err
	}
	if err := c.list(files[:len(files)-1]); err != nil {
		return Report{}, err
	}
	for _, check := range []struct {
		file string
		f    func(io.Reader) error
	}{{ledgerFile, c.chain}, {termsFile, c.terms}} {
		if m := find(files, check.file); m == nil {
			c.find(check.file, 0, "is missing")
		} else if err := check.f(m.open(r)); err != nil {
			return Report{}, err
		}
	}
	c.proofs(files)
	return c.Report, nil
}

func find(files []member, name string) *member {
	for i := range files {
		if files[i].name == name {
			return &files[i]
		}
	}
	return nil
}

func (c *checker) find(file string, row int64, format string, args ...any) {
	if len(c.Findings) < mostFindings {
		c.Findings = append(c.Findings, Finding{plain(file), row, plain(fmt.Sprintf(format, args...))})
	}
}

// plain keeps what a hostile bundle says from moving a terminal's cursor, and
// from being long.
func plain(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			return '?'
		}
		return c
	}, s)
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}

// maxManifest bounds the manifest, in bytes.
const maxManifest = 1 << 20

// manifest reads what the bundle says of itself.
func (c *checker) manifest(m *member) error {
	bad := func(err error) error {
		return &plantroom.Error{Code: plantroom.CodeInvalid, Op: "read the bundle's manifest", Message: "it is none that this version knows", Hint: "use the version that made it, or a later one", Err: err}
	}
	if m.name != manifestFile || m.size > maxManifest {
		return bad(fmt.Errorf("the last file is %s, of %d bytes", m.name, m.size))
	}
	text, err := io.ReadAll(m.open(c.r))
	if err != nil {
		return err
	}
	if crc32.ChecksumIEEE(text) != m.crc {
		c.find(manifestFile, 0, "was changed: it does not give the sum that the zip file has for it")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c.Manifest); err != nil {
		return bad(err)
	}
	if c.Manifest.Format != Format {
		return bad(fmt.Errorf("its format is %.100q", c.Manifest.Format))
	}
	if err := plantroom.ValidID(string(c.Manifest.Order)); err != nil {
		return bad(err)
	}
	c.Sum = sha256.Sum256(text)
	return nil
}

// list compares the files with the manifest's list.
func (c *checker) list(files []member) error {
	listed := c.Manifest.Files
	for i := range files {
		m := &files[i]
		if i >= len(listed) || listed[i].Name != m.name {
			c.find(m.name, 0, "is not on the manifest's list in this place")
			continue
		}
		sum, crc := sha256.New(), crc32.NewIEEE()
		if _, err := io.Copy(io.MultiWriter(sum, crc), m.open(c.r)); err != nil {
			return err
		}
		have := &m.sum
		if sum.Sum(have[:0]); *have != listed[i].Sum || int64(m.size) != listed[i].Size {
			c.find(m.name, 0, "was changed: its SHA-256 is %s, and the manifest lists %s", have, listed[i].Sum)
		} else if crc.Sum32() != m.crc {
			c.find(m.name, 0, "does not give the sum that the zip file has for it")
		}
	}
	for i := len(files); i < len(listed); i++ {
		c.find(listed[i].Name, 0, "is on the manifest's list and not in the bundle")
	}
	return nil
}

// lines gives the lines of a file of rows, each bounded.
func lines(r io.Reader, f func(n int, text []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), maxLine)
	n := 0
	for s.Scan() {
		n++
		if err := f(n, s.Bytes()); err != nil {
			return err
		}
	}
	return s.Err()
}

// errStop ends a walk that cannot go on; what it found is noted.
var errStop = errors.New("stop")

// chain walks the rows.
func (c *checker) chain(r io.Reader) error {
	want := c.Manifest.Ledger
	last := ledger.Head{Seq: want.From - 1, Hash: want.First}
	err := lines(r, func(n int, text []byte) error {
		l, err := parseLine(text)
		if err != nil {
			c.find(ledgerFile, last.Seq+1, "cannot be read: %v", err)
			return errStop
		}
		if l.Seq != last.Seq+1 {
			c.find(ledgerFile, last.Seq+1, "is missing: row %d stands in its place", l.Seq)
			return errStop
		}
		c.row(&l, last.Hash)
		last = ledger.Head{Seq: l.Seq, Hash: l.Hash}
		return nil
	})
	c.Head = last
	switch {
	case errors.Is(err, errStop):
		return nil
	case errors.Is(err, bufio.ErrTooLong):
		c.find(ledgerFile, last.Seq+1, "cannot be read: it is longer than rows are")
		return nil
	case err != nil:
		return err
	}
	if last.Seq != want.To {
		c.find(ledgerFile, last.Seq+1, "is missing: the manifest has rows up to %d", want.To)
	} else if last.Hash != want.Last {
		c.find(ledgerFile, last.Seq, "is not the one that the manifest ends with")
	}
	if c.known.Seq > 0 && !c.met {
		if c.known.Seq < want.From || c.known.Seq > want.To {
			c.find(ledgerFile, c.known.Seq, "was noted, and is not among the bundle's rows %d to %d", want.From, want.To)
		} else {
			c.find(ledgerFile, c.known.Seq, "has not the hash that was noted: the ledger that this bundle is from is another one")
		}
	}
	return nil
}

// row checks one row behind the hash of the one before it.
func (c *checker) row(l *line, prev plantroom.Hash) {
	c.Rows++
	if c.salts = c.salts || l.Form == 2; c.salts && l.Form == 1 {
		c.find(ledgerFile, l.Seq, "is of the first form, behind one of the second: rows have had salts since an upgrade, and it is none of that ledger")
	}
	if l.Prev != nil && *l.Prev != prev {
		c.find(ledgerFile, l.Seq, "does not follow: it does not carry the hash of the row before it, which was exchanged or taken out")
		prev = *l.Prev
	}
	switch {
	case !l.proven():
		c.Unproved++
		c.Loose = l.Seq
	default:
		if sum, err := l.sum(prev); err != nil {
			c.find(ledgerFile, l.Seq, "is edited: %v", err)
		} else if sum != l.Hash {
			c.find(ledgerFile, l.Seq, "is edited: its content does not give its hash")
		}
	}
	if l.Fields != nil {
		c.Shown++
		c.note(l)
		if t := l.member("terms"); t != "" && len(c.named) < mostTerms {
			c.named[t] = true
		}
	}
	c.met = c.met || l.Seq == c.known.Seq && l.Hash == c.known.Hash
}

// terms checks the rows of contracts and rules, which lie elsewhere in the
// chain: each has to give its own hash, and a row of the order has to name it.
func (c *checker) terms(r io.Reader) error {
	err := lines(r, func(n int, text []byte) error {
		l, err := parseLine(text)
		if err != nil || l.Fields == nil {
			c.find(termsFile, 0, "line %d cannot be read: %v", n, err)
			return nil
		}
		c.Terms++
		if sum, err := l.sum(*l.Prev); err != nil || sum != l.Hash {
			c.find(termsFile, l.Seq, "is edited: its content does not give its hash")
		} else if !c.named[l.Hash.String()] {
			c.find(termsFile, l.Seq, "is named by no row of the order: it may never have been in force")
		}
		return nil
	})
	if errors.Is(err, bufio.ErrTooLong) {
		c.find(termsFile, 0, "cannot be read: a line is longer than rows are")
		return nil
	}
	return err
}
