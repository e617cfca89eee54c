package roster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"plantroom"

	"pgregory.net/rapid"
)

// watch is what a clock on the wall shows, minute by minute, from some days
// before a time to some days after it.
type watch struct {
	begin time.Time
	shows []int64 // wall minutes
}

func newWatch(loc *time.Location, from time.Time, minutes int) *watch {
	w := &watch{begin: from.Add(-3 * 24 * time.Hour).Truncate(time.Minute)}
	for i := range minutes + 6*24*60 {
		w.shows = append(w.shows, wallMinutes(w.begin.Add(time.Duration(i)*time.Minute).In(loc)))
	}
	return w
}

// passes returns the first and the last minute in which the clock shows a time,
// or has jumped over it; before the watch began is 0, after it ended the last
// minute.
func (w *watch) passes(wall int64) (first, last int) {
	first, last = -1, -1
	for i := 1; i < len(w.shows); i++ {
		if w.shows[i] == wall || w.shows[i] > wall && w.shows[i-1] < wall {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	switch {
	case first >= 0:
		return first, last
	case w.shows[0] >= wall:
		return 0, 0
	}
	return len(w.shows), len(w.shows)
}

// marks sets the minutes from the first passing of one time to the last passing
// of another.
func (w *watch) marks(on []bool, from, to int64) {
	first, _ := w.passes(from)
	_, last := w.passes(to)
	for i := first; i < last && i < len(on); i++ {
		on[i] = true
	}
}

const dayMinutes = 24 * 60

// hours marks the minutes of daily hours.
func (w *watch) hours(h plantroom.Hours) []bool {
	on := make([]bool, len(w.shows))
	for d := w.shows[0]/dayMinutes - 2; d <= w.shows[len(w.shows)-1]/dayMinutes+2; d++ {
		if len(h.Days) > 0 && !slices.Contains(h.Days, time.Weekday((d+4)%7)) {
			continue
		}
		start, end := d*dayMinutes+minutesOf(h.Start), d*dayMinutes+minutesOf(h.End)
		if h.End <= h.Start {
			end += dayMinutes
		}
		w.marks(on, start, end)
	}
	return on
}

func minutesOf(d plantroom.Duration) int64 { return int64(time.Duration(d).Minutes()) }

// turns marks the minutes of each person of a rotation.
func (w *watch) turns(r plantroom.Rotation) map[plantroom.PersonID][]bool {
	out := map[plantroom.PersonID][]bool{}
	for _, p := range r.People {
		out[p] = make([]bool, len(w.shows))
	}
	var over []bool
	if r.To != 0 {
		over = make([]bool, len(w.shows))
		_, end := w.passes(int64(r.To)*dayMinutes + minutesOf(r.HandOver))
		for i := end; i < len(over); i++ {
			over[i] = true
		}
	}
	begin := int64(r.From)*dayMinutes + minutesOf(r.HandOver)
	for n := 0; begin < w.shows[len(w.shows)-1]+dayMinutes; n++ {
		end := begin + minutesOf(r.Turn)
		if end > w.shows[0]-dayMinutes {
			w.marks(out[r.People[n%len(r.People)]], begin, end)
		}
		begin = end
	}
	h := w.hours(r.Hours)
	for _, on := range out {
		for i := range on {
			on[i] = on[i] && h[i] && (over == nil || !over[i])
		}
	}
	return out
}

// oracle says for each minute who is on duty.
func (w *watch) oracle(c *plantroom.Contractor) []map[plantroom.PersonID]bool {
	out := make([]map[plantroom.PersonID]bool, len(w.shows))
	for i := range out {
		out[i] = map[plantroom.PersonID]bool{}
	}
	set := func(p plantroom.PersonID, on []bool) {
		for i := range on {
			if on[i] {
				out[i][p] = true
			}
		}
	}
	for _, s := range c.Roster {
		for _, p := range s.People {
			set(p, w.hours(plantroom.Hours{Days: s.Days, Start: s.Start, End: s.End}))
		}
	}
	for _, r := range c.Rotations {
		for p, on := range w.turns(r) {
			set(p, on)
		}
	}
	for i := range out {
		at := plantroom.At(w.begin.Add(time.Duration(i) * time.Minute))
		for _, s := range c.Swaps {
			a, b := s.Give[0], s.Give[1]
			after := map[plantroom.PersonID]bool{}
			for p := range out[i] {
				switch {
				case p == a.Person && a.From <= at && at < a.To:
					after[b.Person] = true
				case p == b.Person && b.From <= at && at < b.To:
					after[a.Person] = true
				default:
					after[p] = true
				}
			}
			out[i] = after
		}
		for _, o := range c.Overrides {
			if at < o.From || at >= o.To {
				continue
			}
			found := len(o.InsteadOf) == 0
			for _, p := range o.InsteadOf {
				found = found || out[i][p]
			}
			if !found {
				continue
			}
			for _, p := range o.InsteadOf {
				delete(out[i], p)
			}
			for _, p := range o.People {
				out[i][p] = true
			}
		}
	}
	return out
}

// TestWhoIsOnDutyAgreesWithAMinuteByMinuteOracle holds OnDuty, Stints, Change
// and Next against a watch that somebody looks at every minute for a day and a half,
// mostly around a night of change.
func TestWhoIsOnDutyAgreesWithAMinuteByMinuteOracle(t *testing.T) {
	zones := []string{"Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Asia/Kathmandu"}
	const minutes = 3 * dayMinutes / 2
	rapid.Check(t, func(rt *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(rt, "zone"))
		from := time.Unix(rapid.Int64Range(1_577_836_800, 2_145_916_800).Draw(rt, "second"), 0) // 2020 to 2037
		if _, change := from.In(loc).ZoneBounds(); !change.IsZero() && rapid.IntRange(0, 3).Draw(rt, "near a change") > 0 {
			from = change.Add(-time.Duration(rapid.IntRange(0, minutes).Draw(rt, "before")) * time.Minute)
		}
		from = from.Truncate(time.Minute).UTC()
		c := someRoster(rt, loc, from)
		w := newWatch(loc, from, minutes)
		want := w.oracle(&c)
		lead := int(from.Sub(w.begin).Minutes())
		stints := Stints(c, loc, plantroom.At(from), plantroom.At(from.Add(minutes*time.Minute)))
		for i := range minutes {
			at := plantroom.At(from.Add(time.Duration(i) * time.Minute))
			wanted := names(want[lead+i])
			if got := names(setOf(OnDuty(c, loc, at))); got != wanted {
				rt.Fatalf("%s, %s: %s on duty, want %s\n%+v", loc, at, got, wanted, c)
			}
			serving := map[plantroom.PersonID]bool{}
			for _, s := range stints {
				if s.From <= at && at < s.To {
					if serving[s.Person] {
						rt.Fatalf("%s is in two stints at %s", s.Person, at)
					}
					serving[s.Person] = true
				}
			}
			if got := names(serving); got != wanted {
				rt.Fatalf("%s, %s: by the stints %s on duty, want %s\n%+v\n%+v", loc, at, got, wanted, c, stints)
			}
		}
		agreesOnWhatIsNext(rt, c, loc, from, want[lead:lead+minutes])
	})
}

// agreesOnWhatIsNext looks where the oracle's set of people changes first.
func agreesOnWhatIsNext(rt *rapid.T, c plantroom.Contractor, loc *time.Location, from time.Time, want []map[plantroom.PersonID]bool) {
	var change, next plantroom.Instant
	for i := 1; i < len(want); i++ {
		at := plantroom.At(from.Add(time.Duration(i) * time.Minute))
		if change == 0 && names(want[i]) != names(want[0]) {
			change = at
		}
		for p := range want[i] {
			if next == 0 && !want[i-1][p] {
				next = at
			}
		}
	}
	end := plantroom.At(from.Add(time.Duration(len(want)) * time.Minute))
	if got := Change(c, loc, plantroom.At(from)); got != change && (change != 0 || got != 0 && got < end) {
		rt.Fatalf("%s: the next change after %s is %s, want %s\n%+v", loc, from, got, change, c)
	}
	if got := Next(c, loc, plantroom.At(from)); got != next && (next != 0 || got != 0 && got < end) {
		rt.Fatalf("%s: somebody comes after %s at %s, want %s\n%+v", loc, from, got, next, c)
	}
}

func setOf(list []plantroom.PersonID) map[plantroom.PersonID]bool {
	out := map[plantroom.PersonID]bool{}
	for _, p := range list {
		out[p] = true
	}
	return out
}

func names(set map[plantroom.PersonID]bool) string {
	var list []string
	for p := range set {
		list = append(list, string(p))
	}
	slices.Sort(list)
	return fmt.Sprint(list)
}
