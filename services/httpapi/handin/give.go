package handin

import (
	"fmt"
	"mime"
	"net/http"
	"time"

	"plantroom"
	"plantroom/services/proofs"
)

// confined is the policy of a file: nothing in it may load, run or be framed. Styles
// are for the page that a browser itself makes around a picture.
const confined = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

// Give sends an order's file. Its type is the one that was found out when it
// came; a PDF is to be saved and not shown, since it can hold programs. A
// browser that has it asks again each time whether it may show it.
func (t *Taker) Give(w http.ResponseWriter, r *http.Request, p *plantroom.Proof) error {
	f, err := t.Dir.Open(p.Sum)
	if err != nil {
		t.log.ErrorContext(r.Context(), "a file of proof cannot be given", "file", p.Sum, "order", p.Order, "error", err)
		return err
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", p.Type)
	h.Set("Content-Security-Policy", confined)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", mime.FormatMediaType(disposition(p.Type), map[string]string{"filename": FileName(p)}))
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", `"`+p.Sum.String()+`"`)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longest)) // a test's recorder has none
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

func disposition(mediaType string) string {
	if mediaType == proofs.PDF {
		return "attachment"
	}
	return "inline"
}

// FileName names a file for whoever saves it.
func FileName(p *plantroom.Proof) string {
	return fmt.Sprintf("%s-%.12s%s", p.Order, p.Sum, proofs.Extension(p.Type))
}

// Find finds an order's file by its hash. CodeNotFound: the order has none like
// that, or is not there.
func Find(tx plantroom.Tx, order plantroom.OrderID, sum string) (plantroom.Proof, error) {
	list, err := tx.Proofs(order)
	if err != nil {
		return plantroom.Proof{}, err
	}
	for _, p := range list {
		if p.Sum.String() == sum {
			return p, nil
		}
	}
	return plantroom.Proof{}, plantroom.Errorf(plantroom.CodeNotFound, "%s has no such file of proof", order)
}
