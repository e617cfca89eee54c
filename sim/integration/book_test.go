package integration

import (
	"context"
	"fmt"
	"sync"

	"plantroom"
	"plantroom/firmware-bridge/devices"
	"plantroom/sim/estates"
	"plantroom/sim/stack"
	"plantroom/sim/world"
)

// series is one signal of one device.
type series struct {
	device plantroom.DeviceID
	signal string
}

// content is readings by series and time.
type content map[series]map[plantroom.Instant]plantroom.Value

func (c content) put(s series, at plantroom.Instant, v plantroom.Value) {
	if c[s] == nil {
		c[s] = map[plantroom.Instant]plantroom.Value{}
	}
	c[s][at] = v
}

// nudge is how far a gateway may move a reading that shares its instant with
// another of its series.
const nudge = 8

func (c content) has(s series, at plantroom.Instant, v plantroom.Value) bool {
	for n := range plantroom.Instant(nudge) {
		if c[s][at+n] == v {
			return true
		}
	}
	return false
}

// book is what has been published: every reading, by what it is and when.
type book struct {
	decoders []plantroom.Decoder
	devices  map[string]plantroom.DeviceID // by the address that they send with

	mu      sync.Mutex
	entered []entry // in the order in which they were published
	sent    content // without what has been forgotten
}

// entry is the place of a reading.
type entry struct {
	series
	at plantroom.Instant
}

func newBook(e plantroom.Estate) *book {
	b := &book{devices: map[string]plantroom.DeviceID{}, sent: content{}}
	for _, f := range devices.Families() {
		b.decoders = append(b.decoders, f.New(devices.Options{Models: estates.Models()}))
	}
	for _, d := range e.Devices {
		b.devices[string(d.ID)], b.devices[world.EUI(d.ID)] = d.ID, d.ID
	}
	return b
}

// asStored is a value as InfluxDB keeps it: true is 1, and false 0.
func asStored(v plantroom.Value) plantroom.Value {
	if v.Kind() == plantroom.BoolKind {
		return plantroom.Float(v.Num())
	}
	return v
}

// enter notes the readings of a message that a broker has taken.
func (b *book) enter(topic string, payload []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, d := range b.decoders {
		samples, err := d.Decode(plantroom.Message{Topic: topic, Payload: payload})
		if err != nil {
			return err
		}
		for _, s := range samples {
			device, known := b.devices[s.Address]
			if !known || s.At.IsZero() {
				return fmt.Errorf("%s of %s at %s: a reading needs a known device and a time of its own", s.Signal, s.Address, s.At)
			}
			e := entry{series{device, s.Signal}, s.At}
			for e.at < s.At+nudge && b.sent[e.series][e.at] != (plantroom.Value{}) {
				e.at++
			}
			b.sent.put(e.series, e.at, asStored(s.Value))
			b.entered = append(b.entered, e)
		}
	}
	return nil
}

// count is how many readings have been published.
func (b *book) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.entered)
}

// missing lists what is not in have of the first n readings that were
// published.
func (b *book) missing(n int, have content) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.entered[:n] {
		if v, kept := b.sent[e.series][e.at]; kept && !have.has(e.series, e.at, v) {
			out = append(out, fmt.Sprintf("%s %s = %s at %s", e.device, e.signal, v, e.at))
		}
	}
	return out
}

// doubt forgets what is not in have of all that was published after the first
// mark readings, and returns how much that is: nobody can say whether a gateway
// has heard it. What was published before stays in the book.
func (b *book) doubt(mark int, have content) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, e := range b.entered[mark:] {
		if v, kept := b.sent[e.series][e.at]; kept && !have.has(e.series, e.at, v) {
			delete(b.sent[e.series], e.at)
			n++
		}
	}
	return n
}

// stored reads all that InfluxDB holds.
func stored(ctx context.Context, s *stack.Stack) (content, error) {
	db, err := s.InfluxDB()
	if err != nil {
		return nil, err
	}
	out := content{}
	for _, measurement := range []string{"lift", "leak", "bin", "bay", "device"} {
		all, err := db.Query(ctx, fmt.Sprintf(`SELECT * FROM %q GROUP BY "device"`, measurement))
		if err != nil {
			return nil, err
		}
		for _, x := range all {
			for _, row := range x.Rows {
				if err := out.row(plantroom.DeviceID(x.Tags["device"]), x.Columns, row); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// row takes a row of InfluxDB's answer. Tags stand among the fields; no
// reading has their names.
func (c content) row(device plantroom.DeviceID, columns []string, row []any) error {
	at, ok := row[0].(plantroom.Instant)
	if !ok {
		return fmt.Errorf("InfluxDB answers with columns %v: the first is not the time", columns)
	}
	for i, signal := range columns {
		switch v := row[i].(type) {
		case float64:
			c.put(series{device, signal}, at, plantroom.Float(v))
		case string:
			c.put(series{device, signal}, at, plantroom.String(v))
		}
	}
	return nil
}
