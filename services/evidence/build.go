package evidence

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"plantroom"
	"plantroom/services/dispatch"
	"plantroom/services/ledger"
)

// Page is the page that verifies bundles: one file, which needs no network.
//
//go:embed verify.html
var Page []byte

// MaxRows is how many rows of the chain a bundle goes on for behind its order's,
// towards the newest one.
const MaxRows = 20_000

// mostRows is how many rows may lie from an order's first to its last.
const mostRows = 1_000_000

// Options say how a bundle is made.
type Options struct {
	Zone         *time.Location // of the timeline; nil: UTC
	Redact       bool           // leave out what tells of persons
	Files        Files          // of proof; nil: not to be had
	Telemetry    Telemetry      // nil: there is none to ask
	NoTelemetry  string         // why
	Estate       plantroom.EstateID
	Measurements []string // that the asset's devices report under
}

// builder is a bundle in the making.
type builder struct {
	opt       Options
	pack      *packer
	order     plantroom.WorkOrder
	incidents []plantroom.Incident
	own       map[string]bool // subjects of the order and its incidents
	rows      []plantroom.LedgerRow
	asOf      plantroom.Instant
	files     []File
	missing   []Missing
}

// Build writes the bundle of an order. It reads the store in one transaction,
// so that a server may run beside; out has to be empty. The hash that it
// returns is the manifest's: it names the bundle.
func Build(ctx context.Context, tx plantroom.Tx, id plantroom.OrderID, out io.WriteSeeker, opt Options) (Manifest, plantroom.Hash, error) {
	if opt.Zone == nil {
		opt.Zone = time.UTC
	}
	b := &builder{opt: opt, pack: &packer{out: out}, own: map[string]bool{}, missing: []Missing{}}
	m, sum, err := b.build(ctx, tx, id)
	if err != nil {
		return m, sum, fmt.Errorf("make the bundle of %s: %w", id, err)
	}
	return m, sum, nil
}

func (b *builder) build(ctx context.Context, tx plantroom.Tx, id plantroom.OrderID) (m Manifest, sum plantroom.Hash, err error) {
	if err := b.read(tx, id); err != nil {
		return m, sum, err
	}
	chain, err := b.extent(tx)
	if err != nil {
		return m, sum, err
	}
	for _, f := range []struct {
		name, what string
		write      func(io.Writer) error
	}{
		{readmeFile, "how to check this bundle", b.readme},
		{pageFile, "the page that checks it; use one from a source that you trust", func(w io.Writer) error { _, err := w.Write(Page); return err }},
		{orderFile, "the order and its incidents as they stood", b.writeOrder},
		{timelineFile, "what happened, told from the rows", b.writeTimeline},
		{callsFile, "whom the order's calls went to, and what became of them", func(w io.Writer) error { return b.writeCalls(tx, w) }},
		{termsFile, "the contracts, rules and playbooks that the order's rows name, as they were", func(w io.Writer) error { return b.writeTerms(tx, w) }},
		{ledgerFile, "the part of the ledger's chain in which the order lies", func(w io.Writer) error { return b.writeChain(tx, &chain, w) }},
	} {
		if err := b.add(f.name, f.what, f.write); err != nil {
			return m, sum, err
		}
	}
	if err := b.proofs(tx); err != nil {
		return m, sum, err
	}
	if err := b.series(ctx); err != nil {
		return m, sum, err
	}
	m = Manifest{Format: Format, Order: id, AsOf: b.asOf, Redacted: b.opt.Redact, Ledger: chain, Files: b.files, Missing: b.missing}
	text, err := encode(m)
	if err != nil {
		return m, sum, err
	}
	if err := b.pack.add(manifestFile, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return m, sum, err
	}
	return m, sha256.Sum256(text), b.pack.close()
}

// read loads the order, its incidents and their rows.
func (b *builder) read(tx plantroom.Tx, id plantroom.OrderID) (err error) {
	if b.order, err = tx.Order(id); err != nil {
		return err
	}
	b.own[string(id)] = true
	for _, in := range slices.Concat(b.order.Earlier, []plantroom.IncidentID{b.order.Incident}, b.order.Also) {
		if b.own[string(in)] {
			continue // a cancelled order that was taken up again keeps its incident
		}
		incident, err := tx.Incident(in)
		if err != nil {
			return err
		}
		b.own[string(in)] = true
		b.incidents = append(b.incidents, incident)
	}
	for subject := range b.own {
		rows, err := tx.LedgerOf(subject)
		if err != nil {
			return err
		}
		b.rows = append(b.rows, rows...)
	}
	slices.SortFunc(b.rows, func(x, y plantroom.LedgerRow) int { return cmp.Compare(x.Seq, y.Seq) })
	if len(b.rows) == 0 {
		return plantroom.Errorf(plantroom.CodeNotFound, "the ledger holds nothing of it")
	}
	return nil
}

// extent decides which part of the chain goes into the bundle.
func (b *builder) extent(tx plantroom.Tx) (Range, error) {
	from, to := b.rows[0].Seq, b.rows[len(b.rows)-1].Seq
	if to-from > mostRows {
		return Range{}, plantroom.Errorf(plantroom.CodeTooLarge, "%d rows lie from its first to its last; a bundle holds at most %d", to-from, mostRows)
	}
	c := Range{From: from, First: b.rows[0].Prev, Head: true}
	for r, err := range chainOf(tx, from-1, to+MaxRows) {
		if err != nil {
			return c, err
		}
		c.To, c.Last, b.asOf = r.Seq, r.Hash, r.At
	}
	more, err := tx.Ledger(c.To, 1)
	c.Head = len(more) == 0
	return c, err
}

// add puts a file into the bundle and onto its list.
func (b *builder) add(name, what string, write func(io.Writer) error) error {
	if err := b.pack.add(name, write); err != nil {
		return err
	}
	m := b.pack.files[len(b.pack.files)-1]
	b.files = append(b.files, File{Name: name, Size: int64(m.size), Sum: m.sum, What: what})
	return nil
}

func (b *builder) miss(what, why string) { b.missing = append(b.missing, Missing{what, why}) }

// encode gives JSON for people and programs.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return out.Bytes(), err
}

func writeJSON(w io.Writer, v any) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

func (b *builder) readme(w io.Writer) error {
	_, err := fmt.Fprintf(w, `Evidence about %s

Open verify.html in a browser and give it this zip file: it needs no network and sends nothing anywhere. Whoever forged a
bundle could forge the page in it, too: take the page, or the program, from a source that you trust.

    plantroom evidence page > verify.html
    plantroom evidence verify FILE.zip

Compare the row and hash that either shows last with what you have noted from elsewhere. Rows of the ledger prove each other;
the other files are as listed in manifest.json, and no more than that.
`, b.order.ID)
	return err
}

func (b *builder) writeOrder(w io.Writer) error {
	o, incidents := b.order, slices.Clone(b.incidents)
	if b.opt.Redact {
		o = redactOrder(o)
		for i := range incidents {
			incidents[i].Detail = text(true, incidents[i].Detail)
		}
	}
	return writeJSON(w, struct {
		Order     plantroom.WorkOrder  `json:"order"`
		Incidents []plantroom.Incident `json:"incidents"`
	}{o, incidents})
}

func (b *builder) writeTimeline(w io.Writer) error {
	for _, e := range ledger.Timeline(b.rows) {
		i := slices.IndexFunc(b.rows, func(r plantroom.LedgerRow) bool { return r.Seq == e.Seq })
		l := whole(&b.rows[i], shown(b.opt.Redact))
		said := string(e.Body)
		if b.opt.Redact {
			said = ""
			for _, f := range l.Fields {
				if f.Name[0] == '"' && f.Value != nil {
					said += " " + f.Name + ":" + *f.Value
				}
			}
		}
		e.Actor = who(b.opt.Redact, e.Actor)
		if _, err := fmt.Fprintf(w, "row %d  %s  %s  %s\n", e.Seq, e.At.Time().In(b.opt.Zone).Format("2006-01-02 15:04:05.000 -07:00"), e, said); err != nil {
			return err
		}
	}
	return nil
}

// writeTerms writes the rows of terms that the order's rows name.
func (b *builder) writeTerms(tx plantroom.Tx, w io.Writer) error {
	named, playbooks := map[string]bool{}, []string{b.order.Playbook}
	for i := range b.rows {
		playbooks = append(playbooks, playbookOf(&b.rows[i]))
		l := whole(&b.rows[i], shown(true))
		if t := l.member("terms"); t != "" {
			named[t] = true
		}
	}
	playbooks = slices.DeleteFunc(playbooks, func(id string) bool { return id == "" })
	subjects, err := b.termsSubjects(tx, named)
	if err != nil {
		return err
	}
	found := len(playbooks) == 0
	for _, r := range subjects {
		found = found || bytes.Contains(r.Body, []byte(`"`+dispatch.TermsPlaybook))
		l := whole(&r, shownTerms(&b.order, playbooks, b.opt.Redact))
		text, err := l.encode()
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		delete(named, r.Hash.String())
	}
	switch {
	case len(subjects) == 0 && len(named) == 0:
		b.miss("contracts and rules as they were", "the order was raised by a version that did not keep them; the window check and the clocks in its rows hold what came of them")
	case len(named) > 0:
		b.miss("contracts and rules as they were", fmt.Sprintf("%d rows that the order names are not among those of the estate's terms", len(named)))
	case !found:
		b.miss("the playbook as it was", "the order was raised by a version that did not keep it; its steps stand in order.json as the order has them")
	}
	return nil
}

// playbookOf is the playbook that a row names: an order that was reopened may have
// had another one before.
func playbookOf(r *plantroom.LedgerRow) string {
	var body struct {
		Playbook string `json:"playbook"`
	}
	if json.Unmarshal(r.Body, &body) != nil {
		return ""
	}
	return body.Playbook
}

// termsSubjects returns the rows of terms that are named, oldest first.
func (b *builder) termsSubjects(tx plantroom.Tx, named map[string]bool) ([]plantroom.LedgerRow, error) {
	if len(named) == 0 || b.opt.Estate == "" {
		return nil, nil
	}
	rows, err := tx.LedgerOf(dispatch.TermsSubject(b.opt.Estate))
	return slices.DeleteFunc(rows, func(r plantroom.LedgerRow) bool { return r.Kind != dispatch.TermsKind || !named[r.Hash.String()] }), err
}

// writeChain writes the chain, the order's rows with their fields and the others
// as one hash each.
func (b *builder) writeChain(tx plantroom.Tx, c *Range, w io.Writer) error {
	show := shown(b.opt.Redact)
	for r, err := range chainOf(tx, c.From-1, c.To) {
		if err != nil {
			return err
		}
		l := bare(&r)
		if b.own[r.Subject] {
			l = whole(&r, show)
		}
		if r.Seq == c.From {
			l.Prev = &r.Prev
		}
		text, err := l.encode()
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return nil
}
