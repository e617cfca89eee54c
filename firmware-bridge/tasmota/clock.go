package tasmota

import (
	"encoding/json"
	"math"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/jsonobject"
)

const (
	// local is Tasmota's form of time; fractions are read as well.
	local = "2006-01-02T15:04:05"
	// ahead is how far a device's time may lie ahead of its receipt.
	ahead = 15 * time.Minute
	// skew is how far two clocks that are both right may differ.
	skew = time.Minute
)

// valid is when Tasmota's own clock begins to count as set (START_VALID_TIME).
var valid = time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)

// clock gives the collector the time of a message, where the message has one.
func (d *decoder) clock(c *collector, object []byte) {
	t, exact, ok := time.Time{}, true, false
	for key, value := range jsonobject.Members(object) {
		var fault error
		switch string(key) {
		case "Epoch": // beside a local time, and better
			if t, fault = epoch(value); fault == nil {
				exact, ok = true, true
			}
		case "Time":
			if !ok {
				t, exact, fault = d.read(value, c.at)
				ok = fault == nil
			}
		}
		if fault != nil {
			c.fail("%s %.40s is not a time", key, value)
			c.quality = plantroom.EstimatedTime
			return
		}
	}
	at := plantroom.At(t)
	switch {
	case !ok || t.Before(valid):
	case at.Sub(c.at) > ahead && !c.at.IsUnset(): // a gateway whose clock is not set cannot say so
		c.fail("its time %s lies %s ahead: set the zone of this source, or the device's clock", at, at.Sub(c.at).Round(time.Minute))
		c.quality = plantroom.EstimatedTime
	case exact:
		c.at, c.quality = at, plantroom.Good
	default:
		c.at, c.quality = at, plantroom.EstimatedTime
	}
}

// read takes a time in any of its forms. exact is false where it is a guess.
func (d *decoder) read(value []byte, received plantroom.Instant) (t time.Time, exact bool, err error) {
	if len(value) > 0 && value[0] != '"' {
		t, err = epoch(value)
		return t, true, err
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return t, false, err
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return inRange(t, true)
	}
	wall, err := time.Parse(local, text)
	if err != nil {
		return t, false, err
	}
	return inRange(resolve(wall, d.zone, received.Time()))
}

// inRange refuses what 64 bits of nanoseconds do not hold.
func inRange(t time.Time, exact bool) (time.Time, bool, error) {
	if y := t.Year(); y < 1678 || y > 2261 {
		return t, false, plantroom.Errorf(plantroom.CodeInvalid, "year %d", y)
	}
	return t, exact, nil
}

// epoch reads seconds since 1970.
func epoch(value []byte) (t time.Time, err error) {
	var seconds float64
	if err := json.Unmarshal(value, &seconds); err != nil {
		return t, err
	}
	if seconds < 0 || seconds >= math.MaxUint32 { // the firmware's clock has 32 bits
		return t, plantroom.Errorf(plantroom.CodeInvalid, "%v seconds", seconds)
	}
	return time.Unix(int64(seconds), 0), nil
}

// resolve gives the instant at which a clock in a zone shows a wall time
// (which is written as if it were UTC), by the rules that New states.
func resolve(wall time.Time, zone *time.Location, received time.Time) (t time.Time, exact bool) {
	// The offsets before and after: no zone changes twice in two days.
	before := offset(wall.Add(-26*time.Hour), zone)
	after := offset(wall.Add(26*time.Hour), zone)
	first, second := wall.Add(-before), wall.Add(-after)
	switch isFirst, isSecond := offset(first, zone) == before, offset(second, zone) == after; {
	case isFirst && isSecond: // the same instant, or an hour that happens twice
		if second.After(first) && !second.After(received.Add(skew)) {
			return second, true
		}
		return first, true
	case isSecond:
		return second, true
	default: // before the change, or in the hour that does not happen
		return first, isFirst
	}
}

// offset is how far a zone is ahead of UTC at an instant.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
