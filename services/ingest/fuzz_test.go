package ingest_test

import (
	"testing"

	"plantroom"
	"plantroom/firmware-bridge/wire"
	"plantroom/services/ingest"
)

// FuzzJudge: whatever arrives on a gateway's topics, the next honest batch is
// judged and stored, and no acknowledgement says more than was sent.
func FuzzJudge(f *testing.F) {
	good := encode(f, wire.Batch{Gateway: "gw-b1", Epoch: 7, Base: 1, First: 1, Records: fills(f, "bin-1", 1, 3)})
	f.Add("plantroom/1/story/gw-b1/up", good)
	f.Add("plantroom/1/story/gw-b1/up", encode(f, wire.Batch{Gateway: "gw-b1", Epoch: 7, Base: 1 << 62, First: 1 << 62, Records: fills(f, "bin-1", 1, 1)}))
	f.Add("plantroom/1/story/gw-b1/up", encode(f, wire.Batch{Gateway: "gw-b1", Epoch: 1<<64 - 1, Base: 0, First: 1, Records: [][]byte{{0xff}, nil}}))
	f.Add("plantroom/1/story/gw-b1/up", encode(f, wire.Batch{Gateway: "gw-b1", Epoch: 7, Base: 0, First: 5}))
	f.Add("plantroom/1/story/gw-b1/state", []byte{0x80})
	f.Add("plantroom/1//gw-b1/up", []byte(nil))
	f.Fuzz(func(t *testing.T, topic string, payload []byte) {
		r := newRig(t)
		for _, a := range r.judge(ingest.Delivery{Topic: topic, Payload: payload}) {
			b, err := wire.DecodeBatch(payload)
			if err != nil || a.Gateway != b.Gateway || a.Ack.Epoch != b.Epoch || a.Ack.Stored != 0 || a.Ack.Seen >= max(b.First+uint64(len(b.Records)), 1) {
				t.Errorf("acknowledged %+v for %+v, %v", a, b, err)
			}
		}
		r.flush()
		honest := wire.Batch{Gateway: "gw-b2", Epoch: 3, Base: 1, First: 1, Records: fills(t, "bin-2", 1, 3)}
		if acks := r.judge(up(t, "gw-b2", honest)); len(acks) != 1 || acks[0].Ack.Seen < 3 && topic != "plantroom/1/story/gw-b2/up" {
			t.Errorf("the honest batch: %+v", acks)
		}
		r.flush()
		for _, p := range r.store.committed.progress {
			if p.Stored != p.Seen && p.Gateway != plantroom.GatewayID("gw-b2") {
				t.Errorf("progress %+v: nothing is missing, yet it is not stored", p)
			}
		}
	})
}
