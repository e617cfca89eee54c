package intake

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"plantroom"
	"plantroom/gateway/binding"
)

// stuckSpool is a spool whose disk hangs.
type stuckSpool struct{ free chan struct{} }

func (s stuckSpool) Submit(_ []byte, done func(uint64, error)) error {
	<-s.free
	done(1, nil)
	return nil
}

func TestAReadingIsHeardAlthoughTheDiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := binding.New([]binding.Rule{{Match: "b1-*", Map: map[string]binding.Signal{"s0": {To: "state"}, "s1": {Drop: true}}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		spool := stuckSpool{make(chan struct{})}
		var heard []plantroom.Reading
		tap := NewTap(New(spool, b), func(_ plantroom.Message, r plantroom.Reading) { heard = append(heard, r) })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); tap.Run(ctx) }()
		stored, failed := 0, 0
		done := func(err error) {
			if err != nil {
				failed++
				return
			}
			stored++
		}
		tap.Take(message("z/b1-a", "{}", noon), samples("b1-a", 2), nil, done)
		synctest.Wait() // the first one is before the disk
		for range maxTaken + 5 {
			tap.Take(message("z/b1-a", "{}", noon), samples("b1-a", 2), nil, done)
		}
		tap.Take(message("z/x", "{}", noon), samples("stranger", 1), errors.New("odd"), nil)
		if len(heard) != maxTaken+6 || heard[0].Device != "b1-a" || heard[0].Signal != "state" || heard[0].At != noon {
			t.Errorf("%d readings were heard, the first is %+v", len(heard), heard[0])
		}
		if failed != 5 {
			t.Errorf("%d messages failed, want those beyond %d", failed, maxTaken)
		}
		close(spool.free)
		synctest.Wait()
		if stored != maxTaken+1 {
			t.Errorf("%d were stored when the disk was back", stored)
		}
		cancel()
		<-ended
	})
}

func TestATapEndsAlthoughTheDiskHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := binding.New([]binding.Rule{{Match: "*"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		spool := stuckSpool{make(chan struct{})}
		tap := NewTap(New(spool, b), func(plantroom.Message, plantroom.Reading) {})
		ctx, cancel := context.WithCancel(t.Context())
		tap.Take(message("z/b1-a", "{}", noon), samples("b1-a", 1), nil, nil)
		cancel()
		tap.Run(ctx) // returns
		close(spool.free)
	})
}

func TestWhatWaitsForTheDiskIsTakenInBeforeTheEnd(t *testing.T) {
	in, p := fresh(t)
	tap := NewTap(in, func(plantroom.Message, plantroom.Reading) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		tap.Take(message("z/b1-a", "{}", noon), samples("b1-a", 1), nil, nil)
	}
	tap.Run(ctx)
	if len(p.records) != 100 {
		t.Errorf("%d of 100 readings were taken in", len(p.records))
	}
}
