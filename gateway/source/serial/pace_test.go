package serial_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"plantroom/gateway/source/serial"
)

// loose is a port of an adapter with a loose contact: it opens, and is gone.
type loose struct{}

func (loose) Read([]byte) (int, error)    { return 0, errors.New("input/output error") }
func (loose) Write(b []byte) (int, error) { return len(b), nil }
func (loose) Close() error                { return nil }

func TestALineThatOpensAndIsGoneAgainIsTriedLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		s := serial.New(serial.Options{Port: "/dev/ttyUSB0", Open: func(string, int) (serial.Port, error) { opened++; return loose{}, nil }})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		s.Run(ctx)
		if opened < 60 || opened > 300 { // a pause of half a minute, on average
			t.Errorf("opened %d times in an hour", opened)
		}
	})
}
