package thethings_test

import (
	"reflect"
	"strings"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/thethings"
)

// told is a codec that says what it was given.
func told(name string) plantroom.PayloadDecoder {
	return func(now, at plantroom.Instant, port uint8, payload []byte) ([]plantroom.Sample, error) {
		if now != received || at != heard || port != 85 || len(payload) == 0 {
			return nil, plantroom.Errorf(plantroom.CodeInvalid, "codec %s: now %d, at %d, port %d, %d bytes", name, now, at, port, len(payload))
		}
		return []plantroom.Sample{{Signal: "state", Value: plantroom.String(name)}, {Signal: "bytes", Value: num(float64(len(payload)))}}, nil
	}
}

func TestACodecDecodesWhatTheFileGivesIt(t *testing.T) {
	type codecs = map[string]plantroom.PayloadDecoder
	id := codecs{"b1-leak": told("id")}
	for _, c := range []struct {
		name    string
		options thethings.Options
		payload string
		lane    string // "": not deferred
		want    []plantroom.Sample
		err     string
	}{
		{"by device_id", thethings.Options{Codecs: id}, up(`"f_port":85,"frm_payload":"AQID",` + twoReceivers), "b1-leak",
			said("rssi_dbm", num(-101), "snr_db", num(9.25), "state", plantroom.String("id"), "bytes", num(3)), ""},
		{"by address, in any case of letters", thethings.Options{Codecs: codecs{"b1-leak": told("id"), strings.ToUpper(eui): told("eui")}},
			up(`"f_port":85,"frm_payload":"AQ=="`), eui, said("state", plantroom.String("eui"), "bytes", num(1)), ""},
		{"a native decoder for the address goes before a codec for the device_id", thethings.Options{
			Models: map[string]string{eui: "milesight-em300-sld"}, Codecs: id}, up(`"f_port":85,"frm_payload":"BQAB"`), "", said("state", wet), ""},
		{"next to decoded_payload, which is not looked at", thethings.Options{Codecs: id},
			up(`"f_port":85,"frm_payload":"AQ==","decoded_payload":{"state":"wet"}`), "b1-leak", said("state", plantroom.String("id"), "bytes", num(1)), ""},
		{"simulated", thethings.Options{Codecs: id}, strings.Replace(up(`"f_port":85,"frm_payload":"AQ=="`), `"uplink`, `"simulated":true,"uplink`, 1), "b1-leak",
			samples(eui, heard, plantroom.Simulated, "state", plantroom.String("id"), "bytes", num(1)), ""},
		{"MAC commands only", thethings.Options{Codecs: id}, up(twoReceivers), "", said("rssi_dbm", num(-101), "snr_db", num(9.25)), ""},
		{"a port that is none", thethings.Options{Codecs: id}, up(`"f_port":341,"f_cnt":7,"frm_payload":"AQ=="`), "", nil, "thethings b1-leak: up: port 341, frame 7: port 341 is none: 0 to 255"},
		{"a fault", thethings.Options{Codecs: id}, up(`"f_port":85,"f_cnt":7,` + twoReceivers), "b1-leak",
			said("rssi_dbm", num(-101), "snr_db", num(9.25)), "thethings b1-leak: up: port 85, frame 7: codec id: now "},
	} {
		got, err := thethings.New(c.options).Decode(message(c.payload))
		if len(got) != len(c.want) || len(got) > 0 && !reflect.DeepEqual(got, c.want) || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: got %+v, %v\nwant %+v, %s", c.name, got, err, c.want, c.err)
		}
		_, later, _ := thethings.New(c.options).(plantroom.Deferrer).Begin(message(c.payload))
		if (later == nil) != (c.lane == "") || later != nil && later.Lane != c.lane {
			t.Errorf("%s: deferred %+v, want the lane %q", c.name, later, c.lane)
		}
	}
}
