package app

import (
	"strings"
	"testing"
	"time"

	"plantroom"
)

func TestHealthSaysWhetherReadingsAreLostWaitOrArrive(t *testing.T) {
	const now = plantroom.Instant(1_772_452_800_000_000_000)
	ago := func(d time.Duration) plantroom.Instant { return now.Add(-d) }
	up := UplinkHealth{Connected: true, Since: ago(time.Hour)}
	owing := func(since, connected time.Duration) UplinkHealth {
		return UplinkHealth{Connected: true, Since: ago(connected), Owed: ago(since)}
	}
	for name, c := range map[string]struct {
		spool   SpoolHealth
		uplink  UplinkHealth
		status  string
		problem string
	}{
		"all is well":                       {SpoolHealth{Bytes: 1, MaxBytes: 100}, up, "ok", ""},
		"nearly full":                       {SpoolHealth{Bytes: 9500, MaxBytes: 10000, Level: "high"}, up, "degraded", "nine tenths"},
		"the disk is nearly full":           {SpoolHealth{Level: "high", Free: 100 << 20, Reserve: 64 << 20}, up, "degraded", "100 MiB are free, and 64 MiB"},
		"the reserve is reached":            {SpoolHealth{Level: "full", Full: true, Refusal: "the disk has no more than the reserve left"}, up, "failing", "the reserve left: readings of wired sensors"},
		"no room can be made":               {SpoolHealth{Room: "input/output error"}, up, "degraded", "no room can be made"},
		"full":                              {SpoolHealth{Bytes: 99, MaxBytes: 100, Full: true}, up, "failing", "QoS 0 devices are lost"},
		"full, and the uplink is down":      {SpoolHealth{Bytes: 99, MaxBytes: 100, Full: true}, UplinkHealth{}, "failing", "the uplink is down"},
		"the disk fails":                    {SpoolHealth{Fault: "input/output error"}, up, "failing", "cannot write"},
		"a batch is on its way":             {SpoolHealth{}, owing(20*time.Second, time.Hour), "ok", ""},
		"nobody answers":                    {SpoolHealth{}, owing(31*time.Second, time.Hour), "degraded", "the services have not acknowledged since 2026-03-02T11:59:29Z"},
		"the connection has just come back": {SpoolHealth{}, owing(time.Hour, time.Second), "ok", ""},
	} {
		h := Health{Status: "ok", Spool: c.spool, Uplink: c.uplink}
		if c.spool.MaxBytes == 0 {
			h.Spool.MaxBytes = 100
		}
		h.judge(now)
		if all := strings.Join(h.Problems, "; "); h.Status != c.status || !strings.Contains(all, c.problem) || (all == "") != (c.status == "ok") {
			t.Errorf("%s: %s, %q; want %s, %q", name, h.Status, all, c.status, c.problem)
		}
	}
}
