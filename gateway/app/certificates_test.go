package app

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestACertificateIsAProblemTwoWeeksBeforeItExpires(t *testing.T) {
	const now = plantroom.Instant(1_772_452_800_000_000_000) // 2026-03-02T12:00:00Z
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		is      CertificateHealth
		problem string
	}{
		"a month":      {CertificateHealth{Until: now.Add(30 * day)}, ""},
		"15 days":      {CertificateHealth{Until: now.Add(15 * day)}, ""},
		"13 days":      {CertificateHealth{Until: now.Add(13 * day)}, "gw.pem expires on 2026-03-15: renew it"},
		"yesterday":    {CertificateHealth{Until: now.Add(-day)}, "gw.pem expired on 2026-03-01: renew it"},
		"nobody knows": {CertificateHealth{Error: "no such file"}, "no such file"},
	} {
		c.is.Part, c.is.File = "uplink", "gw.pem"
		h := Health{Status: "ok", Uplink: UplinkHealth{Connected: true}, Spool: SpoolHealth{MaxBytes: 100}, Certificates: []CertificateHealth{c.is}}
		h.judge(now)
		all := strings.Join(h.Problems, "; ")
		if !strings.Contains(all, c.problem) || (all == "") != (c.problem == "") || (h.Status == "ok") != (c.problem == "") {
			t.Errorf("%s: %s, %q; want %q", name, h.Status, all, c.problem)
		}
	}
}
