package sensor

import (
	"context"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

// machine is a /sys whose files change, and hang, to order. It has what is put
// into it, and nothing else.
type machine struct {
	mu    sync.Mutex
	files fstest.MapFS
	hangs string // a file whose opening waits for hang
	hang  chan struct{}
}

func newMachine() *machine { return &machine{files: fstest.MapFS{}} }

func (m *machine) Open(name string) (fs.File, error) {
	m.mu.Lock()
	hangs := m.hangs == name
	m.mu.Unlock()
	if hangs {
		<-m.hang
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files.Open(name)
}

func (m *machine) put(name, text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := fstest.MapFS{} // who has opened a file goes on reading the old one
	for k, v := range m.files {
		files[k] = v
	}
	files[name] = &fstest.MapFile{Data: []byte(text)}
	if text == "-" {
		delete(files, name)
	}
	m.files = files
}

const (
	w1Master = "bus/w1/devices/w1_bus_master1/"
	pumpFile = w1Master + "28-00000a1b2c3d/w1_slave"
	roofFile = w1Master + "28-00000a1b2c3e/w1_slave"
)

var (
	warm = w1File("YES", sealed(0x50, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10)...) // 21 °C
	hot  = w1File("YES", sealed(0x08, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x08, 0x10)...) // 80.5 °C
	at85 = w1File("YES", sealed(0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x10, 0x10)...)
	fell = w1File("YES", sealed(0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10)...) // lost its power
	torn = w1File("NO", sealed(0x50, 0x01, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10)...)
)

// measured runs something that polls in virtual time.
func measured(t *testing.T, build func(sink Sink) interface{ Run(context.Context) }, script func(h *heard)) {
	t.Helper()
	h := &heard{begun: time.Now()}
	b := build(h.sink)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Run(ctx)
	}()
	script(h)
	cancel()
	<-ended
}

func pumps(m *machine) func(Sink) interface{ Run(context.Context) } {
	return func(sink Sink) interface{ Run(context.Context) } {
		return NewOneWire(OneWireOptions{Name: "w1_bus_master1", Sys: m, Sink: sink, Probes: []ProbeOptions{
			{Device: "pump", Serial: "28-00000a1b2c3d", OffsetC: -0.5}, {Device: "roof", Serial: "28-00000a1b2c3e"},
		}})
	}
}

func TestThermometersAreReadAtEachHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(pumpFile, warm)
		m.put(roofFile, hot)
		measured(t, pumps(m), func(h *heard) {
			time.Sleep(90 * time.Second)
			synctest.Wait()
			if got, want := h.only("temperature_c"), []string{"temperature_c=20.5", "temperature_c=80.5", "temperature_c=20.5", "temperature_c=80.5"}; !slices.Equal(got, want) {
				t.Errorf("heard %q, want %q", got, want)
			}
			if got, want := h.only("bus_stuck"), []string{"bus_stuck=false", "bus_stuck=false"}; !slices.Equal(got, want) {
				t.Errorf("heard %q, want %q", got, want)
			}
		})
	})
}

func TestOneThermometerThatIsAwayDoesNotSilenceTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(roofFile, warm)
		measured(t, pumps(m), func(h *heard) {
			time.Sleep(9*time.Minute + 30*time.Second)
			synctest.Wait()
			if got := h.only("bus_stuck"); len(got) < 3 || got[0] != "bus_stuck=false" || got[1] != "bus_stuck=true" {
				t.Errorf("heard %q, want the one that is there, and then again and again the one that is not", got)
			}
			if got := h.only("temperature_c"); len(got) != 10 {
				t.Errorf("heard %q, want ten readings of the other", got)
			}
			m.put(pumpFile, warm)
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if got := h.only("bus_stuck"); got[len(got)-1] != "bus_stuck=false" {
				t.Errorf("heard %q, want it back", got)
			}
		})
	})
}

func TestABadChecksumAndALostPowerAreNoReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(pumpFile, torn)
		m.put(roofFile, fell)
		measured(t, pumps(m), func(h *heard) {
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if got := h.only("temperature_c"); len(got) != 0 {
				t.Errorf("heard %q, want nothing", got)
			}
			if got := h.only("bus_stuck"); len(got) < 4 || slices.Contains(got, "bus_stuck=false") {
				t.Errorf("heard %q, want both reported again and again", got)
			}
		})
	})
}

func TestEightyFiveDegreesOutOfTheBlueAreSuspect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(pumpFile, at85)
		m.put(roofFile, hot)
		measured(t, pumps(m), func(h *heard) {
			time.Sleep(30 * time.Second)
			m.put(roofFile, at85)
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			want := []string{"temperature_c=84.5 suspect", "temperature_c=80.5",
				"temperature_c=84.5 suspect", "temperature_c=85", "temperature_c=84.5 suspect", "temperature_c=85"}
			if got := h.only("temperature_c"); !slices.Equal(got, want) {
				t.Errorf("heard %q, want %q", got, want)
			}
		})
	})
}

func TestAOneWireBusThatHangsIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.put(pumpFile, warm)
		m.put(roofFile, warm)
		m.hangs, m.hang = pumpFile, make(chan struct{})
		measured(t, pumps(m), func(h *heard) {
			time.Sleep(30 * time.Second)
			synctest.Wait()
			if got, want := h.only("bus_stuck"), []string{"bus_stuck=true", "bus_stuck=true"}; !slices.Equal(got, want) {
				t.Errorf("heard %q, want both, once", got)
			}
			close(m.hang)
			time.Sleep(30 * time.Second)
			synctest.Wait()
			if got := h.only("temperature_c"); len(got) < 2 {
				t.Errorf("heard %q, want both to go on", got)
			}
		})
	})
}

func TestABusWithoutItsKernelModuleIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		measured(t, pumps(m), func(h *heard) {
			time.Sleep(40 * time.Second)
			m.put(pumpFile, warm)
			m.put(roofFile, warm)
			time.Sleep(40 * time.Second)
			synctest.Wait()
			if got := h.only("bus_stuck"); !slices.Equal(got, []string{"bus_stuck=true", "bus_stuck=true", "bus_stuck=true", "bus_stuck=true", "bus_stuck=false", "bus_stuck=false"}) {
				t.Errorf("heard %q", got)
			}
		})
	})
}
