package plantroom

import "time"

// Shift says who is on duty, weekly: on Days, from Start to End after local
// midnight. End at or before Start means the next day.
type Shift struct {
	Days   []time.Weekday // none: every day
	Start  Duration
	End    Duration
	People []PersonID
}

// Rotation has people take turns, one at a time and in the order of People,
// which begins anew after the last. A turn is handed over at HandOver on the
// wall, first on From. Lengths count on the wall: a turn of 24 h ends at the
// same time of the next day, also where clocks change.
type Rotation struct {
	Name     string // unique within its contractor
	People   []PersonID
	From     Date
	To       Date     // the rotation ends at HandOver of this day; 0: never
	HandOver Duration // after midnight, 0 to less than 24 h
	Turn     Duration // 1 h or more, in whole hours
	// Hours are the times of a turn at which its holder is on duty: Days name
	// the day on which they start. Start and End alike: all day.
	Hours Hours
}

// Override changes who is on duty from From to To (exclusive). Where somebody
// of InsteadOf would be, all of People are, or nobody if there are none. With
// nobody to replace, People are there too, from the first moment to the last.
type Override struct {
	From, To  Instant
	People    []PersonID
	InsteadOf []PersonID
	Reason    string
}

// Swap is a mutual exchange: each of the two gives a time, in which the other
// is on duty wherever the giver would have been.
type Swap struct {
	Give   [2]Given
	Agreed Date     // when both have said so
	By     PersonID // who has noted it; "": nobody says
}

// Given is a time that a person gives away; To is exclusive.
type Given struct {
	Person   PersonID
	From, To Instant
}
