package remote_test

import (
	"testing"

	"plantroom/firmware-bridge/wire"
	"plantroom/gateway/spool/faultfs"
)

// Whatever comes on the topic, what is not signed changes nothing.
func FuzzOffer(f *testing.F) {
	f.Add(message(f, 6)[:40])
	whole := message(f, 7)
	whole[len(whole)/2] ^= 1
	f.Add(whole)
	f.Fuzz(func(t *testing.T, in []byte) {
		k, s := begun(t, newFS())
		k.Offer(s, in)
		a := answer(t, k)
		if c, err := wire.DecodeConfig(in); err == nil {
			if key, known := keys()[c.Key]; known && c.Verify(key) {
				return // somebody has found the key
			}
		}
		if s.running != 0 || a.Outcome != wire.Refused || a.Highest != 0 || a.Detail == "" {
			t.Errorf("%d runs, and the answer is %+v", s.running, a)
		}
	})
}

// Whatever is on the disk, the gateway starts.
func FuzzBook(f *testing.F) {
	f.Add([]byte(""), []byte(""))
	f.Add([]byte("0\n{}"), message(f, 6))
	f.Fuzz(func(t *testing.T, book, config []byte) {
		k, s := begun(t, faultfs.FromImage(map[string][]byte{"remote/book": book, "remote/config-6": config}))
		if s.running != 0 && s.running != 6 {
			t.Errorf("%d runs", s.running)
		}
		answer(t, k)
	})
}
