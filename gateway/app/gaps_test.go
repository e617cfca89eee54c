package app

import (
	"log/slog"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool"
	"plantroom/gateway/spool/faultfs"
)

func TestADiskWithoutSpaceDoesNotKeepTheGatewayFromStartingAndGapsAreDeclaredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := faultfs.New()
		s, _, err := spool.Open(spool.Options{Dir: "/spool", FS: fs, Linger: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		a := &App{log: slog.New(slog.DiscardHandler), spool: s}
		a.found.Gaps = []plantroom.Gap{{First: 3, Last: 5, Reason: "test", At: 1}, {First: 8, Last: 8, Reason: "test", At: 1}}
		fs.Fail(func(op faultfs.Op) error {
			if op.Kind == faultfs.OpWrite {
				return syscall.ENOSPC
			}
			return nil
		})
		stop := a.declareGaps()
		defer stop()
		if s.Next() != 1 {
			t.Fatalf("%d records were stored on a full disk", s.Next()-1)
		}
		time.Sleep(2 * declareAgain)
		fs.Fail(nil)
		time.Sleep(2 * declareAgain)
		synctest.Wait()
		_, records, err := s.Read(1, 10, 1<<20)
		if err != nil || len(records) != 2 {
			t.Fatalf("%d records, %v; want both gaps", len(records), err)
		}
		for i, b := range records {
			if r, err := wire.DecodeRecord(b); err != nil || r.Gap == nil || *r.Gap != a.found.Gaps[i] {
				t.Errorf("record %d is %+v, %v", i+1, r, err)
			}
		}
	})
}
