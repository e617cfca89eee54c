package alerts_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"plantroom"
	"plantroom/services/alerts"
)

func TestAMessageOfGrafanaIsRead(t *testing.T) {
	m, err := alerts.Decode(body(t, written(nil), written(map[string]any{"status": "resolved", "endsAt": "2026-03-02T11:00:00+08:00", "fingerprint": "b2",
		"annotations": map[string]string{"description": "only this"}, "labels": map[string]string{"asset": "b1-l2", "Asset": "b9", "ASSET": "b8"}})))
	if err != nil || len(m.Alerts) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	want := alerts.Alert{Status: "firing", Asset: "b1-l1", Severity: "high", Name: "Motor hot", Summary: "91 degrees", Starts: "2026-03-02T10:00:00+08:00",
		Ends: "0001-01-01T00:00:00Z", Fingerprint: "c6eadffa33fcdf37", URL: "http://grafana.test/alerting/grafana/abc/view"}
	if m.Alerts[0] != want {
		t.Errorf("the first is %+v", m.Alerts[0])
	}
	if a := m.Alerts[1]; a.Asset != "b1-l2" || a.Severity != "" || a.Summary != "only this" || a.Ends != "2026-03-02T11:00:00+08:00" {
		t.Errorf("the second is %+v", a)
	}
}

// Alertmanager's own webhook has another version and less in it.
func TestAMessageOfAlertmanagerIsRead(t *testing.T) {
	m, err := alerts.Decode([]byte(`{"version":"4","groupKey":"{}:{}","truncatedAlerts":3,"status":"firing","receiver":"p","groupLabels":{},"commonLabels":{},"commonAnnotations":{},
		"externalURL":"http://am.test","alerts":[{"status":"firing","labels":{"asset":"b1-l1"},"annotations":{},"startsAt":"2026-03-02T02:00:00.123456789Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"a1"}]}`))
	if err != nil || len(m.Alerts) != 1 || m.Alerts[0].Asset != "b1-l1" || m.Truncated != 3 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWhatIsNoMessageIsNamed(t *testing.T) {
	many := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text+",", n), ",") }
	for name, c := range map[string]struct {
		body, says string
		code       plantroom.Code
	}{
		"nothing":              {"", "no whole JSON value", plantroom.CodeInvalid},
		"half of one":          {`{"alerts":[{"status":"fir`, "no whole JSON value", plantroom.CodeInvalid},
		"a list":               {`[]`, "an object is not where it has to be", plantroom.CodeInvalid},
		"a text":               {`"alerts"`, "an object is not where it has to be", plantroom.CodeInvalid},
		"something else":       {`{"text":"hello"}`, "it has no alerts", plantroom.CodeInvalid},
		"two of them":          {`{"alerts":[]}{"alerts":[]}`, "something behind", plantroom.CodeInvalid},
		"alerts of no list":    {`{"alerts":{}}`, "the list of alerts is not", plantroom.CodeInvalid},
		"an alert of no kind":  {`{"alerts":[7]}`, "an object is not where", plantroom.CodeInvalid},
		"a number for a label": {`{"alerts":[{"labels":{"asset":7}}]}`, "has to be a text", plantroom.CodeInvalid},
		"labels of no kind":    {`{"alerts":[{"labels":["asset"]}]}`, "an object is not where", plantroom.CodeInvalid},
		"an asset twice":       {`{"alerts":[{"labels":{"asset":"a","asset":"b"}}]}`, `"asset" is there twice`, plantroom.CodeInvalid},
		"alerts twice":         {`{"alerts":[],"alerts":[]}`, `"alerts" is there twice`, plantroom.CodeInvalid},
		"minus alerts":         {`{"alerts":[],"truncatedAlerts":-1}`, "truncatedAlerts", plantroom.CodeInvalid},
		"a well":               {`{"alerts":[{"values":` + strings.Repeat("[", 100_000), "nested more than 16", plantroom.CodeInvalid},
		"a well of objects":    {`{"x":` + strings.Repeat(`{"a":`, 50_000), "nested more than 16", plantroom.CodeInvalid},
		"many labels":          {`{"alerts":[{"labels":{` + labels(65) + `}}]}`, "more than 64 labels", plantroom.CodeInvalid},
		"many keys":            {`{` + labels(200) + `}`, "more than 128 keys", plantroom.CodeInvalid},
		"many alerts":          {`{"alerts":[` + many(alerts.MaxAlerts+1, `{}`) + `]}`, "Max Alerts", plantroom.CodeTooLarge},
		"very many alerts":     {`{"alerts":[` + many(100_000, `{}`) + `]}`, "Max Alerts", plantroom.CodeTooLarge},
		"a long one":           {`{"alerts":[],"message":"` + strings.Repeat("x", alerts.MaxBody) + `"}`, "more than 524288 bytes", plantroom.CodeTooLarge},
	} {
		if _, err := alerts.Decode([]byte(c.body)); plantroom.CodeOf(err) != c.code || !strings.Contains(plantroom.MessageOf(err), c.says) {
			t.Errorf("%s: %v (%s), want %s and %q", name, err, plantroom.CodeOf(err), c.code, c.says)
		}
	}
	if m, err := alerts.Decode([]byte(`{"alerts":[` + many(alerts.MaxAlerts, `{"status":null,"values":{"A":[1,{"b":null}]}}`) + `]}`)); err != nil || len(m.Alerts) != alerts.MaxAlerts {
		t.Errorf("as many as may be: %d, %v", len(m.Alerts), err)
	}
}

func labels(n int) string {
	var list []string
	for _, p := range prints(n) {
		list = append(list, `"l`+p+`":"x"`)
	}
	return strings.Join(list, ",")
}

// What comes of an alert stands on pages, in calls and in a terminal.
func TestATextOfAStrangerBecomesOneShortLine(t *testing.T) {
	h := newHouse(t)
	a := h.fires("a1", 0)
	a.Name = "hot\x1b[31m\r\n\u202e <script>"
	a.Summary = strings.Repeat("äöü\xff ", 400)
	h.becomes(alerts.Raised, a)
	detail := h.incidents()[0].Detail
	if strings.ContainsAny(detail, "\x1b\r\n\u202e") || !utf8.ValidString(detail) || !strings.HasPrefix(detail, "hot [31m <script>: äöü") || len(detail) > 2*alerts.MaxText+10 {
		t.Errorf("%d bytes: %q", len(detail), detail)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(body(f, written(nil)))
	f.Add([]byte(`{"alerts":[{"labels":{"asset":"a","severity":null}}],"truncatedAlerts":1}`))
	f.Add([]byte(`{"alerts":[{"values":{"A":[[[1e999]]]}}]}`))
	h := newHouse(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := alerts.Decode(b)
		if err != nil {
			if c := plantroom.CodeOf(err); c != plantroom.CodeInvalid && c != plantroom.CodeTooLarge {
				t.Fatalf("%v is %s", err, c)
			}
			return
		}
		if len(m.Alerts) > alerts.MaxAlerts || m.Truncated < 0 {
			t.Fatalf("%d alerts, %d left out", len(m.Alerts), m.Truncated)
		}
		for _, a := range m.Alerts {
			for _, s := range []string{a.Status, a.Asset, a.Severity, a.Name, a.Summary, a.Starts, a.Ends, a.Fingerprint, a.URL} {
				if len(s) > alerts.MaxText+1 {
					t.Fatalf("a text of %d bytes is kept", len(s))
				}
			}
		}
		if bytes.Contains(b, []byte("asset")) && len(m.Alerts) < 4 { // what passes goes on to the store
			if h.t = t; len(h.send(m.Alerts...)) != len(m.Alerts) {
				t.Fatal("an alert has no result")
			}
		}
	})
}
