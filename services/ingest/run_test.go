package ingest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/ingest"
)

// running is a rig whose Ingest runs, in a bubble of virtual time.
type running struct {
	*rig
	in   chan ingest.Delivery
	mu   sync.Mutex // guards acks and last
	acks []string
	last map[plantroom.GatewayID]wire.Ack
	stop context.CancelFunc
	done chan error

	ahead atomic.Int64 // how far the clock shows what is still to come
}

// bubble's clock starts at 2000-01-01; readings are believed from 2020 on.
const bubbleOffset = 27 * 365 * 24 * time.Hour

// run starts Run and hands it over. All acknowledgements are kept.
func run(t *testing.T, body func(*running), change ...func(*ingest.Options)) {
	synctest.Test(t, func(t *testing.T) {
		r := &running{in: make(chan ingest.Delivery), last: map[plantroom.GatewayID]wire.Ack{}, done: make(chan error, 1)}
		r.rig = newRig(t, append(change, func(o *ingest.Options) {
			o.Now = func() plantroom.Instant {
				return plantroom.At(time.Now().Add(bubbleOffset + time.Duration(r.ahead.Load())))
			}
		})...)
		r.begin()
		body(r)
		r.end()
	})
}

func (r *running) begin() {
	ctx, stop := context.WithCancel(r.t.Context())
	r.stop = stop
	go func() {
		r.done <- r.rig.in.Run(ctx, r.in, func(gw plantroom.GatewayID, a wire.Ack) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.acks = append(r.acks, ackText(gw, a))
			r.last[gw] = a
		})
	}()
}

func (r *running) end() {
	r.t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		r.t.Errorf("Run ended with %v", err)
	}
}

// pause lets time pass, and what then happens happen.
func pause(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// recent is a reading that the bubble's clock believes.
func recent(device plantroom.DeviceID, n int) plantroom.Reading {
	rd := fill(device, n)
	rd.At = plantroom.At(time.Date(2026, 1, 1, 0, 0, 0, n, time.UTC))
	return rd
}

// send delivers readings first…last of gw-b1.
func (r *running) send(first, last int) {
	r.t.Helper()
	var rs []plantroom.Reading
	for n := first; n <= last; n++ {
		rs = append(rs, recent("bin-1", n))
	}
	r.in <- up(r.t, "gw-b1", wire.Batch{Epoch: 7, Base: 1, First: uint64(first), Records: encodeReadings(r.t, rs...)})
}

func (r *running) wantLast(seen, stored uint64, rewind bool) {
	r.t.Helper()
	r.wantLastOf("gw-b1", wire.Ack{Epoch: 7, Seen: seen, Stored: stored, Rewind: rewind})
}

func (r *running) wantLastOf(gw plantroom.GatewayID, want wire.Ack) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last[gw] != want {
		r.t.Errorf("%s: acknowledged %+v, want %+v (all: %q)", gw, r.last[gw], want, r.acks)
	}
}

// said reports whether an acknowledgement was given.
func (r *running) said(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.acks, text)
}

// database takes the time-series database away, or brings it back with nil.
func (r *running) database(err error) {
	r.writer.mu.Lock()
	defer r.writer.mu.Unlock()
	r.writer.down = err
}

// disk makes the store fail, or heals it with nil.
func (r *running) disk(err error) {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.store.fail = func() error { return err }
}

// detectors makes the judging of gw-b1 fail, or heals it with nil.
func (r *running) detectors(err error) {
	r.core.mu.Lock()
	defer r.core.mu.Unlock()
	r.core.fail = func(gw plantroom.GatewayID) error {
		if gw == "gw-b1" {
			return err
		}
		return nil
	}
}

func TestRunJudgesAtOnceAndStoresAfterALinger(t *testing.T) {
	run(t, func(r *running) {
		pause(time.Second)
		r.send(1, 3)
		synctest.Wait()
		r.wantLast(3, 0, false)
		pause(250 * time.Millisecond)
		r.wantLast(3, 3, false)
	})
}

func TestRunWaitsForNothingThatAClockHasShownWhichIsSetBack(t *testing.T) {
	for _, failing := range []bool{false, true} {
		run(t, func(r *running) {
			pause(time.Second)
			r.ahead.Store(int64(8 * 24 * time.Hour))
			if failing {
				r.database(errDown)
			}
			pause(time.Second) // a tick
			r.send(1, 3)
			pause(300 * time.Millisecond) // a write
			r.send(4, 4)
			synctest.Wait()
			r.ahead.Store(0)
			r.database(nil)
			r.send(5, 5)
			pause(time.Second)
			r.wantLast(5, 5, false)
			r.core.mu.Lock()
			defer r.core.mu.Unlock()
			if now := plantroom.At(time.Now().Add(bubbleOffset)); r.core.ticked > now || r.core.ticked < now.Add(-2*time.Second) {
				t.Errorf("at %s the detectors know the time as %s", now, r.core.ticked)
			}
		})
	}
}

func TestRunWritesAFullLoadWithoutWaiting(t *testing.T) {
	run(t, func(r *running) {
		pause(time.Second)
		r.send(1, 1000)
		synctest.Wait()
		r.wantLast(1000, 0, false)
		if !slices.Equal(r.writer.sizes, []int{1000}) {
			t.Errorf("writes of %v points", r.writer.sizes)
		}
		pause(50 * time.Millisecond) // that it is stored is committed in company
		r.wantLast(1000, 1000, false)
	})
}

func TestRunSharesATransactionAmongWhatComesCloselyTogether(t *testing.T) {
	run(t, func(r *running) {
		pause(time.Second)
		r.send(1, 1) // after a pause: at once
		synctest.Wait()
		r.wantLast(1, 0, false)
		for n := 2; n <= 9; n++ { // while there is always more: together
			pause(time.Millisecond)
			r.send(n, n)
		}
		synctest.Wait()
		r.wantLast(1, 0, false)
		pause(40 * time.Millisecond)
		r.wantLast(9, 0, false)
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.acks) != 2 {
			t.Errorf("acknowledged %q, want two transactions", r.acks)
		}
	})
}

func TestRunGoesOnWithoutTheDatabaseAndCatchesUp(t *testing.T) {
	run(t, func(r *running) {
		r.database(errDown)
		r.send(1, 1000)
		r.send(1001, 3000)
		pause(time.Hour)
		r.wantLast(3000, 0, false)
		if c := r.rig.in.Snapshot(); c.WriterDownSince.IsZero() || c.WriteErrors > 600 {
			t.Errorf("down since %s after %d tries in an hour", c.WriterDownSince, c.WriteErrors)
		}
		r.database(nil)
		pause(16 * time.Second)
		r.wantLast(3000, 3000, false)
	})
}

func TestRunAsksForWhatWasDroppedOnceTheDatabaseIsBack(t *testing.T) {
	run(t, func(r *running) {
		r.database(errDown)
		r.send(1, 1000)
		r.send(1001, 2000)
		r.send(2001, 3000)
		pause(time.Minute)
		r.wantLast(3000, 0, false)
		r.database(nil)
		pause(20 * time.Second)
		if !r.said("gw-b1 e7 seen 3000 stored 1000 rewind") {
			t.Fatal("the gateway was not asked")
		}
		r.send(1001, 3000)
		pause(time.Second)
		r.wantLast(3000, 3000, false)
	}, func(o *ingest.Options) { o.MaxQueue = 900 })
}

func TestRunHeedsRetryAfterAndALockedDoor(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		tries int64 // in ten minutes
	}{
		{"retry after", &plantroom.SendError{Err: errDown, After: time.Minute}, 11},
		{"a person has to act", &plantroom.SendError{Err: errDown, Permanent: true}, 42},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			run(t, func(r *running) {
				r.database(tt.err)
				r.send(1, 1000)
				pause(10 * time.Minute)
				if c := r.rig.in.Snapshot(); c.WriteErrors < 8 || c.WriteErrors > tt.tries {
					t.Errorf("%d tries in ten minutes, want at most %d", c.WriteErrors, tt.tries)
				}
			})
		})
	}
}

func TestRunResumesSoonAfterTheStoreTakesWritesAgain(t *testing.T) {
	run(t, func(r *running) {
		r.disk(errors.New("disk full"))
		r.send(1, 3)
		pause(20 * time.Second)
		r.wantLastOf("gw-b1", wire.Ack{}) // nothing is stored
		r.disk(nil)
		pause(5 * time.Second) // G10
		r.wantLast(3, 3, false)
		r.core.mu.Lock()
		defer r.core.mu.Unlock()
		if n := len(r.core.shown["bin-1"]); n != 3 {
			t.Errorf("the detectors hold %d readings, want 3", n)
		}
	})
}

func TestRunLetsGoOfADeliveryThatNeverWorksAndServesTheOthers(t *testing.T) {
	run(t, func(r *running) {
		r.detectors(errors.New("a detector has a fault"))
		r.send(1, 3)
		synctest.Wait()
		sent := make(chan struct{})
		go func() {
			r.in <- up(t, "gw-b2", wire.Batch{Epoch: 7, Base: 1, First: 1, Records: encodeReadings(t, recent("bin-2", 1))})
			close(sent)
		}()
		pause(5 * time.Second)
		<-sent
		r.wantLastOf("gw-b2", wire.Ack{Epoch: 7, Seen: 1, Stored: 1}) // it is not held up
		pause(time.Minute)
		if c := r.rig.in.Snapshot(); c.Abandoned != 1 || c.Queued != 0 {
			t.Errorf("counters %+v", c)
		}
		r.detectors(nil)
		pause(time.Minute)
		if !r.said("gw-b1 e7 seen 0 stored 0 rewind") {
			t.Error("the gateway was not asked again")
		}
	})
}

func TestRunEndsWhenItsInputDoesAndLeavesNothingBehind(t *testing.T) {
	run(t, func(r *running) {
		r.send(1, 10)
		close(r.in)
		if err := <-r.done; err != nil {
			t.Error(err)
		}
		r.wantLast(10, 10, false)
		r.done <- nil // for end
	})
}

func TestRunEndsWithTheDatabaseAway(t *testing.T) {
	run(t, func(r *running) {
		r.database(errDown)
		r.send(1, 2000)
		pause(time.Minute)
	})
}
