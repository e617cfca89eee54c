package modbus

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"plantroom"
)

func TestAHostThatDoesNotAnswerForLongIsTriedLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		l := New(Options{Name: "supply", Sink: func(plantroom.Message, []plantroom.Sample, error) {}, dial: func(ctx context.Context, _ Options) (conn, error) {
			tries++
			select {
			case <-time.After(15 * time.Second):
			case <-ctx.Done():
			}
			return nil, plantroom.Errorf(plantroom.CodeUnavailable, "no route to host")
		}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		l.Run(ctx)
		if tries < 40 || tries > 120 { // fifteen seconds and a pause of half a minute, on average; without pauses 240
			t.Errorf("tried %d times in an hour", tries)
		}
	})
}
