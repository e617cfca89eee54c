package load

import (
	"testing"

	"plantroom/firmware-bridge/wire"
)

// plan is what a sender does in answer to an acknowledgement: the last records
// of the batches that it sends.
type plan struct {
	ack  wire.Ack
	want []uint64
	done bool
}

func TestASenderKeepsToItsWindow(t *testing.T) {
	for _, c := range []struct {
		name string
		play []plan
	}{
		{"in order", []plan{
			{want: []uint64{10, 20}},
			{ack: wire.Ack{Epoch: 7, Seen: 10}, want: []uint64{30}},
			{ack: wire.Ack{Epoch: 7, Seen: 15}},
			{ack: wire.Ack{Epoch: 7, Seen: 30}, want: []uint64{40, 45}},
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 44}},
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 45}, done: true},
		}},
		{"another spool's acknowledgement means nothing", []plan{
			{want: []uint64{10, 20}},
			{ack: wire.Ack{Epoch: 6, Seen: 45, Stored: 45}},
		}},
		{"what was not stored is sent again, in the same window", []plan{
			{want: []uint64{10, 20}},
			{ack: wire.Ack{Epoch: 7, Seen: 20}, want: []uint64{30, 40}},
			{ack: wire.Ack{Epoch: 7, Seen: 40, Stored: 10}, want: []uint64{45}},
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 10, Rewind: true}, want: []uint64{20, 30}},
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 10, Rewind: true}}, // the wish repeated: it is under way
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 20}, want: []uint64{40}},
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 40}, want: []uint64{45}},
			{ack: wire.Ack{Epoch: 7, Seen: 45, Stored: 45}, done: true},
		}},
		{"it may have to go back more than once", []plan{
			{want: []uint64{10, 20}},
			{ack: wire.Ack{Epoch: 7, Seen: 20, Rewind: true}, want: []uint64{10, 20}},
			{ack: wire.Ack{Epoch: 7, Seen: 20, Stored: 20}, want: []uint64{30, 40}},
			{ack: wire.Ack{Epoch: 7, Seen: 40, Stored: 30, Rewind: true}, want: []uint64{40, 45}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Sender{Epoch: 7, Window: 2}
			for _, last := range []uint64{10, 20, 30, 40, 45} {
				s.Batches = append(s.Batches, Batch{Last: last})
			}
			for i, p := range c.play {
				if i > 0 {
					s.Take(p.ack)
				}
				var got []uint64
				for {
					b, ok := s.Next()
					if !ok {
						break
					}
					got = append(got, b.Last)
				}
				if len(got) != len(p.want) || s.Done() != p.done {
					t.Fatalf("step %d: sends %v, done %t; want %v, %t", i, got, s.Done(), p.want, p.done)
				}
				for j := range got {
					if got[j] != p.want[j] {
						t.Fatalf("step %d: sends %v, want %v", i, got, p.want)
					}
				}
			}
		})
	}
}

func TestNothingToSendIsDone(t *testing.T) {
	if s := (&Sender{Window: 1}); !s.Done() {
		t.Error("there is nothing, and it is not done")
	}
}
