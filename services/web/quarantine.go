package web

import (
	"encoding/hex"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"plantroom"
)

type quarantineView struct {
	Count int64
	Items []quarantinedLine
}

type quarantinedLine struct {
	ID                            int64
	When, Gateway, Source, Reason string
	Stage                         string
	Text                          string // the raw bytes, as text where they are text
	Hex                           string // and as a hex dump where they are not
	Size                          int
}

// shownQuarantine is how many entries the page shows, and shownRaw how many
// bytes of each.
const (
	shownQuarantine = 100
	shownRaw        = 512
)

func (p *Pages) quarantine(w http.ResponseWriter, r *http.Request, say words) error {
	var v quarantineView
	err := p.opt.Store.View(r.Context(), func(tx plantroom.Tx) (err error) {
		if v.Count, err = tx.QuarantineCount(); err != nil {
			return err
		}
		items, err := tx.Quarantine(shownQuarantine)
		for _, q := range items {
			v.Items = append(v.Items, say.quarantined(q))
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.render(w, r, http.StatusOK, "quarantine.html", say, page{Title: say.t("quarantine.title"), Body: v})
}

func (s words) quarantined(q plantroom.Quarantined) quarantinedLine {
	l := quarantinedLine{ID: q.ID, When: s.precise(q.At), Gateway: string(q.Gateway), Source: q.Source, Reason: q.Reason,
		Stage: s.slug("stage", q.Stage), Size: len(q.Raw)}
	raw := q.Raw[:min(len(q.Raw), shownRaw)]
	if text, ok := printable(raw, len(raw) < len(q.Raw)); ok {
		l.Text = text
		return l
	}
	l.Hex = strings.TrimSuffix(hex.Dump(raw), "\n")
	return l
}

// printable returns b as text, if that is what it is. A character that was
// cut in two at the end does not count against it.
func printable(b []byte, cut bool) (string, bool) {
	if cut {
		for i := 0; i < utf8.UTFMax-1 && len(b) > 0 && !utf8.Valid(b); i++ {
			b = b[:len(b)-1]
		}
	}
	if !utf8.Valid(b) {
		return "", false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return "", false
		}
	}
	return string(b), true
}
