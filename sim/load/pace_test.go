package load

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPaceHoldsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var sent []time.Duration
		flushed := 0
		err := Pace(t.Context(), 1000, 501, func(i int) error {
			if i != len(sent) {
				t.Fatalf("call %d is for %d", len(sent), i)
			}
			sent = append(sent, time.Since(begin))
			return nil
		}, func() error { flushed = len(sent); return nil })
		if err != nil || len(sent) != 501 || flushed != 501 {
			t.Fatalf("%d sent, %d flushed, %v", len(sent), flushed, err)
		}
		for i, at := range sent {
			want := time.Duration(i) * time.Millisecond
			if at < want || at > want+beat {
				t.Fatalf("call %d came after %s, want %s to %s", i, at, want, want+beat)
			}
		}
	})
}

func TestAPaceCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := Pace(t.Context(), 1000, 1000, func(i int) error {
			if i == 100 {
				time.Sleep(300 * time.Millisecond)
			}
			return nil
		}, func() error { return nil })
		if took := time.Since(begin); err != nil || took > 1000*time.Millisecond {
			t.Errorf("took %s, %v", took, err)
		}
	})
}

func TestAPaceEndsEarly(t *testing.T) {
	stop := errors.New("enough")
	n := 0
	fail := func(i int) error {
		n++
		return stop
	}
	if err := Pace(t.Context(), 1, 10, fail, func() error { return nil }); err != stop || n != 1 {
		t.Errorf("%v after %d calls", err, n)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		n := 0
		err := Pace(ctx, 1, 100, func(int) error { n++; return nil }, func() error { return nil })
		if err != context.DeadlineExceeded || n < 5 || n > 6 {
			t.Errorf("%v after %d calls", err, n)
		}
	})
}
