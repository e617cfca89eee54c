package history

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"plantroom"
)

const day = 24 * time.Hour

// BenchmarkHeld says what a million orders and incidents take.
func BenchmarkHeld(b *testing.B) {
	var before, after runtime.MemStats
	m := newMade(b, 1000)
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		t := m.year(b, 1_000_000)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/order+incident")
		runtime.KeepAlive(t)
	}
}

func BenchmarkOrderPage(b *testing.B) {
	m, t := million()
	for b.Loop() {
		if items, more := t.OrderPage(m.book, &OrderQuery{From: m.now.Add(-30 * day), To: m.now, Limit: 100}, m.now); len(items) != 100 || !more {
			b.Fatal(len(items))
		}
	}
}

// BenchmarkOrderPageOfAnAsset looks for what is rare.
func BenchmarkOrderPageOfAnAsset(b *testing.B) {
	m, t := million()
	q := &OrderQuery{Filter: Filter{Assets: []plantroom.AssetID{"a7"}}, From: start, To: m.now, Limit: 1000}
	for b.Loop() {
		if items, _ := t.OrderPage(m.book, q, m.now); len(items) < 900 {
			b.Fatal(len(items))
		}
	}
}

func BenchmarkOpenOrders(b *testing.B) {
	m, t := million()
	for b.Loop() {
		if items, _ := t.OrderPage(m.book, &OrderQuery{Open: true, Limit: 1000}, m.now); len(items) != 1000 {
			b.Fatal(len(items))
		}
	}
}

func BenchmarkIncidentPage(b *testing.B) {
	m, t := million()
	for b.Loop() {
		if items, more := t.IncidentPage(m.book, &Filter{}, m.now.Add(-90*day), m.now, 100); len(items) != 100 || !more {
			b.Fatal(len(items))
		}
	}
}

func BenchmarkCompliance90Days(b *testing.B) {
	m, t := million()
	for b.Loop() {
		items, err := t.Compliance(m.book, &ComplianceQuery{By: []Key{ByContractor, ByClock, ByDay}, From: m.now.Add(-90 * day), To: m.now})
		if err != nil || len(items) < 900 {
			b.Fatal(len(items), err)
		}
	}
}

func BenchmarkCompliance90DaysByAsset(b *testing.B) {
	m, t := million()
	for b.Loop() {
		items, err := t.Compliance(m.book, &ComplianceQuery{By: []Key{ByAsset, ByClock}, From: m.now.Add(-90 * day), To: m.now})
		if err != nil || len(items) != 3000 {
			b.Fatal(len(items), err)
		}
	}
}

func BenchmarkLeague90Days(b *testing.B) {
	m, t := million()
	for b.Loop() {
		if items := t.League(m.book, &Filter{}, m.now.Add(-90*day), m.now); len(items) != 4 {
			b.Fatal(len(items))
		}
	}
}

func BenchmarkStatesOf50AssetsOverAWeek(b *testing.B) {
	m, t := million()
	for b.Loop() {
		items, err := t.States(m.book, m.estate.Assets[:50], m.now.Add(-7*day), m.now, m.now)
		if err != nil || len(items) != 50 || len(items[0].Segments) < 10 {
			b.Fatal(len(items), err)
		}
	}
}

func BenchmarkNowOf1000Assets(b *testing.B) {
	m, t := million()
	for b.Loop() {
		if items := t.Now(m.book, m.estate.Assets, m.now); len(items) != 1000 {
			b.Fatal(len(items))
		}
	}
}

func BenchmarkKPIOf50AssetsOverAYear(b *testing.B) {
	m, t := million()
	for b.Loop() {
		if items, err := t.KPI(m.book, m.estate.Assets[:50], start, m.now, m.now); err != nil || len(items) != 50 {
			b.Fatal(len(items), err)
		}
	}
}

func BenchmarkWriteFile(b *testing.B) {
	_, t := million()
	var out bytes.Buffer
	for b.Loop() {
		out.Reset()
		if err := Write(&out, t, Position{}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}

func BenchmarkReadFile(b *testing.B) {
	_, t := million()
	var out bytes.Buffer
	if err := Write(&out, t, Position{}); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(out.Len()))
	for b.Loop() {
		if _, _, err := read(bytes.NewReader(out.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
