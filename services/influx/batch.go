package influx

import (
	"sync"

	"plantroom"
)

// batch is a rendered request.
type batch struct {
	text    []byte
	lines   []line
	refused []plantroom.Refused
}

// line is the points first to first+count-1, and where their text ends.
type line struct{ end, first, count int }

func (b *batch) render(points []plantroom.Point, cache *seriesCache) {
	b.text, b.lines, b.refused = b.text[:0], b.lines[:0], nil
	for i := 0; i < len(points); {
		n, err := b.line(points[i:], cache)
		if err != nil {
			b.refused = append(b.refused, plantroom.Refused{Index: i, Reason: plantroom.MessageOf(err)})
			i++
			continue
		}
		b.lines = append(b.lines, line{len(b.text), i, n})
		i += n
	}
}

// line renders the first point, and those behind it that can share its line,
// and says how many they are. InfluxDB does most of its work per line, not per
// field.
func (b *batch) line(points []plantroom.Point, cache *seriesCache) (int, error) {
	p := &points[0]
	key, err := cache.render(p.Series)
	if err != nil {
		return 0, err
	}
	start := len(b.text)
	text, err := appendField(append(append(b.text, key...), ' '), p)
	if err != nil {
		b.text = b.text[:start]
		return 0, err
	}
	n := 1
	for n < len(points) && shares(points[:n], &points[n]) {
		longer, err := appendField(append(text, ','), &points[n])
		if err != nil {
			break // its own line will say so
		}
		text = longer
		n++
	}
	b.text = appendEnd(text, p)
	return n, nil
}

// shares reports whether a point can stand in the line of others: with two
// values of one field, InfluxDB would keep either.
func shares(points []plantroom.Point, p *plantroom.Point) bool {
	if first := &points[0]; p.Series != first.Series || p.At != first.At || p.Quality != first.Quality {
		return false
	}
	for i := range points {
		if points[i].Signal == p.Signal {
			return false
		}
	}
	return true
}

// seriesCache keeps what series render to, by pointer.
type seriesCache struct {
	mu    sync.RWMutex
	known map[*plantroom.Series]string
}

// maxSeries bounds the cache; a full one is dropped and built anew.
const maxSeries = 1 << 18

func (c *seriesCache) render(s *plantroom.Series) (string, error) {
	c.mu.RLock()
	key, ok := c.known[s]
	c.mu.RUnlock()
	if ok {
		return key, nil
	}
	b, err := appendSeries(nil, s)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxSeries {
		c.known = make(map[*plantroom.Series]string)
	}
	c.known[s] = string(b)
	return string(b), nil
}
