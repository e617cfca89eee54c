package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/dispatch"
	"plantroom/services/report"
)

const terms = `    price: {yearly: 190000, call_out: 80}
    penalties: [{clock: restore, amount: 300, source: "contract, clause 9"}]
    penalty_cap: {percent: 10}
    reply: 87600h
`

// billed is a site whose contract has penalties, with a fault of March 2026 that
// was repaired an hour late; the contractor was there after five minutes.
func billed(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	if code, _, errs := plantroomWith("init", dir); code != exitOK {
		t.Fatal(errs)
	}
	edit(t, filepath.Join(dir, "estate.yaml"), "    price: {yearly: 190000}\n", terms)
	file = filepath.Join(dir, "plantroom.yaml")
	cfg, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	desk, err := dispatch.New(dispatch.Options{Estate: cfg.Estate, Domains: app.Domains()})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(cfg.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	var lift plantroom.Asset
	for _, a := range cfg.Estate.Assets {
		if a.Domain == "lifts" {
			lift = a
		}
	}
	begun := plantroom.At(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
	in := plantroom.Incident{ID: "inc-a", Rule: "lift.fault", Asset: lift.ID, Domain: "lifts", Building: lift.Building, Episode: begun, Opened: begun,
		State: plantroom.IncidentOpen, Severity: plantroom.Medium, Cause: "door_close_fault", Needed: 3}
	steps := []struct {
		after time.Duration
		do    func(plantroom.Tx, plantroom.Instant) error
	}{
		{0, func(tx plantroom.Tx, now plantroom.Instant) error {
			return desk.Incident(tx, now, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in})
		}},
		{time.Minute, press(desk, plantroom.DoAcknowledge)},
		{5 * time.Minute, press(desk, plantroom.DoArrive)},
		{90 * time.Minute, press(desk, plantroom.DoFix)},
		{90 * time.Minute, func(tx plantroom.Tx, now plantroom.Instant) error {
			in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, 3, now, now
			return desk.Incident(tx, now, plantroom.IncidentEvent{Change: plantroom.IncidentProved, Incident: in})
		}},
	}
	for _, s := range steps {
		write(t, filepath.Join(cfg.Data, "plantroom.db"), func(tx plantroom.Tx) error {
			now := begun.Add(s.after)
			if _, err := desk.Tick(tx, now, 10); err != nil {
				return err
			}
			return s.do(tx, now)
		})
	}
	return file
}

func press(desk *dispatch.Desk, do plantroom.OrderAction) func(plantroom.Tx, plantroom.Instant) error {
	return func(tx plantroom.Tx, now plantroom.Instant) error {
		_, err := desk.Command(tx, now, dispatch.Command{Order: "wo-000001", Do: do, Actor: "contractor:quicklift"})
		return err
	}
}

// ask runs a command that has to succeed.
func ask(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := plantroomWith(args...)
	if code != exitOK || errs != "" {
		t.Fatalf("plantroom %q: exit code %d\n%s%s", args, code, out, errs)
	}
	return out
}

func TestAStatementIsShownIssuedAndAnswered(t *testing.T) {
	file := billed(t)
	about := func(args ...string) []string {
		return append(args, file, "--contract", "quicklift-2026", "--month", "2026-03")
	}
	text := ask(t, about("statement")...)
	for _, want := range []string{"Not issued yet", "Windows: 2 kept, 1 missed", "missed by 1h", "300.00  penalty: contract, clause 9", "call-outs: 1", "total", "15,613.34"} {
		if !strings.Contains(text, want) {
			t.Errorf("the statement does not say %q:\n%s", want, text)
		}
	}
	var s report.Statement
	if err := json.Unmarshal([]byte(ask(t, append(about("statement"), "--json")...)), &s); err != nil || s.Total != 15_613_34 || len(s.Lines) != 3 {
		t.Errorf("%v: %+v", err, s)
	}
	if table := ask(t, append(about("statement"), "--csv")...); strings.Count(table, "\n") != 7 {
		t.Errorf("the table has not a row for each line:\n%s", table)
	}
	out := filepath.Join(t.TempDir(), "march.html")
	ask(t, append(about("statement"), "--html", out)...)
	if b, err := os.ReadFile(out); err != nil || !strings.Contains(string(b), "/orders/wo-000001") {
		t.Errorf("%v\n%s", err, b)
	}

	const line = "wo-000001.1.restore"
	ask(t, append(about("statement", "issue"), "--by", "lin")...)
	ask(t, append(about("statement", "object"), "--line", line, "--by", "lin", "--of", "Mr Wu", "--reason", "the key was missing")...)
	if text := ask(t, about("statement")...); !strings.Contains(text, "objected: the key was missing") || !strings.Contains(text, "-300.00") {
		t.Errorf("%s", text)
	}
	ask(t, append(about("statement", "accept"), "--line", line, "--by", "lin", "--reason", "so it was")...)
	if text := ask(t, about("statement")...); !strings.Contains(text, "no penalty: the objection was accepted: so it was") || !strings.Contains(text, "15,913.34") {
		t.Errorf("%s", text)
	}
	if text := ask(t, "ledger", "verify", file); !strings.Contains(text, "the chain is whole") {
		t.Error(text)
	}
}

func TestAWhatIfComparesContractsOfTheEstateAndOffers(t *testing.T) {
	file := billed(t)
	offer := filepath.Join(t.TempDir(), "offer.yaml")
	if err := os.WriteFile(offer, []byte(`contracts:
  - {id: far-away, contractor: quicklift, domains: [lifts], from: 2027-01-01, travel: 2h, price: {yearly: 290000}, windows: [{clock: restore, length: 24h}]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"whatif", file, "--contract", "quicklift-2026", "--contract", offer, "--from", "2026-01-01", "--to", "2026-12-31"}
	text := ask(t, args...)
	for _, want := range []string{"as it was  quicklift-2026", "far-away", "2h", "189,780.00      290,000.00", "Assumed:"} {
		if !strings.Contains(text, want) {
			t.Errorf("the comparison does not say %q:\n%s", want, text)
		}
	}
	var c report.Comparison
	if err := json.Unmarshal([]byte(ask(t, append(args, "--json")...)), &c); err != nil || len(c.Results) != 2 || c.Results[1].Covered != 1 {
		t.Errorf("%v: %+v", err, c)
	}
}

func TestWhatIsWrongWithAStatementOrAWhatIfIsSaid(t *testing.T) {
	file := billed(t)
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("contracts:\n  - {id: x, contractor: nobody, domains: [lifts], from: 2027-01-01, windows: []}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"statement FILE": "wants the server's file, --contract and --month",
		"statement FILE --contract quicklift-2026 --month March":                                       `"March" is not a month: write it as 2026-03`,
		"statement FILE --contract slowlift --month 2026-03":                                           `no contract "slowlift": use one of quicklift-2026`,
		"statement FILE --contract quicklift-2026 --month 2026-03 --xml":                               "plantroom help lists the flags",
		"statement issue FILE --contract quicklift-2026 --month 2026-03 --by li":                       "use one of lin",
		"statement issue FILE --contract quicklift-2026 --month 2199-03 --by lin":                      "the month 2199-03 is not over",
		"statement object FILE --contract quicklift-2026 --month 2026-03 --line a --by lin --reason b": "has not been issued",
		"whatif FILE --from 2026-01-01 --to 2026-02-01":                                                "wants the server's file, --contract, --from and --to",
		"whatif FILE --contract quicklift-2026 --from 2026-01 --to 2026-02-01":                         `--from "2026-01" is not a day`,
		"whatif FILE --contract quicklift-2026 --from 2026-03-01 --to 2026-02-01":                      "does not lie before",
		"whatif FILE --contract slowlift --from 2026-03-01 --to 2026-04-01":                            "neither a contract of the estate nor a file",
		"whatif FILE --contract BAD --from 2026-03-01 --to 2026-04-01":                                 `bad.yaml:2:13: contracts.0.contractor: there is no contractor "nobody"; use one of quicklift`,
	} {
		fields := strings.Fields(strings.NewReplacer("FILE", file, "BAD", bad).Replace(args))
		if code, out, errs := plantroomWith(fields...); code != exitUsage || out != "" || !strings.Contains(errs, want) {
			t.Errorf("plantroom %s: exit code %d, want %d and %q\n%s%s", args, code, exitUsage, want, out, errs)
		}
	}
}
