package httpapi

import (
	"testing"

	"plantroom"
)

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{"", "limit=5", "limit=5&state=raised,closed", "from=2026-03-02T08:00:00%2B08:00", "limit=5&limit=6", "%zz", "a=1;b=2", "state=,", "asset=%00"} {
		f.Add(s)
	}
	known := []string{"limit", "state", "from", "asset", "open", "after"}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := parseQuery(raw, known)
		if err != nil {
			if plantroom.CodeOf(err) != plantroom.CodeInvalid {
				t.Fatalf("%q: %v is %s", raw, err, plantroom.CodeOf(err))
			}
			return
		}
		limit, asset, states := q.limit(), q.id("asset"), oneOf(q, "state", orderStates())
		q.instant("from")
		q.flag("open")
		q.sequence("after")
		if q.err != nil {
			return
		}
		if limit < 1 || limit > maxLimit || asset != "" && plantroom.ValidID(asset) != nil {
			t.Fatalf("%q gave limit %d and asset %q", raw, limit, asset)
		}
		for _, s := range states {
			if _, ok := plantroom.Transitions[s]; !ok && s != plantroom.Cancelled {
				t.Fatalf("%q gave state %q", raw, s)
			}
		}
	})
}

func FuzzIncidentCursor(f *testing.F) {
	f.Add("2026-03-02T08:00:00.000000001Z_inc-abc")
	f.Add("_")
	f.Add("2026-03-02T08:00:00+08:00_inc-a_b")
	f.Fuzz(func(t *testing.T, s string) {
		inc, err := parseIncidentCursor(s)
		if err != nil {
			return
		}
		again, err := parseIncidentCursor(incidentCursor(inc))
		if err != nil && !inc.Episode.IsZero() || err == nil && again != inc {
			t.Fatalf("%q gave %s, which gave %s: %v", s, incidentCursor(inc), incidentCursor(again), err)
		}
	})
}

func FuzzIfMatch(f *testing.F) {
	for _, s := range []string{`"7"`, `*`, ``, `"`, `W/"1"`, `"1","2"`, `"99999999999999999999"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ifMatch(s)
		if err == nil && v == 0 && s != "" && s != "*" || v < 0 {
			t.Fatalf("%q gave version %d, %v", s, v, err)
		}
	})
}
