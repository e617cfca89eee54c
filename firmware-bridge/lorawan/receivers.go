package lorawan

import (
	"bytes"
	"cmp"
	"encoding/json"

	"plantroom"
)

// Receivers is the list of those that heard a frame, of which only the best is
// kept: the one with the highest signal to noise ratio, then the strongest.
// Both servers call the fields rssi and snr, and leave out a zero.
type Receivers struct {
	Heard bool    // by anybody
	RSSI  float64 // dBm
	SNR   float64 // dB
}

// UnmarshalJSON reads the list one by one, however long it is.
func (r *Receivers) UnmarshalJSON(b []byte) error {
	*r = Receivers{}
	if string(b) == "null" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return plantroom.Errorf(plantroom.CodeInvalid, "the receivers are %.20q, not a list", b)
	}
	for dec.More() {
		var one struct {
			RSSI float64 `json:"rssi"`
			SNR  float64 `json:"snr"`
		}
		if err := dec.Decode(&one); err != nil {
			return err
		}
		if !r.Heard || cmp.Or(cmp.Compare(one.SNR, r.SNR), cmp.Compare(one.RSSI, r.RSSI)) > 0 {
			*r = Receivers{Heard: true, RSSI: one.RSSI, SNR: one.SNR}
		}
	}
	return nil
}
