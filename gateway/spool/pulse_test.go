package spool_test

import (
	"testing"
	"testing/synctest"

	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

func TestADiskThatHangsIsToldFromACommitterThatDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		s, _ := mustOpen(t, spool.Options{Dir: dir, FS: fs, Linger: -1})
		if p := s.Pulse(); p.Waiting || p.Writing {
			t.Errorf("in rest: %+v", p)
		}
		submit := func(done func()) {
			if err := s.Submit([]byte("x"), func(uint64, error) { done() }); err != nil {
				t.Error(err)
			}
		}
		disk := make(chan struct{})
		fs.Fail(func(op faultfs.Op) error {
			if op.Kind == faultfs.OpSync {
				<-disk
			}
			return nil
		})
		submit(func() {})
		synctest.Wait()
		submit(func() {})
		if p := s.Pulse(); !p.Writing || !p.Waiting || p.Groups != 0 {
			t.Errorf("while the disk hangs: %+v", p)
		}
		close(disk)
		synctest.Wait()
		if p := s.Pulse(); p.Writing || p.Waiting || p.Groups != 2 {
			t.Errorf("after it has answered: %+v", p)
		}
		caller := make(chan struct{})
		submit(func() { <-caller })
		synctest.Wait()
		submit(func() {})
		if p := s.Pulse(); p.Writing || !p.Waiting || p.Groups != 3 {
			t.Errorf("while the committer is held up by a caller: %+v", p)
		}
		close(caller)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
