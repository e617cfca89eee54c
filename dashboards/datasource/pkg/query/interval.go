package query

import (
	"time"
)

// Range reports what is wrong with a range of time.
func Range(from, to time.Time) error {
	switch {
	case from.IsZero() || to.IsZero():
		return errorf("the query has no range of time: choose one")
	case !from.Before(to):
		return errorf("the range of time ends (%s) before it begins (%s): turn it round", to.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339))
	case to.After(from.AddDate(10, 0, 1)):
		return errorf("the range of time is longer than ten years: choose a shorter one")
	}
	return nil
}
