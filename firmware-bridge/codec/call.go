package codec

import (
	"encoding/json"
	"strconv"
	"time"

	"plantroom"
)

// Call says which function to call, and with what.
type Call struct {
	Function string          // Decode or Encode
	Input    json.RawMessage // an object; a recvTime in it that is text becomes a Date
	Time     time.Duration   // that it may take; 0: MaxTime
}

// The functions that can be called.
const (
	Decode = "decodeUplink"   // or what a file has instead of it
	Encode = "encodeDownlink" // only to check what a maker says of it
)

// Runner makes one call and gives the JSON text of what was returned. An error
// with CodeInvalid says what the codec has thrown or which limit it has met, one
// with CodeUnavailable that there is nothing to run it in.
type Runner func(*Program, Call) (json.RawMessage, error)

// Uplink makes the call for a frame that a device has sent.
func Uplink(port uint8, payload []byte, at plantroom.Instant) Call {
	b := make([]byte, 0, 64+4*len(payload))
	b = append(b, `{"bytes":[`...)
	for i, x := range payload {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(x), 10)
	}
	b = append(b, `],"fPort":`...)
	b = strconv.AppendUint(b, uint64(port), 10)
	b = append(b, `,"recvTime":"`...)
	b = at.Time().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	return Call{Function: Decode, Input: append(b, `"}`...)}
}
