package chirpstack_test

import (
	"reflect"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/chirpstack"
)

// told is a codec that says what it was given.
func told(name string) plantroom.PayloadDecoder {
	return func(now, at plantroom.Instant, port uint8, payload []byte) ([]plantroom.Sample, error) {
		samples := []plantroom.Sample{{Signal: "state", Value: plantroom.String(name)}, {Signal: "bytes", Value: plantroom.Float(float64(len(payload)))}}
		if now != received || at != heard || port != 85 {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "now %d, at %d, port %d", now, at, port)
		}
		if len(payload) == 0 {
			return samples[:1], plantroom.Errorf(plantroom.CodeInvalid, "codec %s: the frame is empty", name)
		}
		return samples, nil
	}
}

func TestACodecDecodesWhatTheFileGivesIt(t *testing.T) {
	const profile = "a profile"
	for _, c := range []struct {
		name    string
		options chirpstack.Options
		payload string
		lane    string // "": not deferred
		want    []plantroom.Sample
		err     string
	}{
		{"by profile", chirpstack.Options{Codecs: map[string]plantroom.PayloadDecoder{profile: told("p")}}, up(profile, "AQID"), profile,
			said(append(link, "state", plantroom.String("p"), "bytes", num(3))...), ""},
		{"by address, in any case of letters", chirpstack.Options{Codecs: map[string]plantroom.PayloadDecoder{profile: told("p"), "24E124535B316056": told("a")}},
			up(profile, "AQID"), eui, said(append(link, "state", plantroom.String("a"), "bytes", num(3))...), ""},
		{"a native decoder for the address goes before a codec for the profile", chirpstack.Options{
			Models: map[string]string{eui: "milesight-em300-sld"}, Codecs: map[string]plantroom.PayloadDecoder{profile: told("p")}},
			up(profile, "BQAB"), "", with("state", wet), ""},
		{"next to an object, which is not looked at", chirpstack.Options{Codecs: map[string]plantroom.PayloadDecoder{profile: told("p")}},
			event(profile, `"fPort":85,"data":"AQ==","object":{"state":"wet"}`), profile, said("state", plantroom.String("p"), "bytes", num(1)), ""},
		{"MAC commands only", chirpstack.Options{Codecs: map[string]plantroom.PayloadDecoder{profile: told("p")}}, event(profile, `"rxInfo":[{"rssi":-80,"snr":7}]`), "",
			said("rssi_dbm", num(-80), "snr_db", num(7)), ""},
		{"a fault", chirpstack.Options{Codecs: map[string]plantroom.PayloadDecoder{profile: told("p")}}, event(profile, `"fPort":85,"fCnt":7`), profile,
			said("state", plantroom.String("p")), "chirpstack 24e124535b316056: port 85, frame 7: codec p: the frame is empty"},
	} {
		m := plantroom.Message{Topic: topic + "up", Payload: []byte(c.payload), Received: received}
		got, err := chirpstack.New(c.options).Decode(m)
		if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: got %+v, %v\nwant %+v, %s", c.name, got, err, c.want, c.err)
		}
		_, later, _ := chirpstack.New(c.options).(plantroom.Deferrer).Begin(m)
		if (later == nil) != (c.lane == "") || later != nil && later.Lane != c.lane {
			t.Errorf("%s: deferred %+v, want the lane %q", c.name, later, c.lane)
		}
	}
}
