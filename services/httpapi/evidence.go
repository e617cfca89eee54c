package httpapi

import (
	"context"
	"mime"
	"net/http"
	"os"
	"time"

	"plantroom"
	"plantroom/services/evidence"
)

// Bundles makes bundles of evidence.
type Bundles interface {
	// Bundle makes one of an order, in a file that has no name any more: closing
	// it removes it. The hash is the manifest's.
	Bundle(ctx context.Context, order plantroom.OrderID, redact bool) (*os.File, evidence.Manifest, plantroom.Hash, error)
}

// bundleTime is what a bundle may take to be made and fetched.
const bundleTime = 10 * time.Minute

// evidence sends the bundle of an order.
func (a *API) evidence(w http.ResponseWriter, r *http.Request, q *query) error {
	redact := q.flag("redact")
	if q.err != nil {
		return q.err
	}
	o, err := a.loadOrder(r, nil)
	if err != nil {
		return err
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(bundleTime)) // a test's recorder has none
	f, m, sum, err := a.opt.Bundles.Bundle(r.Context(), o.ID, redact)
	if err != nil {
		return err
	}
	defer f.Close()
	name := string(m.Order)
	if redact {
		name += "-redacted"
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ".zip"}))
	h.Set("ETag", `"`+sum.String()+`"`)
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}
