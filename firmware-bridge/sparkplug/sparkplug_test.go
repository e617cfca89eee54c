package sparkplug_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"plantroom"
	"plantroom/firmware-bridge/sparkplug"
)

const (
	start = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z
	ms    = uint64(1772409600_000)
)

const (
	node   = "Block1/Pumps"
	plc    = "Block1/Pumps/plc"
	nBirth = "spBv1.0/Block1/NBIRTH/Pumps"
	nData  = "spBv1.0/Block1/NDATA/Pumps"
	nDeath = "spBv1.0/Block1/NDEATH/Pumps"
	dBirth = "spBv1.0/Block1/DBIRTH/Pumps/plc"
	dData  = "spBv1.0/Block1/DDATA/Pumps/plc"
	dDeath = "spBv1.0/Block1/DDEATH/Pumps/plc"
	nCmd   = "spBv1.0/Block1/NCMD/Pumps"
	state  = "spBv1.0/STATE/plantroom"
)

// host is a decoder with a clock.
type host struct {
	t   testing.TB
	d   plantroom.Speaker
	now plantroom.Instant
	out []plantroom.Publication
}

func newHost(t testing.TB) *host {
	h := &host{t: t, d: sparkplug.New(sparkplug.Options{}), now: start}
	h.d.Will(h.now)
	h.turn(true)
	h.out = nil
	return h
}

// hear gives a message and then its turn, as a source does.
func (h *host) hear(topic string, payload []byte) ([]plantroom.Sample, error) {
	s, err := h.d.Decode(plantroom.Message{Topic: topic, Payload: payload, Received: h.now})
	return append(s, h.turn(false)...), err
}

func (h *host) must(topic string, payload []byte) []plantroom.Sample {
	h.t.Helper()
	s, err := h.hear(topic, payload)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *host) turn(connected bool) []plantroom.Sample {
	t := h.d.Turn(h.now, connected)
	h.out = append(h.out, t.Publish...)
	return t.Samples
}

// wait lets time pass, with all the turns that were asked for.
func (h *host) wait(d time.Duration) (samples []plantroom.Sample) {
	end := h.now.Add(d)
	for {
		t := h.d.Turn(h.now, false)
		h.out = append(h.out, t.Publish...)
		samples = append(samples, t.Samples...)
		if t.Next == 0 || t.Next > end {
			break
		}
		h.now = max(h.now+1, t.Next)
	}
	h.now = end
	return samples
}

// rebirths counts the rebirth requests since the last call.
func (h *host) rebirths() int {
	n := 0
	for _, p := range h.out {
		if strings.Contains(p.Topic, "/NCMD/") {
			n++
		}
	}
	h.out = nil
	return n
}

func show(samples []plantroom.Sample) string {
	var out []string
	for _, s := range samples {
		q := ""
		if s.Quality != plantroom.Good {
			q = " " + s.Quality.String()
		}
		at := ""
		if s.At != start {
			at = " " + s.At.Sub(start).String()
		}
		out = append(out, strings.TrimPrefix(s.Address, "Block1/")+" "+s.Signal+"="+s.Value.String()+at+q)
	}
	return strings.Join(out, "; ")
}

// values are the metrics of one birth, and what becomes of them.
var values = []struct {
	name   string
	metric pb
	want   string // the value, "" none
	err    string
}{
	{"int8 in its own width", m("x", 1).int(0xff), "-1", ""},
	{"int8 sign-extended to 32 bits", m("x", 1).int(0xffffff80), "-128", ""},
	{"int8 sign-extended to 64 bits", m("x", 1).long(math.MaxUint64), "-1", ""},
	{"int8 that is positive", m("x", 1).int(127), "127", ""},
	{"int8 that does not fit", m("x", 1).int(256), "", "does not fit 8 bits"},
	{"int16", m("x", 2).int(0xfffe), "-2", ""},
	{"int32", m("x", 3).int(0xffffffff), "-1", ""},
	{"int32 in long_value", m("x", 3).long(0xffffffff), "-1", ""},
	{"int32 as protobuf's ten bytes", m("x", 3).varint(10, math.MaxUint64), "", "unknown sign"},
	{"int64", m("x", 4).long(math.MaxUint64 - 41), "-42", ""},
	{"int64 in int_value", m("x", 4).int(7), "7", ""},
	{"int64 in int_value whose sign is lost", m("x", 4).int(0xffffffff), "", "unknown sign"},
	{"uint8", m("x", 5).int(255), "255", ""},
	{"uint8 that does not fit", m("x", 5).int(256), "", "does not fit 8 bits"},
	{"uint16", m("x", 6).int(65535), "65535", ""},
	{"uint32 in long_value, as one library has it", m("x", 7).long(4294967295), "4.294967295e+09", ""},
	{"uint64", m("x", 8).long(1 << 63), "9.223372036854776e+18", ""},
	{"float", m("x", 9).float(1.5), "1.5", ""},
	{"float that is no number", m("x", 9).float(float32(math.NaN())), "", "not a finite number"},
	{"double", m("x", 10).double(0.1), "0.1", ""},
	{"double without end", m("x", 10).double(math.Inf(-1)), "", "not a finite number"},
	{"float in double_value", m("x", 9).double(2.5), "2.5", ""},
	{"true", m("x", 11).bool(true), "true", ""},
	{"false", m("x", 11).bool(false), "false", ""},
	{"a truth value in int_value", m("x", 11).int(1), "", "data type 11 with a value in field 10"},
	{"text", m("x", 12).text("dry"), "dry", ""},
	{"text of type Text", m("x", 14).text("门"), "门", ""},
	{"a uuid", m("x", 15).text("0a"), "0a", ""},
	{"an empty text", m("x", 12).text(""), "", "-"},
	{"text that is not UTF-8", m("x", 12).text("\xff"), "", "in UTF-8"},
	{"text that is too long", m("x", 12).text(strings.Repeat("x", 129)), "", "129 bytes"},
	{"a text for a number", m("x", 9).text("1"), "", "data type 9 with a value in field 15"},
	{"null", m("x", 9).null(), "", ""},
	{"null next to a value", m("x", 9).float(1).null(), "", ""},
	{"no value", m("x", 9), "", ""},
	{"of two values the last", m("x", 9).float(1).float(2), "2", ""},
	{"a date is skipped", m("x", 13).long(ms), "", ""},
	{"bytes are skipped", m("x", 17).bytes(16, "\x01"), "", ""},
	{"a data set is skipped", m("x", 16).bytes(17, ""), "", ""},
	{"a template is skipped", m("x", 19).bytes(18, ""), "", ""},
	{"an array is skipped", m("x", 22).bytes(16, "\x01\x02"), "", ""},
	{"properties are skipped", m("x", 9).properties(pb{}.bytes(1, "engUnit")).float(3), "3", ""},
	{"unknown fields are skipped", m("x", 9).varint(300, 1).bytes(301, "?").fixed64(302, 1).float(3), "3", ""},
	{"no data type", m("x", 0).float(1), "", "data type 0"},
	{"a data type beyond the list", m("x", 35).float(1), "", "data type 35"},
	{"no name", m("", 9).float(1), "", "name is empty"},
	{"a name that is not UTF-8", m("\xff", 9).float(1), "", "name is empty, no UTF-8"},
	{"a name that is too long", m(strings.Repeat("n", 257), 9).float(1), "", "longer than 256"},
	{"a control", m("Device Control/Reset", 11).bool(false), "", ""},
}

func TestEachTypeOfMetricIsReadForWhatItIs(t *testing.T) {
	for _, c := range values {
		t.Run(c.name, func(t *testing.T) {
			h := newHost(t)
			got, err := h.hear(nBirth, nbirth(ms, 0, 1, c.metric))
			empty := c.err == "-" // an empty text is a value
			if empty {
				c.err = ""
			}
			if c.err == "" && err != nil || c.err != "" && (plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), node)) {
				t.Fatalf("error %v, want one that says %q and names %s", err, c.err, node)
			}
			want := "Pumps online=true"
			if c.want != "" || empty {
				want += "; Pumps x=" + c.want
			}
			if show(got) != want {
				t.Errorf("got %s, want %s", show(got), want)
			}
		})
	}
}

var malformed = []struct {
	name    string
	payload []byte
	err     string
}{
	{"cut within a tag", []byte{0x80}, "ends within"},
	{"cut within a number", []byte{0x08, 0x80}, "ends within"},
	{"a number of eleven bytes", append([]byte{0x08}, bytes.Repeat([]byte{0xff}, 11)...), "ends within"},
	{"a length beyond the end", []byte{0x12, 0x05, 0x01}, "ends within"},
	{"a length beyond 64 bits", append([]byte{0x12}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01), "ends within"},
	{"cut within 4 bytes", pb{}.metrics(pb{0x65, 1, 2}), "ends within"},
	{"cut within 8 bytes", pb{}.metrics(pb{0x69, 1, 2}), "ends within"},
	{"a group", []byte{0x13, 0x14}, "wire type 3"},
	{"wire type 7", []byte{0x0f}, "wire type 7"},
	{"field 0", []byte{0x00, 0x00}, "number 0"},
	{"a timestamp that is a text", pb{}.bytes(1, "x"), "field 1 has the wire type 2, not 0"},
	{"a seq of 4 bytes", pb{}.fixed32(3, 1), "field 3 has the wire type 5, not 0"},
	{"a seq beyond 255", pb{}.seq(256), "seq is 256"},
	{"metrics that are a number", pb{}.varint(2, 1), "field 2 has the wire type 0, not 2"},
	{"a name that is a number", pb{}.metrics(pb{}.varint(1, 1)), "field 1 has the wire type 0, not 2"},
	{"a float that is a number", pb{}.metrics(m("x", 9).varint(12, 1)), "field 12 has the wire type 0, not 5"},
	{"an alias that is a text", pb{}.metrics(pb{}.bytes(2, "")), "field 2 has the wire type 2, not 0"},
	{"too many metrics", bytes.Repeat([]byte{0x12, 0x00}, 2001), "more than 2000 metrics"},
	{"too large", make([]byte, 256<<10+1), "at most 262144"},
	{"JSON", []byte(`{"metrics":[]}`), "wire type"},
	{"a birth without seq", says(ms, -1), "no seq"},
}

func TestAMalformedMessageIsRefusedWithItsReason(t *testing.T) {
	for _, c := range malformed {
		t.Run(c.name, func(t *testing.T) {
			got, err := newHost(t).hear(nBirth, c.payload)
			if len(got) != 0 || plantroom.CodeOf(err) != plantroom.CodeInvalid || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), node) {
				t.Errorf("got %s, error %v; want %q", show(got), err, c.err)
			}
		})
	}
}

func TestTopicsThatAreNoBusinessOfAHost(t *testing.T) {
	h := newHost(t)
	for _, topic := range []string{
		"spBv1.0/Block1/NCMD/Pumps", "spBv1.0/Block1/DCMD/Pumps/plc", "spBv1.0/STATE/other", "spBv1.0/Block1/NBIRTH/Pumps/plc",
		"spBv1.0/Block1/DBIRTH/Pumps", "spBv1.0/Block1/DDATA/Pumps/plc/x", "spBv1.0/Block1/NBIRTH/", "spBv1.0//NBIRTH/Pumps",
		"spBv1.0/Block1/WHAT/Pumps", "spAv1.0/Block1/NBIRTH/Pumps", "spBv1.0", "",
	} {
		if got := h.must(topic, []byte(`{"online":false}`)); len(got) != 0 || len(h.out) != 0 {
			t.Errorf("%q gives %s and says %v", topic, show(got), h.out)
		}
	}
	if _, err := h.d.Decode(plantroom.Message{Topic: nBirth, Payload: nbirth(ms, 0, 1), Retained: true, Received: start}); err == nil {
		t.Error("a retained birth is believed")
	}
}

func TestTimesAreTheMetricsThenTheMessagesThenThoseOfReceipt(t *testing.T) {
	h := newHost(t)
	h.now = start.Add(time.Second)
	got := h.must(nBirth, pb(says(ms+100, 0,
		m("own", 9).at(ms).float(1), m("message", 9).float(2), m("unset", 9).at(1000).float(3), m("far", 9).at(math.MaxUint64).float(4),
		m("old", 9).at(ms-3600_000).historical().float(5))))
	want := "Pumps online=true 1s; Pumps own=1; Pumps message=2 100ms; Pumps unset=3 1s estimated_time; Pumps far=4 1s estimated_time; Pumps old=5 -1h0m0s historical"
	if show(got) != want {
		t.Errorf("got  %s\nwant %s", show(got), want)
	}
	if got := h.must(nData, pb(nil).metrics(m("own", 0).float(6)).seq(1)); show(got) != "Pumps own=6 1s" {
		t.Errorf("without any time: %s", show(got))
	}
}

func TestDataMeanWhatTheBirthSaid(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7, m("Uptime", 7).alias(1).at(ms).int(5)))
	got := h.must(dBirth, says(ms, 1, m("Inputs/Leak", 11).alias(2).at(ms).bool(false), m("Level", 1).alias(3).at(ms).int(0xff), m("Pump/Label", 12).at(ms).text("P1")))
	if want := "Pumps/plc online=true; Pumps/plc Inputs/Leak=false; Pumps/plc Level=-1; Pumps/plc Pump/Label=P1"; show(got) != want {
		t.Errorf("birth: got %s, want %s", show(got), want)
	}
	got = h.must(dData, says(ms, 2, m("", 0).alias(2).at(ms).bool(true), m("", 0).alias(3).at(ms).int(0xfe), m("Pump/Label", 0).at(ms).text("P2")))
	if want := "Pumps/plc Inputs/Leak=true; Pumps/plc Level=-2; Pumps/plc Pump/Label=P2"; show(got) != want {
		t.Errorf("data: got %s, want %s", show(got), want)
	}
	if got, err := h.hear(dData, says(ms, 3, m("", 0).alias(1).at(ms).int(9))); len(got) != 0 || err == nil || !strings.Contains(err.Error(), "alias 1 is a metric of "+node) {
		t.Errorf("an alias of the node in a device's data: %s, %v", show(got), err)
	}
	if n := h.rebirths(); n != 0 {
		t.Errorf("%d rebirths requested", n)
	}
	got, err := h.hear(nData, says(ms, 4, m("", 0).alias(99).at(ms).int(9), m("Uptime", 0).alias(1).at(ms).int(10)))
	if show(got) != "Pumps Uptime=10" || err == nil || !strings.Contains(err.Error(), "alias 99") || h.rebirths() != 1 {
		t.Errorf("an alias that no birth has: %s, %v", show(got), err)
	}
}

func TestOneAliasForTwoMetricsIsNoneForEither(t *testing.T) {
	h := newHost(t)
	if _, err := h.hear(nBirth, nbirth(ms, 0, 7, m("a", 5).alias(1).int(1), m("b", 5).alias(1).int(2))); err == nil || !strings.Contains(err.Error(), `"a" and "b"`) {
		t.Errorf("error %v", err)
	}
	if got := h.must(nData, says(ms, 1, m("", 0).alias(1).int(3), m("b", 0).int(4))); show(got) != "Pumps b=4" {
		t.Errorf("got %s", show(got))
	}
}

func TestDataBeforeABirthAskForOneAndAtMostOnceAMinute(t *testing.T) {
	h := newHost(t)
	for i := range 30 { // one a second
		if got, err := h.hear(nData, says(ms, i, m("x", 0).int(1))); len(got) != 0 || err == nil {
			t.Fatalf("got %s, %v", show(got), err)
		}
		h.now = h.now.Add(time.Second)
	}
	p := h.out
	if n := h.rebirths(); n != 1 || p[0].Topic != nCmd || p[0].QoS != 0 || p[0].Retain {
		t.Fatalf("published %+v, want one rebirth request", p)
	}
	at := uint64(start / 1e6)
	want := pb{}.varint(1, at).metrics(m("Node Control/Rebirth", 0).at(at).varint(4, 11).bool(true))
	if !bytes.Equal(p[0].Payload, want) {
		t.Errorf("the request is %x, want %x", p[0].Payload, want)
	}
	h.wait(3 * time.Minute)
	if n := h.rebirths(); n != 3 {
		t.Errorf("%d requests in the next 3 minutes, want 3: an answer is still owed", n)
	}
	h.must(nBirth, nbirth(ms, 0, 1))
	if h.wait(5 * time.Minute); h.rebirths() != 0 {
		t.Error("asked again after the birth")
	}
}

func TestANodeThatNeverAnswersIsAskedNoMore(t *testing.T) {
	h := newHost(t)
	h.hear(nData, says(ms, 0, m("x", 0).int(1)))
	h.wait(time.Hour)
	if n := h.rebirths(); n > 6 {
		t.Errorf("%d requests to a node that has said nothing for an hour", n)
	}
}

func TestADeathEndsTheNodeAndAllItsDevices(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7))
	h.must(dBirth, says(ms, 1, m("x", 5).alias(1).int(1)))
	if got := h.must(nDeath, ndeath(ms, 6)); len(got) != 0 {
		t.Errorf("the death of an earlier session gives %s", show(got))
	}
	if got, err := h.hear(nDeath, says(ms, -1)); len(got) != 0 || err == nil {
		t.Errorf("a death without bdSeq gives %s, %v", show(got), err)
	}
	h.now = start.Add(time.Minute)
	if got := h.must(nDeath, ndeath(ms, 7)); show(got) != "Pumps online=false 1m0s; Pumps/plc online=false 1m0s" {
		t.Errorf("its death gives %s", show(got))
	}
	if got, err := h.hear(dData, says(ms, 2, m("", 0).alias(1).int(2))); len(got) != 0 || err == nil || h.rebirths() != 1 {
		t.Errorf("data of a dead node: %s, %v", show(got), err)
	}
	if got := h.must(nBirth, nbirth(ms, 0, 8)); show(got) != "Pumps online=true 1m0s" {
		t.Errorf("its next birth gives %s", show(got))
	}
}

// The broker kept the will for a gateway that was away and has since started
// anew.
func TestADeathOfANodeThatWasNeverBornIsADeath(t *testing.T) {
	h := newHost(t)
	if got := h.must(nDeath, ndeath(ms, 6)); show(got) != "Pumps online=false" || h.rebirths() != 0 {
		t.Errorf("got %s", show(got))
	}
	if got, err := h.hear(nData, says(ms, 9, m("x", 0).int(1))); len(got) != 0 || err == nil || h.rebirths() != 1 {
		t.Errorf("if it speaks all the same: %s, %v", show(got), err)
	}
}

func TestADevicesDeathIsItsOwn(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7))
	h.must(dBirth, says(ms, 1, m("x", 5).alias(1).int(1)))
	if got := h.must(dDeath, says(ms, 2)); show(got) != "Pumps/plc online=false" {
		t.Errorf("got %s", show(got))
	}
	if got, err := h.hear(dData, says(ms, 3, m("", 0).alias(1).int(2))); len(got) != 0 || err == nil || h.rebirths() != 1 {
		t.Errorf("data of a dead device: %s, %v", show(got), err)
	}
	h.must(dBirth, says(ms, 4, m("x", 5).alias(1).int(1)))
	if got := h.must(dData, says(ms, 5, m("", 0).alias(1).int(2))); show(got) != "Pumps/plc x=2" {
		t.Errorf("after its birth: %s", show(got))
	}
}

func TestDevicesThatAreNotBornAgainWithTheirNodeAreGone(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7))
	h.must(dBirth, says(ms, 1))
	h.must("spBv1.0/Block1/DBIRTH/Pumps/other", says(ms, 2))
	h.must(nBirth, nbirth(ms, 0, 8))
	h.must(dBirth, says(ms, 1))
	if got := h.wait(time.Minute); show(got) != "Pumps/other online=false 30s" {
		t.Errorf("got %s", show(got))
	}
}

func TestAMessageThatOvertookAnotherWaitsForIt(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 254, 7, m("x", 5).alias(1).int(0)))
	if got := h.must(nData, says(ms, 0, m("", 0).alias(1).int(2))); len(got) != 0 {
		t.Fatalf("it is used at once: %s", show(got))
	}
	if got := h.must(nData, says(ms, 0, m("", 0).alias(1).int(2))); len(got) != 0 { // twice
		t.Fatalf("it is used at once: %s", show(got))
	}
	h.wait(4 * time.Second)
	if got := h.must(nData, says(ms, 255, m("", 0).alias(1).at(ms).int(1))); show(got) != "Pumps x=1; Pumps x=2" {
		t.Errorf("got %s", show(got))
	}
	if got := h.must(nData, says(ms, 255, m("", 0).alias(1).at(ms).int(1))); len(got) != 0 {
		t.Errorf("the repeated message gives %s", show(got))
	}
	if got := h.wait(5 * time.Minute); len(got) != 0 || h.rebirths() != 0 {
		t.Errorf("later: %s, or a rebirth", show(got))
	}
	h.must(nData, says(ms, 1, m("", 0).alias(1).int(3)))
}

func TestAMessageThatNeverComesLeadsToARebirth(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7, m("x", 5).alias(1).int(0), m("y", 5).int(0)))
	h.must(nData, says(ms, 3, m("y", 0).int(3)))
	h.must(nData, says(ms, 2, m("y", 0).int(2), m("", 0).alias(1).int(2)))
	if got := h.wait(4900 * time.Millisecond); len(got) != 0 || h.rebirths() != 0 {
		t.Errorf("before the timeout: %s, or a rebirth", show(got))
	}
	turn := h.d.Turn(start.Add(5*time.Second), false)
	h.out = turn.Publish
	if show(turn.Samples) != "Pumps y=2; Pumps y=3" || h.rebirths() != 1 {
		t.Errorf("at the timeout: %s and %+v", show(turn.Samples), turn.Publish)
	}
	if turn.Err == nil || !strings.Contains(turn.Err.Error(), "alias 1") {
		t.Errorf("an alias that may have changed its meaning: %v", turn.Err)
	}
	h.now = start.Add(5 * time.Second)
	if got := h.must(nData, says(ms, 4, m("y", 0).at(ms).int(4))); show(got) != "Pumps y=4" {
		t.Errorf("what comes next: %s", show(got))
	}
	h.must(nBirth, nbirth(ms, 0, 7, m("x", 5).alias(1).int(9)))
	if got := h.must(nData, says(ms, 1, m("", 0).alias(1).int(8))); show(got) != "Pumps x=8" {
		t.Errorf("after the rebirth: %s", show(got))
	}
}

func TestTooManyThatWaitAreNotKept(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7, m("x", 5).int(0)))
	var got []plantroom.Sample
	for i := range 33 {
		got = append(got, h.must(nData, says(ms, 2+i, m("x", 0).int(uint32(i))))...)
	}
	if len(got) != 33 || h.rebirths() != 1 {
		t.Errorf("33 messages behind a gap give %d samples", len(got))
	}
}

func TestWhatIsLeftOfAnEarlierSessionIsNotMixedIntoTheNext(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7, m("x", 5).int(0)))
	h.must(nBirth, nbirth(ms+1000, 0, 8, m("x", 5).int(10)))
	if got := h.must(nData, says(ms+500, 3, m("x", 0).int(3))); len(got) != 0 {
		t.Errorf("got %s", show(got))
	}
	if got := h.wait(time.Minute); len(got) != 0 || h.rebirths() != 0 {
		t.Errorf("later: %s, or a rebirth", show(got))
	}
}

func TestTheHostSaysThatItIsOnlineAndItsWillThatItIsNot(t *testing.T) {
	d := sparkplug.New(sparkplug.Options{Host: "gw-b1"})
	will := d.Will(start)
	birth := d.Turn(start.Add(time.Second), true).Publish
	type said struct {
		Online    *bool
		Timestamp uint64
	}
	for _, c := range []struct {
		what   string
		p      plantroom.Publication
		online bool
	}{{"will", *will, false}, {"birth", birth[0], true}} {
		var s said
		if err := json.Unmarshal(c.p.Payload, &s); err != nil || s.Online == nil || *s.Online != c.online || s.Timestamp != ms {
			t.Errorf("the %s is %s, want online %v and the time of the will", c.what, c.p.Payload, c.online)
		}
		if c.p.Topic != "spBv1.0/STATE/gw-b1" || c.p.QoS != 1 || !c.p.Retain {
			t.Errorf("the %s is %+v", c.what, c.p)
		}
	}
	if len(birth) != 1 || len(d.Turn(start, false).Publish) != 0 {
		t.Errorf("said %+v", birth)
	}
	topics := sparkplug.Topics(sparkplug.Options{Host: "gw-b1"})
	if topics[len(topics)-1] != "spBv1.0/STATE/gw-b1" {
		t.Errorf("the host does not hear its own state: %q", topics)
	}
}

func TestWhatWasSaidWhileTheHostWasAwayIsAskedFor(t *testing.T) {
	h := newHost(t)
	h.must(nBirth, nbirth(ms, 0, 7))
	h.must("spBv1.0/g/NBIRTH/e", nbirth(ms, 0, 7))
	h.must("spBv1.0/g/NDEATH/e", ndeath(ms, 7)) // nobody to ask
	h.turn(true)
	h.wait(time.Second)
	if got := h.out; h.rebirths() != 1 || got[len(got)-1].Topic != nCmd {
		t.Errorf("said %+v, want one rebirth request to %s", got, node)
	}
	h.must(nBirth, nbirth(ms, 0, 7))
	h.turn(true)
	h.must(nBirth, nbirth(ms, 0, 8)) // it has noticed by itself
	h.wait(10 * time.Minute)
	if h.rebirths() != 0 {
		t.Error("asked for a birth that had come")
	}
}

func TestALateWillOfTheHostIsContradicted(t *testing.T) {
	h := newHost(t)
	for payload, want := range map[string]int{
		`{"online":false,"timestamp":1}`: 1, `{"online":true,"timestamp":1}`: 0, `offline`: 0, `{}`: 0, ``: 0,
	} {
		h.out = nil
		h.must(state, []byte(payload))
		if len(h.out) != want || want == 1 && string(h.out[0].Payload) != fmt.Sprintf(`{"online":true,"timestamp":%d}`, ms) {
			t.Errorf("%q: said %+v", payload, h.out)
		}
	}
}

func TestStrangersCannotFillTheMemory(t *testing.T) {
	h := newHost(t)
	refused := 0
	for i := range 1100 {
		if _, err := h.hear(fmt.Sprintf("spBv1.0/g/NBIRTH/e%d", i), nbirth(ms, 0, 1, m("x", 5).int(1))); err != nil {
			refused++
		}
	}
	if refused != 100 {
		t.Errorf("%d of 1100 nodes refused, want 100", refused)
	}
	h.must("spBv1.0/g/NDEATH/e5", ndeath(ms, 1))
	h.now = h.now.Add(time.Hour)
	h.must("spBv1.0/g/NBIRTH/new", nbirth(ms, 0, 1))
	if _, err := h.hear("spBv1.0/"+strings.Repeat("g", 300)+"/NBIRTH/e", nbirth(ms, 0, 1)); err == nil {
		t.Error("a name of 300 bytes is remembered")
	}

	h = newHost(t)
	many := make([]pb, 1900)
	for i := range many {
		many[i] = m(fmt.Sprint("m", i), 5).alias(uint64(i)).int(1)
	}
	var err error
	for i := range 12 {
		_, err = h.hear(fmt.Sprintf("spBv1.0/g/NBIRTH/e%d", i), nbirth(ms, 0, 1, many...))
	}
	if err == nil || !strings.Contains(err.Error(), "number 20001") {
		t.Errorf("22,800 metrics: %v", err)
	}
	if _, err = h.hear("spBv1.0/g/NDATA/e11", says(ms, 1, m("", 0).alias(1899).int(1))); err == nil || h.rebirths() != 0 {
		t.Errorf("a metric that was one too many: %v, or a rebirth that would not help", err)
	}
}

func TestALargePayloadTakesLessThanAMebibyte(t *testing.T) {
	largest := map[string][]byte{}
	birth := pb(nbirth(ms, 0, 1))
	for i := 0; len(birth) < 64<<10-40 && i < 1990; i++ {
		birth = birth.metrics(m(fmt.Sprintf("metric number %5d", i), 5).alias(uint64(i)).int(1))
	}
	largest["a birth"] = birth
	widest := pb(nbirth(ms, 0, 1)) // four times as large: the largest that is read
	for i := range 1990 {
		widest = widest.metrics(m(fmt.Sprintf("%0100d", i), 12).alias(uint64(i) << 40).text("x"))
	}
	largest["a birth of the greatest size"] = append(widest, pb{}.bytes(5, strings.Repeat("x", 256<<10-len(widest)-5))...)
	tiny := pb(nbirth(ms, 0, 1))
	for len(tiny) < 4000 {
		tiny = tiny.metrics(pb{})
	}
	largest["empty metrics"] = append(tiny, bytes.Repeat([]byte{0xf8, 0x01, 0x00}, 20000)...)
	for name, payload := range largest {
		h := newHost(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := h.hear(nBirth, payload)
		runtime.ReadMemStats(&after)
		if len(got) == 0 {
			t.Errorf("%s is not read: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s of %d bytes takes %d bytes", name, len(payload), used)
		}
	}
}

// The bytes of a session, written out by the schema, so that they can stand in
// other implementations and in scenarios as they are.
var story = []struct{ topic, payload, want string }{
	{nBirth, "0880f0e0deca3312120a05626453657120081880f0e0deca33580712210a144e6f646520436f6e74726f6c2f52656269727468200b1880f0e0deca3370001800", "Pumps online=true"},
	{dBirth, "0880f0e0deca33121a0a0b496e707574732f4c65616b200b10011880f0e0deca33700012210a0f53756d702f44697374616e63655f6d200910021880f0e0deca33650000a03f1801",
		"Pumps/plc online=true; Pumps/plc Inputs/Leak=false; Pumps/plc Sump/Distance_m=1.25"},
	{dData, "08e8f7e0deca33120b100118e8f7e0deca3370011802", "Pumps/plc Inputs/Leak=true 1s"},
	{nDeath, "0880f0e0deca3312120a05626453657120081880f0e0deca335807", "Pumps online=false; Pumps/plc online=false"},
}

func TestAStoryInBytes(t *testing.T) {
	h := newHost(t)
	for _, c := range story {
		if got := h.must(c.topic, unhex(c.payload)); show(got) != c.want {
			t.Errorf("%s gives %s, want %s", c.topic, show(got), c.want)
		}
	}
	for i, b := range [][]byte{
		nbirth(ms, 0, 7),
		says(ms, 1, m("Inputs/Leak", 11).alias(1).at(ms).bool(false), m("Sump/Distance_m", 9).alias(2).at(ms).float(1.25)),
		says(ms+1000, 2, m("", 0).alias(1).at(ms+1000).bool(true)),
		ndeath(ms, 7),
	} {
		if hex.EncodeToString(b) != story[i].payload {
			t.Errorf("the writer of the tests says %x where the table has %s", b, story[i].payload)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range malformed {
		f.Add(uint8(0), c.payload)
	}
	for _, c := range values {
		f.Add(uint8(0), nbirth(ms, 0, 1, c.metric))
	}
	for i, c := range story {
		f.Add(uint8(i), unhex(c.payload))
	}
	topics := []string{nBirth, nData, nDeath, dBirth, dData, dDeath, state}
	f.Fuzz(func(t *testing.T, which uint8, payload []byte) {
		h := newHost(t)
		h.must(nBirth, nbirth(ms, 0, 1, m("x", 5).alias(1).int(1)))
		h.must(dBirth, says(ms, 1, m("x", 5).alias(2).int(1)))
		samples, err := h.hear(topics[int(which)%len(topics)], payload)
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		samples = append(samples, h.wait(10*time.Minute)...)
		if len(samples) > 2010 || len(h.out) > 12 {
			t.Fatalf("%d samples, %d publications", len(samples), len(h.out))
		}
		for _, s := range samples {
			if s.Address != node && s.Address != plc || s.Signal == "" || !utf8.ValidString(s.Signal) || s.At.IsZero() || s.Value.Kind() == plantroom.NoValue {
				t.Fatalf("%+v", s)
			}
			if v := s.Value.Num(); math.IsNaN(v) || math.IsInf(v, 0) || len(s.Value.Str()) > 128 {
				t.Fatalf("%+v", s)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	h := newHost(b)
	h.must(nBirth, nbirth(ms, 0, 7))
	h.must(dBirth, says(ms, 1, m("Inputs/Leak", 11).alias(1).bool(false), m("Level", 9).alias(2).float(1)))
	seq := 2
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.hear(dData, says(ms, seq%256, m("", 0).alias(1).bool(true), m("", 0).alias(2).float(2))); err != nil {
			b.Fatal(err)
		}
		seq++
	}
}
