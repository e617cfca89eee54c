package ledger

import (
	"slices"
	"testing"

	"plantroom"
)

func TestTimelineTellsAnOrderAndItsIncidentAsOneStory(t *testing.T) {
	const t0 = plantroom.Instant(1_772_409_600e9)
	row := func(seq int64, after int64, kind, subject, actor string) plantroom.LedgerRow {
		return plantroom.LedgerRow{Seq: seq, At: t0 + plantroom.Instant(after*1e9), Kind: kind, Subject: subject, Actor: actor}
	}
	order := []plantroom.LedgerRow{
		row(2, 0, "order.raise", "wo-000001", "system"),
		row(5, 750, "order.acknowledge", "wo-000001", "contractor:quicklift"),
	}
	incident := []plantroom.LedgerRow{
		row(1, 0, "incident.opened", "inc-a", "sensor"),
		row(7, -2, "incident.cleared", "inc-a", "sensor"),
		row(5, 750, "order.acknowledge", "wo-000001", "contractor:quicklift"), // in both
	}
	var lines []string
	for _, e := range Timeline(order, incident) {
		lines = append(lines, e.String())
	}
	want := []string{
		"+0s incident.opened inc-a by sensor",
		"+0s order.raise wo-000001 by system",
		"+12m30s order.acknowledge wo-000001 by contractor:quicklift",
		"-2s incident.cleared inc-a by sensor",
	}
	if !slices.Equal(lines, want) {
		t.Fatalf("got  %q\nwant %q", lines, want)
	}
	if got := Timeline(); len(got) != 0 {
		t.Errorf("nothing gives %v", got)
	}
}
