package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/services/ingest"
)

// notebook keeps what is logged.
type notebook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notebook) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notebook) lines(with string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for line := range strings.Lines(n.text.String()) {
		if strings.Contains(line, with) {
			count++
		}
	}
	return count
}

func (n *notebook) logger() *slog.Logger { return slog.New(slog.NewTextHandler(n, nil)) }

// moodyStore takes transactions, or not.
type moodyStore struct {
	plantroom.Store
	down  atomic.Bool
	asked atomic.Int64
}

func (s *moodyStore) Update(context.Context, func(plantroom.Tx) error) error {
	s.asked.Add(1)
	if s.down.Load() {
		return errors.New("disk full")
	}
	return nil
}

// View finds nothing due.
func (s *moodyStore) View(context.Context, func(plantroom.Tx) error) error { return nil }

func TestOrdersAreLookedAfterFourTimesASecondAndAFailureIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book notebook
		st := &moodyStore{}
		s := &Server{log: book.logger(), now: func() plantroom.Instant { return plantroom.At(time.Now()) }}
		ctx, cancel := context.WithCancel(t.Context())
		running := &runningSpine{Spine: &Spine{Store: st, steps: func() uint64 { return 0 }}}
		running.clock.Looked(s.now(), 0) // what the estate's file has left alone was looked after
		go s.tickOrders(ctx, running)
		for _, down := range []bool{false, true, false, true} {
			st.down.Store(down)
			time.Sleep(10 * time.Second) // virtual
			synctest.Wait()
		}
		if n := st.asked.Load(); n != 160 {
			t.Errorf("%d looks in 40 s, want 160", n)
		}
		if bad, good := book.lines("not possible"), book.lines("it works again"); bad != 2 || good != 1 {
			t.Errorf("%d lines tell of the failure and %d of the cure, want 2 and 1", bad, good)
		}
		if book.lines("next=") != 2 {
			t.Error("the failure does not say what to do")
		}
		cancel()
	})
}

func TestWhatWaitsBehindTheLastDeliveryIsForTheNextSpine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{in: make(chan ingest.Delivery, 8)}
		for _, topic := range []string{"a", "b", "c"} {
			s.in <- ingest.Delivery{Topic: topic}
		}
		last, feed := make(chan struct{}), make(chan ingest.Delivery)
		go s.feed(t.Context(), last, feed)
		if d := <-feed; d.Topic != "a" {
			t.Errorf("%s comes first", d.Topic)
		}
		synctest.Wait() // b is in its hands
		close(last)
		if d := <-feed; d.Topic != "b" {
			t.Errorf("%s comes second", d.Topic)
		}
		// The last one may be given to the old spine or kept for the new one,
		// but not be lost.
		got := 0
		for range feed {
			got++
		}
		if got+len(s.in) != 1 {
			t.Errorf("%d came after the end and %d wait, want one in all", got, len(s.in))
		}
	})
}

func TestAFeedThatNobodyTakesFromEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{in: make(chan ingest.Delivery, 1)}
		s.in <- ingest.Delivery{}
		ctx, cancel := context.WithCancel(t.Context())
		feed := make(chan ingest.Delivery)
		go s.feed(ctx, nil, feed)
		synctest.Wait()
		cancel()
		synctest.Wait()
		if _, more := <-feed; more {
			t.Error("it has not ended")
		}
	})
}

func TestABrokerThatWaitsForASilentClientDoesNotHoldTheStopUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book notebook
		s := &Server{log: book.logger(), uplinks: &remote{}}
		forever, begun := make(chan struct{}), time.Now()
		s.stopBroker(func() { <-forever })
		if took := time.Since(begun); took != brokerTime || book.lines("level=WARN") != 1 {
			t.Errorf("it took %s, and %d warnings", took, book.lines("level=WARN"))
		}
		close(forever)
		s.stopBroker(func() {})
		if book.lines("level=WARN") != 1 {
			t.Error("a broker that stops is warned of")
		}
	})
}

func TestTheFirstFailureIsReportedAndNoFurtherOneWaits(t *testing.T) {
	s := &Server{failed: make(chan error, 1)}
	first := errors.New("first")
	s.fail(first)
	s.fail(errors.New("second"))
	if err := <-s.Failed(); err != first {
		t.Errorf("reported %v", err)
	}
}
