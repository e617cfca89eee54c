package demo

import (
	"slices"
	"testing"
	"time"

	"plantroom"
)

// told collects what a tale tells.
func told() (*tale, *[]string) {
	var lines []string
	return &tale{say: func(l Line) { lines = append(lines, l.Text) }}, &lines
}

func at(second int) plantroom.Instant {
	return plantroom.Instant(1).Add(time.Duration(second) * time.Second)
}

func TestACauseThatIsHeardOfAfterItsEffectIsToldBeforeIt(t *testing.T) {
	tale, lines := told()
	tale.add(Line{At: at(1), Text: "the lift stops"})
	tale.add(Line{At: at(3), Text: "the phone rings"})
	tale.add(Line{At: at(2), Text: "an incident"})
	tale.add(Line{At: at(2), Text: "its order"})
	tale.upTo(at(10))
	if want := []string{"the lift stops", "an incident", "its order", "the phone rings"}; !slices.Equal(*lines, want) {
		t.Errorf("told %q, want %q", *lines, want)
	}
}

func TestALineWaitsUntilNothingEarlierCanCome(t *testing.T) {
	tale, lines := told()
	tale.add(Line{At: at(3), Text: "three"})
	tale.upTo(at(3))
	if len(*lines) != 0 {
		t.Fatalf("%q was told while a line of the same time could come", *lines)
	}
	tale.add(Line{At: at(2), Text: "two"})
	tale.upTo(at(4))
	tale.add(Line{At: at(1), Text: "one, very late"})
	tale.upTo(at(5))
	if want := []string{"two", "three", "one, very late"}; !slices.Equal(*lines, want) {
		t.Errorf("told %q, want %q: a line that comes too late is told all the same", *lines, want)
	}
}

func TestTheEndTellsWhatIsLeftAndNothingAfterIt(t *testing.T) {
	tale, lines := told()
	tale.add(Line{At: at(2), Text: "two"})
	tale.add(Line{At: at(1), Text: "one"})
	tale.end()
	tale.add(Line{At: at(3), Text: "the stack stops"})
	tale.upTo(at(9))
	tale.end()
	if want := []string{"one", "two"}; !slices.Equal(*lines, want) {
		t.Errorf("told %q, want %q", *lines, want)
	}
}

// Rows are dated by the server before they are committed, so a ledger that was
// just read lacks the last moment. In fast time that moment is long.
func TestALedgerIsKnownUpToAMomentBeforeItWasRead(t *testing.T) {
	for speed, want := range map[float64]plantroom.Instant{1: at(98), 20: at(60)} {
		if got := known(at(100), speed); got != want {
			t.Errorf("at speed %g known up to %s, want %s", speed, got, want)
		}
	}
}
