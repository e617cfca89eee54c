package lorawan

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"plantroom"
)

const start = plantroom.Instant(1772409600_000000000) // 2026-03-02T00:00:00Z

func TestTheAccountIsBounded(t *testing.T) {
	f := NewFrames()
	payload := []byte(strings.Repeat("x", 48<<10))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 3 * maxDevices {
		fr := Frame{Kind: "up", ID: strings.Repeat("i", 1000), Session: strings.Repeat("s", 1000), Counter: uint32(i), Port: 1, At: start}
		if i%1000 == 0 { // a long payload is kept no longer than a short one
			fr.Payload = payload
		}
		address := "stranger-" + strconv.Itoa(i)
		if f.Repeated(address, &fr) || f.Lost(address, &fr) != 0 {
			t.Fatalf("the first frame of %s is taken for another", address)
		}
		if len(f.devices) > maxDevices {
			t.Fatalf("%d accounts, at most %d", len(f.devices), maxDevices)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 12<<20 {
		t.Errorf("strangers take %d bytes for good", grown)
	}
	runtime.KeepAlive(f)
}

func TestOnlyTheLastFramesOfADeviceAreRemembered(t *testing.T) {
	f := NewFrames()
	frame := func(counter int) *Frame {
		return &Frame{Kind: "up", Session: "s", Counter: uint32(counter), Port: 1, Payload: []byte{1}, At: start.Add(time.Duration(counter) * time.Second)}
	}
	for counter := range 9 {
		if f.Repeated("d", frame(counter)) {
			t.Fatalf("frame %d is taken for another", counter)
		}
	}
	for counter, want := range map[int]bool{8: true, 7: true, 1: true} {
		if got := f.Repeated("d", frame(counter)); got != want {
			t.Errorf("frame %d repeats: %v, want %v", counter, got, want)
		}
	}
	if f.Repeated("d", frame(0)) {
		t.Error("the ninth frame back is still remembered")
	}
}

func TestAJoinHasTheIDOfItsFrame(t *testing.T) {
	f := NewFrames()
	for _, kind := range []string{"join", "up", "status"} {
		if f.Repeated("d", &Frame{Kind: kind, ID: "one", At: start}) {
			t.Errorf("%s is taken for an event of another kind", kind)
		}
		if !f.Repeated("d", &Frame{Kind: kind, ID: "one", At: start.Add(time.Hour)}) {
			t.Errorf("%s counts twice", kind)
		}
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"24E124535B316056": "24e124535b316056", "24e124535b316056": "24e124535b316056",
		"": "", "24E124535B31605": "", "24E124535B3160566": "", "24E124535B31605G": "", "24E1 4535B316056": "",
	} {
		if got, ok := EUI(text); ok != (want != "") || ok && got != want {
			t.Errorf("%q is %q, %v", text, got, ok)
		}
	}
}

func FuzzObject(f *testing.F) {
	for _, s := range []string{`{"state":"wet","distance_m":0.8,"occupied":true}`, `{"state":null}`, `{"battery_pct":1e999}`, `[1]`, `{"occupied_s":-1,"contact":"on"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := readObject(raw)
		if err != nil && plantroom.CodeOf(err) != plantroom.CodeInvalid {
			t.Fatal(err)
		}
		if len(got) > len(generic) {
			t.Fatalf("%d samples", len(got))
		}
		for _, s := range got {
			if err := signalOf(t, s.Signal).Check(s.Value); err != nil {
				t.Fatal(err)
			}
		}
	})
}
