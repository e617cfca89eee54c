package modbus

import (
	"errors"
	"fmt"

	registers "plantroom/firmware-bridge/modbus"
)

// Exception is a device's answer that it will not, or cannot.
type Exception byte

// The exceptions (MODBUS Application Protocol V1.1b3, section 7).
const (
	illegalFunction Exception = 1
	illegalAddress  Exception = 2
	illegalValue    Exception = 3
	deviceFailure   Exception = 4
	acknowledged    Exception = 5
	deviceBusy      Exception = 6
	parityError     Exception = 8
	noPath          Exception = 10 // a converter cannot reach its line
	noAnswer        Exception = 11 // a converter's line is silent
)

var exceptions = map[Exception]string{
	illegalFunction: "illegal function",
	illegalAddress:  "illegal data address",
	illegalValue:    "illegal data value",
	deviceFailure:   "device failure",
	acknowledged:    "acknowledged, not done yet",
	deviceBusy:      "device busy",
	parityError:     "memory parity error",
	noPath:          "gateway path unavailable",
	noAnswer:        "gateway target device failed to respond",
}

// Error names the exception.
func (e Exception) Error() string {
	if s, ok := exceptions[e]; ok {
		return fmt.Sprintf("exception %d, %s", byte(e), s)
	}
	return fmt.Sprintf("exception %d, which the protocol does not know", byte(e))
}

// lasts reports whether asking again soon is of no use: the device has no such
// thing.
func (e Exception) lasts() bool {
	return e == illegalFunction || e == illegalAddress || e == illegalValue
}

// forAnother reports whether a converter speaks of a device behind it that is
// silent.
func (e Exception) forAnother() bool { return e == noPath || e == noAnswer }

// The failures that leave the link usable, beside an Exception. Any other error
// ends it.
var (
	ErrSilent  = errors.New("no answer within the timeout")
	ErrGarbled = errors.New("what came is no answer: a bad checksum or length")
)

// answered reports whether an error comes from the device itself.
func answered(err error) bool {
	var e Exception
	return err == nil || errors.As(err, &e) && !e.forAnother()
}

// usable reports whether the link is fit for another question.
func usable(err error) bool {
	var e Exception
	return err == nil || errors.As(err, &e) || errors.Is(err, ErrSilent) || errors.Is(err, ErrGarbled)
}

// explain says what an exception means for the map.
func explain(e Exception, r *registers.Request) error {
	if !e.lasts() {
		return fmt.Errorf("%s are not to be had now: %w", r, e)
	}
	return fmt.Errorf("the device refuses %s, which the map %s places there: %w; is it the right map, and does the device take %d at once (max_registers)?", r, r.Map, e, r.Count)
}
