package modbus_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/modbus"
)

// answer makes an answer of the right length out of bytes, which are repeated.
func answer(r *modbus.Request, raw []byte) modbus.Answer {
	if len(raw) == 0 {
		raw = []byte{0}
	}
	at := func(i int) byte { return raw[i%len(raw)] }
	var a modbus.Answer
	for i := range int(r.Count) {
		if r.Table.Bits() {
			a.Bits = append(a.Bits, at(i)&1 != 0)
		} else {
			a.Words = append(a.Words, binary.BigEndian.Uint16([]byte{at(2 * i), at(2*i + 1)}))
		}
	}
	return a
}

// sane wants what any reading has to be.
func sane(t *testing.T, r *modbus.Request, samples []plantroom.Sample) {
	t.Helper()
	if len(samples) > len(r.Points) {
		t.Errorf("%d samples of %d points", len(samples), len(r.Points))
	}
	for _, s := range samples {
		if s.Address != "dev" || s.At != now || s.Signal == "" || s.Value.Kind() == plantroom.NoValue ||
			math.IsNaN(s.Value.Num()) || math.IsInf(s.Value.Num(), 0) || len(s.Value.Str()) > 64 {
			t.Errorf("sample %+v", s)
		}
	}
}

// FuzzDecode reads whatever a device may answer with the shipped maps.
func FuzzDecode(f *testing.F) {
	var maps []*modbus.Map
	for _, name := range modbus.Names() {
		m, err := modbus.ByName(name)
		if err != nil {
			f.Fatal(err)
		}
		maps = append(maps, m)
	}
	f.Add([]byte{0, 1, 0xff, 0x80, 0, 0}, uint16(4))
	f.Add([]byte{0x7f, 0xc0}, uint16(0))
	f.Fuzz(func(t *testing.T, raw []byte, count uint16) {
		for _, m := range maps {
			for _, r := range m.Requests(all) {
				samples, _ := r.Decode(answer(&r, raw), "dev", now) // the error is for people
				sane(t, &r, samples)
				wrong := r
				wrong.Count = count % 300
				if samples, err := r.Decode(answer(&wrong, raw), "dev", now); wrong.Count != r.Count && (err == nil || len(samples) > 0) {
					t.Errorf("an answer of %d for %s is taken", wrong.Count, &r)
				}
			}
		}
	})
}

// FuzzMap reads whatever may stand in a map, and then whatever a device of
// that kind may answer.
func FuzzMap(f *testing.F) {
	for _, name := range modbus.Names() {
		src, err := os.ReadFile("maps/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src, []byte{1, 2, 3})
	}
	f.Add([]byte(`{"max_registers":1,"blocks":[{"table":"input","address":65535,"count":1,"points":[{"signal":"a","address":65535,"type":"uint32","mask":4294967295}]}]}`), []byte{})
	f.Fuzz(func(t *testing.T, src, raw []byte) {
		var m modbus.Map
		if json.Unmarshal(src, &m) != nil || len(m.Problems()) > 0 {
			return
		}
		points := 0
		for _, r := range m.Requests(all) {
			points += len(r.Points)
			limit := uint16(modbus.MaxRegisters)
			if r.Table.Bits() {
				limit = modbus.MaxBits
			}
			if r.Count == 0 || r.Count > limit || int(r.Address)+int(r.Count) > 1<<16 || r.Period <= 0 {
				t.Errorf("a request for %s, %d of them", &r, r.Count)
			}
			samples, _ := r.Decode(answer(&r, raw), "dev", now) // the error is for people
			sane(t, &r, samples)
		}
		want := 0
		for _, b := range m.Blocks {
			want += len(b.Points)
		}
		if points != want {
			t.Errorf("%d points are read of %d", points, want)
		}
	})
}
