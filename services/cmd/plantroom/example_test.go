package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plantroom"
	"plantroom/services/app"
	"plantroom/services/dispatch"
)

// rosewood is a copy of the worked example, with the secrets that it names.
func rosewood(t *testing.T) (file string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../docs/examples/rosewood")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"secret-smtp", "secret-twilio-account", "secret-twilio-token", "secret-voice"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "plantroom.yaml")
}

// The example is accepted, and warned of nothing but that two firms have nights.
func TestTheWorkedExampleIsAccepted(t *testing.T) {
	file := rosewood(t)
	if out := ask(t, "check", file); !strings.HasSuffix(out, "no faults\n") {
		t.Error(out)
	}
	cfg, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, month := range []time.Month{time.July, time.August, time.December} { // the swap, and the holidays
		refused, warnings := cfg.Lint(plantroom.At(time.Date(2026, month, 20, 12, 0, 0, 0, time.UTC)))
		if len(refused) > 0 || len(warnings) != 2 {
			t.Errorf("%s: refused %v, warned %v", month, refused, warnings)
		}
		for i, firm := range []string{"webb", "brightbins"} {
			if i < len(warnings) && !strings.Contains(warnings[i].Problem, "nobody of "+firm+" is on duty") {
				t.Errorf("%s: %v", month, warnings[i])
			}
		}
	}
}

// What its terms come to: people are trapped at two at night, on 12 August, in
// the week in which Cem stands in for Cole. The firm repairs it in 50 minutes.
func TestTheWorkedExampleMeansWhatItSays(t *testing.T) {
	file := rosewood(t)
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
	begun := plantroom.At(time.Date(2026, 8, 12, 1, 0, 0, 0, time.UTC))
	in := plantroom.Incident{ID: "inc-a", Rule: "lift.entrapment", Asset: "t1-l1", Domain: "lifts", Building: "t1", Episode: begun, Opened: begun,
		State: plantroom.IncidentOpen, Severity: plantroom.Life, Cause: "entrapment", Needed: 1}
	press := func(do plantroom.OrderAction) func(plantroom.Tx, plantroom.Instant) error {
		return func(tx plantroom.Tx, now plantroom.Instant) error {
			_, err := desk.Command(tx, now, dispatch.Command{Order: "wo-000001", Do: do, Actor: "contractor:towerlift"})
			return err
		}
	}
	var called []string
	for _, s := range []struct {
		after time.Duration
		do    func(plantroom.Tx, plantroom.Instant) error
	}{
		{0, func(tx plantroom.Tx, now plantroom.Instant) error {
			return desk.Incident(tx, now, plantroom.IncidentEvent{Change: plantroom.IncidentOpened, Incident: in})
		}},
		{time.Second, nil},
		{6 * time.Minute, press(plantroom.DoAcknowledge)},
		{20 * time.Minute, press(plantroom.DoArrive)},
		{50 * time.Minute, press(plantroom.DoFix)},
		{50 * time.Minute, func(tx plantroom.Tx, now plantroom.Instant) error {
			in.State, in.Clean, in.Proved, in.Closed = plantroom.IncidentClosed, 1, now, now
			return desk.Incident(tx, now, plantroom.IncidentEvent{Change: plantroom.IncidentProved, Incident: in})
		}},
	} {
		write(t, filepath.Join(cfg.Data, "plantroom.db"), func(tx plantroom.Tx) error {
			now := begun.Add(s.after)
			if _, err := desk.Tick(tx, now, 10); err != nil || s.do == nil {
				return err
			}
			return s.do(tx, now)
		})
	}
	write(t, filepath.Join(cfg.Data, "plantroom.db"), func(tx plantroom.Tx) error {
		calls, err := tx.CallsOf("wo-000001")
		for _, c := range calls {
			if c.Kind == "ladder.call" {
				called = append(called, c.Who)
			}
		}
		return err
	})
	if want := []string{"person:cem", "person:hugh"}; !slices.Equal(called, want) {
		t.Errorf("the ladder called %v, want %v", called, want)
	}
	text := ask(t, "statement", file, "--contract", "towerlift-2026", "--month", "2026-08")
	// A twelfth of 42,000, a call-out at night, 5 % of the twelfth for the lift that stood.
	for _, want := range []string{"3,500.00", "180.00", "missed by 20m", "175.00", "3,505.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("the statement does not say %q:\n%s", want, text)
		}
	}
	text = ask(t, "whatif", file, "--contract", "towerlift-2026", "--contract", filepath.Join(filepath.Dir(file), "offer.yaml"), "--from", "2026-08-01", "--to", "2026-08-31")
	for _, want := range []string{"towerlift-2026", "northlift-offer"} {
		if !strings.Contains(text, want) {
			t.Errorf("the comparison does not name %s:\n%s", want, text)
		}
	}
}
