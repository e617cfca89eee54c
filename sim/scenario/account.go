package scenario

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/evidence"
	"plantroom/services/ledger"
	"plantroom/services/report"
)

// What of the account that is given afterwards an expectation can look at: it is
// made for it, and costs more than a look at what is stored.
type (
	// StatementIs is a contract's statement of the month of that moment.
	StatementIs struct {
		Contract  plantroom.ContractID `json:"contract"`
		Kept      *int                 `json:"kept"`
		Missed    *int                 `json:"missed"`
		Penalties *float64             `json:"penalties"` // in the estate's currency
	}
	// BundleIs is the bundle of evidence of the newest order of an asset, which
	// has to be whole.
	BundleIs struct {
		Asset    plantroom.AssetID `json:"asset"`
		Redacted bool              `json:"redacted"`
		Holds    string            `json:"holds"` // a text that stands in it
		Lacks    string            `json:"lacks"` // one that does not
	}
)

// wrong says what in the statement is not as wanted.
func (i *StatementIs) wrong(p *play) string {
	s, err := p.statement(i.Contract)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, x := range []struct {
		what string
		want *int
		got  int
	}{{"kept", i.Kept, s.Kept}, {"missed", i.Missed, s.Missed}} {
		if x.want != nil && *x.want != x.got {
			out = append(out, fmt.Sprintf("%d %s", x.got, x.what))
		}
	}
	if i.Penalties != nil && int64(math.Round(*i.Penalties*100)) != s.Penalties {
		out = append(out, fmt.Sprintf("penalties of %.2f", float64(s.Penalties)/100))
	}
	return strings.Join(out, ", ")
}

func (p *play) statement(id plantroom.ContractID) (s report.Statement, err error) {
	h, err := report.NewHouse(p.server.estate, app.Domains())
	if err != nil {
		return s, err
	}
	err = p.asked(func(tx plantroom.Tx) (err error) {
		s, err = h.Statement(tx, id, report.MonthOf(p.now, p.zone), p.now)
		return err
	})
	return s, err
}

// asked reads from the server's store.
func (p *play) asked(f func(plantroom.Tx) error) error {
	if !p.server.up() {
		return errors.New("the server is down: nobody can be asked")
	}
	return p.server.spine.Store.View(p.ctx, f)
}

// wrong says what is wrong with the bundle.
func (i *BundleIs) wrong(p *play) string {
	f, err := os.CreateTemp("", "plantroom-bundle-")
	if err == nil {
		defer os.Remove(f.Name())
		defer f.Close()
		err = p.bundle(f, i)
	}
	if err != nil {
		return err.Error()
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err.Error()
	}
	r, err := evidence.Verify(f, size, ledger.Head{})
	if err != nil {
		return err.Error()
	}
	if len(r.Findings) > 0 {
		return "the bundle is not whole: " + r.Findings[0].String()
	}
	return i.said(f, size)
}

// bundle makes the bundle of the newest order of the asset.
func (p *play) bundle(f *os.File, i *BundleIs) error {
	var id plantroom.OrderID
	for _, o := range p.seen.orders { // the newest first
		if o.Asset == i.Asset {
			id = o.ID
			break
		}
	}
	if id == "" {
		return fmt.Errorf("%s has no order", i.Asset)
	}
	return p.asked(func(tx plantroom.Tx) error {
		_, _, err := evidence.Build(context.WithoutCancel(p.ctx), tx, id, f, evidence.Options{Zone: p.zone, Redact: i.Redacted, Estate: p.server.estate.ID, NoTelemetry: "the stage has none"})
		return err
	})
}

// said looks for the texts in the files of a bundle.
func (i *BundleIs) said(f io.ReaderAt, size int64) string {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return err.Error()
	}
	holds := i.Holds == ""
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			return err.Error()
		}
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return err.Error()
		}
		holds = holds || strings.Contains(string(text), i.Holds)
		if i.Lacks != "" && strings.Contains(string(text), i.Lacks) {
			return fmt.Sprintf("%s holds %q", file.Name, i.Lacks)
		}
	}
	if !holds {
		return fmt.Sprintf("%q stands nowhere in it", i.Holds)
	}
	return ""
}
